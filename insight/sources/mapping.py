"""From a feed's files to canonical raw rows: typed, mapped, pseudonymous, nothing lost."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType, _parse_datatype_string

from insight.errors import SourceFormatError
from insight.privacy.pseudonyms import PseudonymKey, pseudonymised
from insight.sources.declaration import EVER, TARGETS, Feed
from insight.sources.inspection import FileFacts
from insight.tables import RAW_EVENTS, Table

_CORRUPT = "_corrupt_row"
_REDACTED = "<redacted>"


def read_rows(spark: SparkSession, feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
    """The files' rows as declared, a text form's values parsed to their types.

    Adds ``source_file`` and ``malformed``: JSON of the values that did not parse. A row with
    too few or too many fields keeps none of its values: they may stand in the wrong columns,
    a customer's id in the country's.
    """
    if feed.format == "parquet":
        rows = spark.read.schema(_typed(feed)).parquet(*(fact.file for fact in files))
        nothing = F.lit(None).cast("string").alias("malformed")
        return rows.select(*feed.columns, _source_file(), nothing)
    text = reduce(DataFrame.unionByName, _text_rows(spark, feed, files))
    whole = F.col(_CORRUPT).isNull()
    parsed = {name: F.expr(f"try_cast(`{name}` AS {kind})") for name, kind in feed.columns.items()}
    failed = [
        F.when(whole & F.col(name).isNotNull() & value.isNull(), _quotable(feed, name)).alias(name)
        for name, value in parsed.items()
    ]
    torn = F.when(~whole, F.lit("wrong number of fields")).alias("_row")
    malformed = F.to_json(F.struct(*failed, torn))
    return text.select(
        *(F.when(whole, value).alias(name) for name, value in parsed.items()),
        "source_file",
        F.when(malformed != "{}", malformed).alias("malformed"),
    )


def _text_rows(spark: SparkSession, feed: Feed, files: Sequence[FileFacts]) -> Iterator[DataFrame]:
    """Unparsed rows; CSV by each file's own header, since Spark goes by position alone."""
    columns_of = {fact.file: tuple(feed.columns) for fact in files}
    if feed.format == "csv":
        columns_of = {fact.file: tuple(fact.columns) for fact in files}
    for columns in sorted(set(columns_of.values())):
        paths = [file for file, its in columns_of.items() if its == columns]
        schema = ", ".join(f"`{name}` string" for name in (*columns, _CORRUPT))
        reader = spark.read.schema(schema).options(
            **{"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _CORRUPT, **feed.options}
        )
        rows = reader.csv(paths) if feed.format == "csv" else reader.json(paths)
        yield rows.select(*feed.columns, _CORRUPT, _source_file())


def per_column_malformed_share(rows: DataFrame, feed: Feed) -> DataFrame:
    """Share of rows per file and column that did not parse: ``source_file, column, share``."""
    parsed = F.from_json("malformed", "map<string, string>")
    counts = rows.groupBy("source_file").agg(
        F.count(F.lit(1)).alias("rows"),
        *(F.count_if(parsed[name].isNotNull()).alias(name) for name in [*feed.columns, "_row"]),
    )
    names = [*feed.columns, "_row"]
    pairs = ", ".join(f"'{name}', `{name}`" for name in names)
    stacked = counts.select("source_file", "rows", F.expr(f"stack({len(names)}, {pairs})"))
    return stacked.select(
        "source_file", F.col("col0").alias("column"), (F.col("col1") / F.col("rows")).alias("share")
    )


def refuse_retyped_columns(rows: DataFrame, feed: Feed, *, max_share: float) -> None:
    """Stop when a text column has plainly changed its type.

    Raises:
        SourceFormatError: More than ``max_share`` of a file's values in a column do not parse.
    """
    if feed.format == "parquet":
        return
    shares = per_column_malformed_share(rows, feed).where(F.col("share") > max_share)
    worst = shares.orderBy(F.desc("share"), "source_file", "column").first()
    if worst is not None:
        kind = feed.columns.get(worst["column"], "whole rows")
        raise SourceFormatError(
            f"landing file {worst['source_file']}, column {worst['column']}",
            found=f"{worst['share']:.0%} of its values are not {kind}",
            expected=f"at most {max_share:.0%} (setting ingest.max_malformed_share)",
            next_step="ask the shop what changed, then correct the declaration in conf/sources",
        )


def to_canonical(
    rows: DataFrame, feed: Feed, *, source: str, key: PseudonymKey, run_date: date
) -> DataFrame:
    """Rows of the feed's raw table, customers pseudonymous.

    Without a mapped ``event_id`` an event is named by the hash of its own content, so the same
    line delivered twice is one event.
    """
    table = TARGETS[feed.target]
    kept = rows.where(feed.where) if feed.where else rows
    mapped = kept.select(
        *(_mapped(feed, name).alias(name) for name in feed.mapping),
        "malformed",
        "source_file",
    )
    if "customer_id" in feed.mapping:
        mapped = mapped.withColumn("customer_id", pseudonymised(F.col("customer_id"), key))
    return _completed(
        mapped,
        table,
        feed,
        {
            "source": F.lit(source),
            "key_id": F.lit(key.key_id),
            "ingest_date": F.lit(run_date),
        },
    )


def _completed(
    mapped: DataFrame, table: Table, feed: Feed, constants: dict[str, Column]
) -> DataFrame:
    if table is RAW_EVENTS and "event_id" not in feed.mapping:
        mapped = mapped.withColumn("event_id", _content_hash(mapped.drop("source_file"), constants))
    by_name = constants | _file_dates(feed, constants["ingest_date"])
    columns = [
        by_name.get(
            column.name,
            F.col(column.name) if column.name in mapped.columns else F.lit(None),
        )
        .cast(column.type)
        .alias(column.name)
        for column in table.columns
    ]
    return mapped.select(*columns)


def _mapped(feed: Feed, name: str) -> Column:
    value = F.expr(feed.mapping[name])
    if name == "event_at" and feed.time_zone != "UTC":
        return F.to_utc_timestamp(value, feed.time_zone)
    return value


def _content_hash(mapped: DataFrame, constants: dict[str, Column]) -> Column:
    parts = [F.coalesce(F.col(name).cast("string"), F.lit("\u0000")) for name in mapped.columns]
    return F.md5(F.concat_ws("\u0001", constants["source"], *parts))


def _file_dates(feed: Feed, read_on: Column) -> dict[str, Column]:
    """The dates in a file's name, as the executors see it; the driver has checked the names."""
    if feed.date_is == "when_read":
        return {"file_date": read_on, "covers_from": F.lit(EVER)}
    text = F.regexp_extract("source_file", feed.date_from_name, 1)
    first = F.to_date(text, feed.date_format)
    last = first if feed.date_is == "day" else F.last_day(first)
    return {"file_date": last, "covers_from": first}


def _typed(feed: Feed) -> StructType:
    return StructType(
        [StructField(name, _parse_datatype_string(kind)) for name, kind in feed.columns.items()]
    )


def _quotable(feed: Feed, name: str) -> Column:
    """The text as found, unless it may hold a customer's id."""
    personal = name in feed.mapping.get("customer_id", "")
    return F.lit(_REDACTED) if personal else F.substring(F.col(name), 1, 200)


def _source_file() -> Column:
    # Spark gives a URL, in which a blank is %20 and a plus is itself.
    url = F.regexp_replace("_metadata.file_path", r"\+", "%2B")
    return F.url_decode(url).alias("source_file")
