"""A lake beside the real one: what is rehearsed is written here, everything else read there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.delta import Lake
from insight.errors import StageOrderError
from insight.tables import Table

SUFFIX = "_rehearsal"
"""Of the folder, after the real one's name."""


@dataclass
class RehearsalLake(Lake):
    """Reads the real lake's tables at the versions they had when the rehearsal began.

    Args:
        real: Folder and version of each table that is read there, by name; never written.
    """

    real: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def begin_stage(self, tables: Iterable[Table] = ()) -> None:
        """As for any lake, but the real tables' versions stay."""
        super().begin_stage()
        self.pins.update({name: version for name, (_, version) in self.real.items()})
        for table in tables:
            self.version(table)

    def path(self, table: Table) -> str:
        return self.real[table.name][0] if table.name in self.real else super().path(table)

    def read(self, table: Table) -> DataFrame:
        """A table's rows; descriptions as if every delivery had been read in its own night.

        A shop whose past came in one night would otherwise know nothing of its items before it.
        """
        rows = super().read(table)
        return self._as_delivered(rows, table) if "known_from" in table.column_names else rows

    def _as_delivered(self, rows: DataFrame, table: Table) -> DataFrame:
        known, tonight = F.col("known_from"), F.lit(self.run_date)
        # Of what was delivered by tonight and read by later nights alone, the first reading.
        of_delivery = Window.partitionBy(table.key[0], "known_from")
        is_first = F.col("ingest_date") == F.min("ingest_date").over(of_delivery)
        kept = rows.withColumn("_is_kept", is_first | (F.col("ingest_date") <= tonight))
        read_on = F.least("ingest_date", F.greatest(known, tonight))
        return kept.where("_is_kept").withColumn("ingest_date", read_on).drop("_is_kept")

    def _create(self, table: Table) -> None:
        if table.name in self.real:
            raise StageOrderError(
                f"table {table.name} in {self.path(table)}",
                found="a rehearsal that would write it",
                expected="a night, by its own stage",
                next_step="leave it out of what is rehearsed",
            )
        super()._create(table)


def lake_beside(lake: Lake, tables: Iterable[Table], *, run_date: date) -> RehearsalLake:
    """A lake for rehearsing one date.

    Args:
        lake: The real one, with the versions that its stage is pinned to.
        tables: What is read there.
        run_date: The date that is taken for tonight.
    """
    real = {table.name: (lake.path(table), lake.version(table)) for table in tables}
    return RehearsalLake(
        lake.spark,
        lake.root + SUFFIX,
        lake.landing,
        lake.run_id,
        run_date,
        lake.facts,
        real=real,
    )
