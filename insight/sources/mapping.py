"""From a feed's rows to canonical raw rows: mapped, pseudonymous, named by their content."""

import json
from datetime import date

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StringType, StructField, StructType

from insight.errors import SettingsError
from insight.point_in_time import EVER
from insight.privacy.free_text import CUSTOMER, ORDER, masked, without_name
from insight.privacy.pseudonyms import CUSTOMER_ID, PseudonymKey, pseudonymised
from insight.sources.attempts import Attempt, computed
from insight.sources.column_names import quoted
from insight.sources.columns import parsed_type
from insight.sources.declaration import ADDED, TARGETS, Feed
from insight.sources.parsing import trimmed, typed, without_null_texts
from insight.sources.wall_clock import refuse_wall_clock
from insight.tables import Table
from insight.tables.delivery import ABSENT_IS_REMOVED, ROW_IDS

_TIMES = ("event_at", "created_at", "exposed_at", "ends_at")

FAILED = "mapping."
"""Before a canonical column's name in ``malformed``: its expression could not be computed."""


def to_canonical(
    rows: DataFrame, feed: Feed, *, source: str, key: PseudonymKey, run_date: date
) -> DataFrame:
    """Rows of the feed's raw table, its sensitive columns protected as the contract says.

    Without a mapped id an event is named by the hash of its own content, so the same line
    delivered twice is one event. So is feedback, and an exposure. The hash is over protected
    values: it tells no more than the row it stands in.

    Raises:
        SettingsError: The mapping speaks of columns there are not, or is no Spark SQL.
    """
    table = TARGETS[feed.target]
    read_on = F.lit(run_date)
    constants = {"source": F.lit(source), "key_id": F.lit(key.key_id), "ingest_date": read_on}
    constants[ABSENT_IS_REMOVED.name] = F.lit(feed.absent == "removed")
    try:
        dated = rows.withColumns(_file_dates(feed, read_on))
        exploded = _exploded(dated, feed)
        given = _computed(exploded, feed, subject=f"source {source}, feed {feed.feed}")
        mapped = _mapped(_kept(exploded, feed), feed, table, given)
    except AnalysisException as error:
        raise SettingsError(
            f"source {source}, {feed.place_of('mapping')}",
            found=f"a mapping that is not understood: {str(error).splitlines()[0]}",
            expected=f"Spark SQL over {', '.join((*feed.columns, *ADDED))}",
            next_step="correct it in conf/sources; `make source-check` shows what it gives",
        ) from error
    protected = mapped.withColumns(_protected(feed, table, key))
    named = _named(protected, feed, source)
    return _completed(_with_currency(named, feed), table, constants)


def _exploded(rows: DataFrame, feed: Feed) -> DataFrame:
    """One row per element of the declared array; a row without one stays, for a search has none."""
    if feed.explode is None:
        return rows.withColumn("position", F.lit(None).cast("int"))
    kept = [quoted(name) for name in rows.columns if name != feed.explode]
    elements = F.posexplode_outer(quoted(feed.explode))
    return rows.select(*kept, elements.alias("position", feed.explode))


def _kept(rows: DataFrame, feed: Feed) -> DataFrame:
    """Rows that the feed takes, and those of which nobody can tell: nothing is lost unseen."""
    if feed.where is None:
        return rows
    condition = Attempt(rows.sparkSession, F.expr(feed.where), beside="source_file").column
    tried = rows.withColumn("_taken", condition)
    failed = F.col("_taken").isNull()
    # What did not parse is null, and so is then, mostly, a condition on it.
    unknown = computed("_taken").isNull() & F.col("malformed").isNotNull()
    taken = tried.where(failed | unknown | computed("_taken"))
    doubtful = F.when(failed, F.lit(_failure("where", feed.where)))
    marked = taken.withColumn("malformed", F.coalesce("malformed", doubtful))
    return marked.drop("_taken")


def _computed(rows: DataFrame, feed: Feed, *, subject: str) -> StructType:
    """The types of what the mapping computes, once it is sure to be the same on every night."""
    expressions = dict(feed.mapping) | ({"where": feed.where} if feed.where else {})
    computed = rows.select(*(F.expr(sql).alias(name) for name, sql in expressions.items()))
    refuse_wall_clock(computed, expressions, subject=subject)
    return StructType([field for field in computed.schema if field.name in feed.mapping])


def _mapped(rows: DataFrame, feed: Feed, table: Table, given: StructType) -> DataFrame:
    kinds = {column.name: parsed_type(column.type) for column in table.columns}
    attempts = [
        Attempt(
            rows.sparkSession, _value(feed, field, kinds[field.name]), beside="source_file"
        ).column.alias(field.name)
        for field in given
    ]
    # Under other names, should the mapping make a column of the same name.
    tried = rows.select(*attempts, F.struct(*ADDED).alias("_added"))
    failures = [
        F.when(F.col(name).isNull(), F.lit(_failure(name, sql)))
        for name, sql in feed.mapping.items()
    ]
    added = [F.col("_added")[name].alias(name) for name in ADDED if name != "malformed"]
    return tried.select(
        *(computed(name).alias(name) for name in feed.mapping),
        F.coalesce(F.col("_added")["malformed"], *failures).alias("malformed"),
        *added,
    )


