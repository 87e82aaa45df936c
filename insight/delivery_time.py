"""When a row became known: the rule that training, evaluation and reruns share.

A row has three dates. It happens on its event date, a delivery brings it (``delivered_on``), and
a night reads it (``ingest_date``). docs/decisions/0012 explains the rule.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.delta import Lake
from insight.errors import SettingsError
from insight.point_in_time import EVER

NEVER = date(9999, 12, 31)
"""Known date of a row that a run must not know at all."""

FIRST_NIGHT = "_first_night"
"""Name of the lake's note of the first night that read events."""


@dataclass(frozen=True)
class DeliveryTime:
    """Tells from which date each row of a lake counts as known.

    Args:
        first_night: The first night that read events, by order of the runs. What it and earlier
            dates read is history: no night could have read it when it was delivered.
        late_days: A file that a later night reads at most so many days after its date arrived
            late, and counts from that night. An older one supplies history.
    """

    first_night: date
    late_days: int

    def known_on(self) -> Column:
        """The first date whose night knows a row of ``events`` or ``exposures``.

        A file without a date is one delivery of the night that reads it, so its recent rows are
        late. A file of a month stands for a delivery on each of its dates.
        """
        is_one_delivery = F.col("delivered_on") == F.col("file_date")
        has_no_date = F.col("covers_from") == F.lit(EVER)
        return self._served_from("delivered_on", may_be_late=is_one_delivery | has_no_date)

    def known_by(self, run_date: date, *, dated: str = "delivered_on") -> Column:
        """Whether a run of ``run_date`` knows a row of events: it had been read by then.

        A rehearsal of a date before the first night knows what had been delivered by then.

        Args:
            run_date: The date of the run.
            dated: Column with the date whose nightly delivery brings the row.
        """
        if run_date >= self.first_night:
            return F.col("ingest_date") <= F.lit(run_date)
        return self._is_history() & (F.col(dated) <= F.lit(run_date))

    def descriptions(self, described: DataFrame, *, key: str, run_date: date) -> DataFrame:
        """Descriptions that a run knows; ``known_from`` becomes the date that served them first.

        An entity's first description holds for all time before it if the first night read it: a
        shop's first catalogue comes long after its items. Later entities are unknown until they
        are described, as they were when customers were scored.

        Args:
            described: Rows of a dimension table.
            key: Names the entity.
            run_date: The date of the run.
        """
        # A rehearsal of a date before the first night knows all history: its cut-offs take the
        # version that holds on them, and an entity's first version holds on all.
        read_by = max(run_date, self.first_night)
        known = described.where(F.col("ingest_date") <= F.lit(read_by)).withColumn(
            "_known_on", self._served_from("known_from")
        )
        order = F.struct("known_from", "ingest_date")
        # Of what is known on a date, the newest delivery counts, whichever arrived first.
        by_then = Window.partitionBy(key).orderBy("_known_on")
        newest = known.withColumn("_newest", F.max(order).over(by_then)).where(
            order == F.col("_newest")
        )
        first = F.min("_known_on").over(Window.partitionBy(key))
        is_first = (F.col("_known_on") == first) & self._is_history()
        since = F.when(is_first, F.lit(EVER)).otherwise(F.col("_known_on"))
        return newest.withColumn("known_from", since).drop("_known_on", "_newest")

    def _is_history(self) -> Column:
        return F.col("ingest_date") <= F.lit(self.first_night)

    def _served_from(self, delivered: str, *, may_be_late: Column | None = None) -> Column:
        read_on = F.col("ingest_date")
        is_late = ~self._is_history() & (read_on <= F.date_add(delivered, self.late_days))
        if may_be_late is not None:
            is_late = is_late & may_be_late
        return F.when(is_late, F.greatest(read_on, F.col(delivered))).otherwise(F.col(delivered))


def delivery_time_of(lake: Lake, nights: Collection[date], *, late_days: int) -> DeliveryTime:
    """The lake's delivery time; the first call with nights notes the first of them.

    A later run of an earlier date does not become the first night: what had been served stays
    as it was served.

    Args:
        lake: The lake.
        nights: Nights that read events about items.
        late_days: ``clean.late_days``.

    Raises:
        SettingsError: The note holds no date.
    """
    noted = _noted_night(lake)
    # A note of a night whose events are gone is of no use: the tables were built anew.
    if noted is not None and noted in nights:
        return DeliveryTime(noted, late_days)
    first = min(nights, default=NEVER)
    if nights and noted is None:
        lake.note(FIRST_NIGHT, f"{first}\n")
    return DeliveryTime(first, late_days)


def _noted_night(lake: Lake) -> date | None:
    text = lake.noted(FIRST_NIGHT)
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError as error:
        raise SettingsError(
            f"file {FIRST_NIGHT} of lake {lake.root}",
            found="no date",
            expected="the lake's first night, such as 2024-03-01",
            next_step="correct the file; without it the earliest night with events is taken",
        ) from error


def first_dates_by_night(item_daily: DataFrame) -> dict[date, date]:
    """The earliest event date that each night read, by night."""
    rows = item_daily.groupBy("ingest_date").agg(F.min("event_date").alias("first")).collect()
    return {row["ingest_date"]: row["first"] for row in rows}
