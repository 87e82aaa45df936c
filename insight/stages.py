"""What a stage is, and how one is run: pinned reads, timed, logged, its rows counted."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession

from insight.delta import Lake
from insight.faults import explain, without_values
from insight.logs import logger
from insight.settings import Settings
from insight.spark import next_query, rows_read
from insight.tables import TABLES, Table

log = logger(__name__)


@dataclass(frozen=True)
class Run:
    """One submitted job: what it runs on, for which date, under which name."""

    spark: SparkSession
    settings: Settings
    lake: Lake
    run_date: date
    run_id: str
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Remark:
    """What a person should know of a stage that did its work."""

    text: str


@dataclass(frozen=True)
class Stage:
    """A step of the night.

    Args:
        name: As the job is called.
        reads: Tables behind it.
        writes: Tables ahead of it; no other stage writes them.
        work: Does it. Returns why there was nothing to do, a remark on what was done, or None.
        beside_others: Whether it may run while another run writes to the lake: it reads pinned
            versions, and no night reads or writes what it writes.
    """

    name: str
    reads: tuple[Table, ...]
    writes: tuple[Table, ...]
    work: Callable[[Run], str | Remark | None]
    beside_others: bool = False


@dataclass(frozen=True)
class StageRecord:
    """What a stage did: one entry per table touched, and one for the stage."""

    stage: str
    table_name: str
    rows_read: int
    rows_written: int
    version: int
    seconds: float
    outcome: str
    detail: str | None
    logged_at: datetime


@dataclass(frozen=True)
class _Ending:
    """How a stage ended."""

    outcome: str
    detail: str | None
    seconds: float


def run_stage(stage: Stage, run: Run, records: list[StageRecord]) -> None:
    """Run one stage and add what it did to ``records``, also when it fails.

    Raises:
        InsightError: The stage ended with a typed error.
    """
    first_query = next_query(run.spark)
    began = time.monotonic()
    outcome, detail = "failed", None
    try:
        run.lake.refuse_lost_lease(f"stage {stage.name} of {run.run_date}")
        run.lake.begin_stage((*stage.reads, *stage.writes))
        result = stage.work(run)
        outcome = "skipped" if isinstance(result, str) else "ok"
        detail = result.text if isinstance(result, Remark) else result
    except Exception as error:
        subject = f"stage {stage.name} of {run.run_date}"
        known = explain(error, subject=subject, landing=run.lake.landing)
        outcome = type(known or error).__name__
        # Our own errors hold no values of rows; the engine's may.
        detail = str(known) if known else without_values(str(error))
        if known is None or known is error:
            raise
        raise known from error
    finally:
        ending = _Ending(outcome, detail, time.monotonic() - began)
        records.extend(_records(stage, run, first_query, ending))
        log.info(
            stage.name,
            run_date=str(run.run_date),
            outcome=outcome,
            seconds=round(ending.seconds, 1),
        )


def _records(stage: Stage, run: Run, first_query: int, ending: _Ending) -> list[StageRecord]:
    roots = {run.lake.path(table): table.name for table in TABLES} | {run.lake.landing: "landing"}
    read = rows_read(run.spark, since=first_query, roots=roots)
    written = {commit.table: commit for commit in run.lake.commits}
    total = StageRecord(
        stage=stage.name,
        table_name="stage",
        rows_read=sum(read.values()),
        rows_written=sum(commit.rows for commit in written.values()),
        version=-1,
        seconds=ending.seconds,
        outcome=ending.outcome,
        detail=ending.detail,
        logged_at=datetime.now(UTC),
    )
    tables = [
        replace(
            total,
            table_name=name,
            rows_read=read.get(name, 0),
            rows_written=written[name].rows if name in written else 0,
            version=written[name].version if name in written else run.lake.pins.get(name, -1),
            seconds=0.0,
            detail=None,
        )
        for name in sorted(set(read) | set(written))
    ]
    return [*tables, total]
