"""A lake without files: what stages see of the door to Delta, at a tenth of the time.

The door itself is tested in test_delta.py, and whole nights on real tables in faults and jobs.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession

from insight.contract import conform
from insight.delta import Commit
from insight.local_frames import local_frame
from insight.settings import load_settings
from insight.stages import Run
from insight.storage import PastCommit
from insight.tables import Table


@dataclass
class MemoryLake:
    """Rows and commits of each table, by name; runs of several dates share them."""

    spark: SparkSession
    run_date: date = date.min
    rows: dict[str, list[Row]] = field(default_factory=dict)
    history: dict[str, list[PastCommit]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def version(self, table: Table) -> int:
        return len(self.history.get(table.name, ())) - 1

    def read(self, table: Table) -> DataFrame:
        return local_frame(self.spark, self.rows[table.name], table.schema)

    def read_or_empty(self, table: Table) -> DataFrame:
        return local_frame(self.spark, self.rows.get(table.name, []), table.schema)

    def publish(
        self, frame: DataFrame, table: Table, *, where: str, rows: int | str = "any", **_: Any
    ) -> Commit:
        new = conform(frame, table).collect()
        assert rows == "any" or (bool(new) if rows == "some" else len(new) == rows)
        kept = self.read_or_empty(table).where(f"NOT ({where})").collect()
        self.rows[table.name] = kept + new
        inputs = {name: len(commits) - 1 for name, commits in self.history.items()}
        commits = self.history.setdefault(table.name, [])
        commits.append(PastCommit(len(commits), "run", self.run_date.isoformat(), inputs, where))
        return Commit(table.name, len(commits) - 1, len(new), "")

    def clear(self, table: Table, *, where: str) -> None:
        if self.read_or_empty(table).where(where).isEmpty():
            self.rows.setdefault(table.name, [])
        else:
            self.publish(local_frame(self.spark, [], table.schema), table, where=where)

    def noted(self, name: str) -> str | None:
        return self.notes.get(name)

    def note(self, name: str, text: str) -> bool:
        return self.notes.setdefault(name, text) is text

    def past_commits(self, table: Table, *, limit: int) -> list[PastCommit]:
        return self.history[table.name][::-1][:limit]

    def run_for(self, day: date, **overrides: Any) -> Run:
        """A run of one date on this lake; settings by dotted name."""
        self.run_date = day
        settings = load_settings("local", overrides=overrides)
        return Run(self.spark, settings, self, day, "run")  # type: ignore[arg-type]
