"""The only door to Delta: read at a pinned version, conform, stage, audit, publish."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Literal

from pyspark.sql import DataFrame

from insight.contract import NOTHING, audit, conform, refuse_other_number
from insight.errors import RunConflictError, StageOrderError
from insight.faults import ENGINE_ERRORS, explain
from insight.lease import Lease
from insight.local_frames import local_frame
from insight.logs import logger
from insight.notes import NotedFolder
from insight.spark import auditing
from insight.storage import PastCommit, newest_version, past_commits, path_of, qualified
from insight.table_reader import files_of, read_table
from insight.tables import TABLES, Table
from insight.tables.layout import laid_out
from insight.transaction import Transaction

log = logger(__name__)


@dataclass(frozen=True)
class Commit:
    """What one publication did."""

    table: str
    version: int
    rows: int
    content_hash: str


@dataclass
class Lake(NotedFolder):
    """The tables of one lake folder, as one run sees them.

    A stage reads every table at the version it had when the stage began. ``before_commit`` may
    refuse a publication whose rows are computed. A run that must be alone holds the ``lease``.
    """

    landing: str
    run_id: str
    run_date: date
    facts: Mapping[str, str] = field(default_factory=dict)
    pins: dict[str, int] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    before_commit: Callable[[], None] | None = None
    lease: Lease | None = None

    def begin_stage(self, tables: Iterable[Table] = ()) -> None:
        """Forget the pinned versions, and pin these tables at their newest.

        A table that is pinned only later is read as another run may have left it since.
        """
        self.pins.clear()
        self.commits.clear()
        for table in tables:
            self.version(table)

    def path(self, table: Table) -> str:
        return f"{self.root}/{table.name}"

    def __post_init__(self) -> None:
        # Delta takes only an absolute path for a table's name.
        self.root = qualified(self.spark, self.root)
        self.landing = qualified(self.spark, self.landing)

    @property
    def landing_path(self) -> str:
        """The landing folder's absolute path, without scheme."""
        return path_of(self.landing)

    def exists(self, table: Table) -> bool:
        return self._newest(table) >= 0

    def has_tables(self) -> bool:
        """Whether anything was ever written here."""
        return any(self.exists(table) for table in TABLES)

    def version(self, table: Table) -> int:
        """The version of the table that this stage sees; -1 where there is no table."""
        if table.name not in self.pins:
            self.pins[table.name] = self._newest(table)
        return self.pins[table.name]

    def read(self, table: Table) -> DataFrame:
        """The table's rows, conformed, at the version this stage sees.

        Raises:
            StageOrderError: The table was never written.
            TableContractError: Its columns are not those promised.
            TableDamagedError: Its log cannot be read.
        """
        version = self._written_version(table)
        try:
            frame = read_table(self.spark, self.path(table), version)
        except ENGINE_ERRORS as error:
            raise self._explained(error, f"table {table.name} version {version}") from error
        return conform(frame, table)

    def read_or_empty(self, table: Table) -> DataFrame:
        """As ``read``, but a table never written is empty."""
        if self.version(table) < 0:
            return local_frame(self.spark, [], table.schema)
        return self.read(table)

    def publish(
        self,
        frame: DataFrame,
        table: Table,
        *,
        where: str,
        files: int | None = None,
        rows: int | Literal["any", "some"] = "any",
    ) -> Commit:
        """Stage, audit, and replace exactly the rows that ``where`` names, in one commit.

        Args:
            frame: The new rows; exactly the table's columns.
            table: The table to write.
            where: A predicate over its partition columns. Rows outside it are refused.
            files: Number of equal files per partition, for tables read by rank.
            rows: How many there must be.

        Raises:
            TableContractError: Columns, nulls, keys or checks break the contract.
            EmptyInputError: There are no rows, and there must be.
            DataQualityError: There are not as many rows as there must be.
            RunConflictError: Another run published to the table meanwhile, or has the lake's lease.
        """
        subject = f"table {table.name} where {where}"
        began_at = self.version(table)
        watch = [time.monotonic()]
        try:
            self._create(table)
            transaction = Transaction(self.spark, self.path(table))
            staged = transaction.write(laid_out(conform(frame, table), table, files))
            watch.append(time.monotonic())
            try:
                written, content_hash = NOTHING
                if (size := transaction.size) != 0:
                    with auditing(self.spark):
                        audited = audit(staged, table, subject, where=where, size=size)
                    written, content_hash = audited
                refuse_other_number(written, rows, subject)
                watch.append(time.monotonic())
                if self.before_commit is not None:
                    self.before_commit()
                self._refuse_conflict(table, began_at, subject)
            except Exception:
                transaction.abandon()
                raise
            version = transaction.commit(where=where, metadata=self._metadata(content_hash, where))
            version = self._newest(table) if version is None else version
            commit = Commit(table.name, version, written, content_hash)
        except ENGINE_ERRORS as error:
            raise self._explained(error, subject) from error
        self._note(commit, where, [*watch, time.monotonic()])
        return commit

    def clear(self, table: Table, *, where: str) -> None:
        """As publishing no rows: the table is there, and no row is where. Mostly that is so."""
        if self.version(table) < 0:
            self._create(table)
            del self.pins[table.name]
        if not self.read(table).where(where).isEmpty():
            self.publish(local_frame(self.spark, [], table.schema), table, where=where)

    def append(self, frame: DataFrame, table: Table) -> None:
        """Add rows to a log table. Raise a RunConflictError if the lake's lease is lost."""
        self._create(table)
        self.refuse_lost_lease(f"table {table.name}")
        conform(frame, table).write.format("delta").mode("append").save(self.path(table))

    def refuse_lost_lease(self, subject: str) -> None:
        """Raise a RunConflictError if another run has taken the lease over."""
        if self.lease is not None:
            self.lease.refuse_lost(subject)

    def files(self, table: Table, partition: Mapping[str, str]) -> list[str]:
        """URLs of the data files of one partition at the version this stage sees."""
        return files_of(self.spark, self.path(table), self._written_version(table), partition)

    def past_commits(self, table: Table, *, limit: int) -> list[PastCommit]:
        """The last commits to a table, newest first, with what their runs said of them."""
        return past_commits(self.spark, self.path(table), limit=limit)

    def _written_version(self, table: Table) -> int:
        if (version := self.version(table)) >= 0:
            return version
        raise StageOrderError(
            f"table {table.name} in {self.root}",
            found="no such table",
            expected="a table written by an earlier stage",
            next_step="run jobs/nightly.py, or the stage that writes it, for this date first",
        )

    def _newest(self, table: Table) -> int:
        try:
            return newest_version(self.spark, self.path(table))
        except ENGINE_ERRORS as error:
            raise self._explained(error, f"table {table.name}") from error

    def _create(self, table: Table) -> None:
        if not self.exists(table):
            self.refuse_lost_lease(f"table {table.name}")
            self.spark.sql(table.ddl(self.path(table)))

    def _metadata(self, content_hash: str, where: str) -> str:
        metadata = {
            "run_id": self.run_id,
            "run_date": self.run_date.isoformat(),
            "content_hash": content_hash,
            "where": where,
            "inputs": {name: version for name, version in self.pins.items() if version >= 0},
            **self.facts,
        }
        return json.dumps(metadata)

    def _note(self, commit: Commit, where: str, watch: list[float]) -> None:
        self.commits.append(commit)
        self.pins[commit.table] = commit.version
        stage, audited, committed = (after - before for before, after in pairwise(watch))
        seconds = f"stage {stage:.1f}, audit {audited:.1f}, commit {committed:.1f}"
        facts = {"rows": commit.rows, "version": commit.version, "where": where[:200]}
        log.info(f"published {commit.table}", **facts, seconds=seconds)

    def _refuse_conflict(self, table: Table, began_at: int, subject: str) -> None:
        """Another run's rows must not be lost, whatever its date: dates share partitions."""
        self.refuse_lost_lease(subject)
        if (newest := self._newest(table)) == began_at:
            return
        for past in self.past_commits(table, limit=newest - began_at):
            if past.run_id not in (None, self.run_id):
                raise RunConflictError(
                    subject,
                    found=f"version {past.version} of {past.run_date} by run {past.run_id}",
                    expected=f"version {began_at}, the newest when this stage began",
                    next_step="let the other run end, then run this date again",
                )

    def _explained(self, error: Exception, subject: str) -> Exception:
        return explain(error, subject=subject, landing=self.landing) or error
