"""When a row became known: the rule that training, evaluation and reruns share.

A row has three dates. It happens on its event date, a delivery brings it (``delivered_on``), and
a night reads it (``ingest_date``). docs/decisions/0012 explains the rule.
"""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.point_in_time import EVER

NEVER = date(9999, 12, 31)
"""Known date of a row that a run must not know at all."""


@dataclass(frozen=True)
class DeliveryTime:
    """Tells from which date each row of a lake counts as known.

    Args:
        first_night: The first night that read anything. What it read is history: no night
            before it could have read the rows when they were delivered.
        late_days: A file that a later night reads at most so many days after its date arrived
            late, and counts from that night. An older one supplies history.
    """

    first_night: date
    late_days: int

    def known_on(self, *, delivered: str = "delivered_on", filed: str = "file_date") -> Column:
        """The first date whose night knows a row.

        Args:
            delivered: Column with the date whose nightly delivery brings the row.
            filed: Column with the date of the row's file.
        """
        read_on = F.col("ingest_date")
        in_service = read_on > F.lit(self.first_night)
        came_late = read_on <= F.date_add(filed, self.late_days)
        whole_file = F.col(delivered) == F.col(filed)
        is_late = in_service & came_late & whole_file
        return F.when(is_late, F.greatest(read_on, F.col(delivered))).otherwise(F.col(delivered))

    def known_by(self, run_date: date, *, dated: str = "delivered_on") -> Column:
        """Whether a run of ``run_date`` knows a row: it had been read by then.

        A rehearsal of a date before the first night knows what had been delivered by then.

        Args:
            run_date: The date of the run.
            dated: Column with the date whose nightly delivery brings the row.
        """
        if run_date >= self.first_night:
            return F.col("ingest_date") <= F.lit(run_date)
        is_history = F.col("ingest_date") == F.lit(self.first_night)
        return is_history & (F.col(dated) <= F.lit(run_date))

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
        known = described.where(self.known_by(run_date, dated="known_from")).withColumn(
            "_known_on", self.known_on(delivered="known_from", filed="known_from")
        )
        order = F.struct("known_from", "ingest_date")
        # Of what is known on a date, the newest delivery counts, whichever arrived first.
        by_then = Window.partitionBy(key).orderBy("_known_on")
        newest = known.withColumn("_newest", F.max(order).over(by_then)).where(
            order == F.col("_newest")
        )
        first = F.min("_known_on").over(Window.partitionBy(key))
        is_first = (F.col("_known_on") == first) & (F.col("ingest_date") == F.lit(self.first_night))
        since = F.when(is_first, F.lit(EVER)).otherwise(F.col("_known_on"))
        return newest.withColumn("known_from", since).drop("_known_on", "_newest")


def first_dates_by_night(item_daily: DataFrame) -> dict[date, date]:
    """The earliest event date that each night read, by night."""
    rows = item_daily.groupBy("ingest_date").agg(F.min("event_date").alias("first")).collect()
    return {row["ingest_date"]: row["first"] for row in rows}
