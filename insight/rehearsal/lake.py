"""A lake beside the real one: what is rehearsed is written here, everything else read there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from insight.delta import Lake
from insight.errors import StageOrderError
from insight.exclusive_files import exclusive_files
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

    def noted(self, name: str) -> str | None:
        return exclusive_files(self.spark, self.root.removesuffix(SUFFIX)).read(name)

    def note(self, name: str, text: str) -> bool:
        """Note nothing: a rehearsal leaves the real lake as it is."""
        return False

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