def _value(feed: Feed, given: StructField, kind: DataType) -> Column:
    """What a mapping gives, in its table's type; a text is parsed as one in a file is."""
    value = F.expr(feed.mapping[given.name])
    is_placed = given.name in _TIMES and feed.time_zone != "UTC"
    if isinstance(given.dataType, StringType) and not isinstance(kind, StringType | ArrayType):
        text = without_null_texts(value, feed.nulls)
        value = typed(text, kind, is_placed=is_placed)
    if given.name == "currency":
        value = _code(value)
    placed = F.to_utc_timestamp(value, feed.time_zone) if is_placed else value
    return placed.cast(kind)


def _code(value: Column) -> Column:
    """A currency's code in upper case, null if blank."""
    code = F.upper(F.trim(value))
    return F.when(code != "", code)


def _failure(name: str, sql: str) -> str:
    return json.dumps({f"{FAILED}{name}": f"could not be computed as {sql}"[:200]})


def _protected(feed: Feed, table: Table, key: PseudonymKey) -> dict[str, Column]:
    """The feed's sensitive columns: ids as keyed pseudonyms, in one pass of Arrow; texts masked."""
    ids = [name for name in table.sensitive_names("pseudonym") if name in feed.mapping]
    texts = [name for name in table.sensitive_names("masked") if name in feed.mapping]
    named = {name: pseudonymised(_filled(name, feed), key, kind=name) for name in ids}
    return named | {name: masked(_without_own_names(name, ids)) for name in texts}


def _filled(name: str, feed: Feed) -> Column:
    """An id, null if it names nobody: as a name it would make one customer of all guests."""
    if name != CUSTOMER_ID:
        return without_null_texts(F.col(name), feed.nulls)
    return trimmed(without_null_texts(F.col(name), feed.null_ids))


def _without_own_names(text: str, ids: list[str]) -> Column:
    """A text without the customer and the order that its own row names."""
    value = F.col(text)
    for name, placeholder in ((CUSTOMER_ID, CUSTOMER), ("order_id", ORDER)):
        if name in ids:
            value = without_name(value, F.col(name), placeholder)
    return value


def _named(mapped: DataFrame, feed: Feed, source: str) -> DataFrame:
    """With the row's id: its own, where it brings one, else a hash; by position in an array."""
    name = ROW_IDS.get(feed.target)
    if name is None:
        return mapped
    content = [part for part in (*feed.mapping, "malformed") if part != name]
    content += ["position"] if feed.explode else []
    parts = [F.coalesce(F.col(part).cast("string"), F.lit("\u0000")) for part in content]
    named = F.md5(F.concat_ws("\u0001", F.lit(source), *parts))
    if name in feed.mapping and feed.row_ids != "none":
        # Two shops may both count from 1.
        own = F.concat_ws("-", F.lit(source), *_scope_of_ids(feed, source), name, "position")
        named = F.when(F.col(name).isNotNull(), own).otherwise(named)
    return mapped.withColumn(name, named)


def _scope_of_ids(feed: Feed, source: str) -> list[Column]:
    """What an id is part of, beside the source; a file goes by its path in the source's folder."""
    folder = "^.*/\\Q" + source + "\\E/"
    file = F.md5(F.regexp_replace("source_file", folder, ""))
    return {"source": [], "feed": [F.lit(feed.feed)], "file": [file]}[feed.row_ids]


def _with_currency(named: DataFrame, feed: Feed) -> DataFrame:
    """The declared currency where the mapping gives none. It tells no rows apart: no id has it."""
    if feed.currency is None:
        return named
    own = [F.col("currency")] if "currency" in feed.mapping else []
    return named.withColumn("currency", F.coalesce(*own, F.lit(feed.currency)))


def _completed(mapped: DataFrame, table: Table, constants: dict[str, Column]) -> DataFrame:
    there = {name: F.col(name) for name in mapped.columns} | constants
    return mapped.select(
        *(
            there.get(column.name, F.lit(None)).cast(column.type).alias(column.name)
            for column in table.columns
        )
    )


def _file_dates(feed: Feed, read_on: Column) -> dict[str, Column]:
    """The dates in a file's name, as the executors see it; the driver has checked the names.

    The first and the last moment follow the feed's zone: a file of New York's March 10 ends at
    05:00 UTC on March 11.
    """
    first, last = F.lit(EVER), read_on
    if feed.date_is != "when_read":
        # A part of a folder that Spark wrote has the date of the folder.
        names = (F.col("source_file"), F.regexp_replace("source_file", "/[^/]*$", ""))
        dates = (F.regexp_extract(name, feed.date_from_name, 1) for name in names)
        text = F.coalesce(*(F.when(date != "", date) for date in dates))
        first = F.to_date(text, feed.date_format)
        last = first if feed.date_is == "day" else F.last_day(first)
    return {
        "file_date": last,
        "covers_from": first,
        "covers_from_at": _midnight(first, feed.midnight_zone),
        "covers_until_at": _midnight(F.date_add(last, 1), feed.midnight_zone),
        "date_zone": F.lit(feed.midnight_zone),
    }


def _midnight(day: Column, zone: str) -> Column:
    """The moment at which a date begins in a zone."""
    moment = day.cast("timestamp")
    return moment if zone == "UTC" else F.to_utc_timestamp(moment, zone)
