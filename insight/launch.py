"""What every job does around its stages: arguments, settings, session, run log, exit code."""

import argparse
import hashlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import SparkSession

import insight
from insight.delta import Lake
from insight.errors import MAY_BE_RETRIED, InsightError, RunConflictError
from insight.faults import ENGINE_ERRORS, explain
from insight.lease import Lease, held_lease
from insight.local_frames import local_frame
from insight.logs import configure_logs, logger
from insight.registry.signing import refuse_missing_key
from insight.settings import Settings, date_given, load_settings, parsed_yaml
from insight.spark import build_session
from insight.stages import Run, Stage, StageRecord, run_stage
from insight.tables import RUN_LOG
from insight.training.backends import refuse_unknown_backend

log = logger(__name__)

STORAGE_ERRORS: tuple[type[Exception], ...] = (OSError, *ENGINE_ERRORS)
"""Errors of the file system that the lake lies on."""

Ending = Callable[[Run, Sequence[StageRecord]], None]


def launch(
    *stages: Stage, arguments: Sequence[str] | None = None, at_end: Ending | None = None
) -> int:
    """Run stages in order for one date, and log what each did.

    Args:
        stages: In the order of the night.
        arguments: Command line; the process's own by default.
        at_end: Told of a run that ended well.

    Returns:
        The exit code: 0 done; 2 do not retry; 1 may be retried.
    """
    began = time.monotonic()
    configure_logs()
    try:
        parsed = parse_arguments(arguments)
        settings = load_settings(parsed.profile, overrides=dict(parsed.set))
        run_date = date_given("--date", parsed.date)
        run = replace(open_run(build_session("insight"), settings, run_date), began=began)
        records = run_stages(stages, run)
        if at_end is not None:
            at_end(run, records)
    except InsightError as error:
        log.error(type(error).__name__, **_facts(error))
        return error.exit_code
    except Exception:
        log.exception("unexpected error: please report it; a retry may help")
        return MAY_BE_RETRIED
    return 0


def open_run(spark: SparkSession, settings: Settings, run_date: date) -> Run:
    """A run under a new name, on the lake that the settings name.

    Raises:
        SettingsError: Models must be signed, and there is no key; or training has no such backend.
    """
    refuse_unknown_backend(settings.training)
    if settings.signed_models:
        refuse_missing_key()
    began = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    run_id = f"{began}-{uuid.uuid4().hex[:8]}"
    facts = {"code_version": code_version(), "settings_hash": settings_hash(settings)}
    lake = Lake(spark, settings.lake, settings.landing, run_id, run_date, facts)
    return Run(spark, settings, lake, run_date, run_id)


def run_stages(stages: Sequence[Stage], run: Run) -> list[StageRecord]:
    """Run stages in order, alone on the lake; the run log is written also when one of them fails.

    A stage that reads the run log finds in it what the stages before it did.

    Raises:
        RunConflictError: Another run holds the lake's lease, and nothing was done; or it took the
            lease over, and this run dropped the run log rows that it had not written yet.
        InsightError: A stage ended with a typed error.
    """
    if run.lake.lease is not None or all(stage.beside_others for stage in stages):
        return _in_order(stages, run)
    with alone_on_lake(run, owner=f"run {run.run_id} of {run.run_date}") as lease:
        run.lake.lease = lease
        try:
            return _in_order(stages, run)
        finally:
            run.lake.lease = None


@contextmanager
def alone_on_lake(run: Run, *, owner: str) -> Iterator[Lease]:
    """Hold the lease of a run's lake.

    Args:
        run: Its lake and settings are used.
        owner: The purpose of the lease, shown to runs that it keeps out.

    Raises:
        RunConflictError: Another run holds it.
        StorageRefusedError: The lake's folder cannot be written to.
    """
    lake, seconds = run.lake, run.settings.lake_lease_seconds
    try:
        with held_lease(run.spark, lake.root, owner=owner, seconds=seconds) as lease:
            yield lease
    except STORAGE_ERRORS as error:
        known = explain(error, subject=f"lake {lake.root}", landing=lake.landing)
        if known is None:
            raise
        raise known from error


def _in_order(stages: Sequence[Stage], run: Run) -> list[StageRecord]:
    records: list[StageRecord] = []
    logged = 0
    try:
        for stage in stages:
            if RUN_LOG in stage.reads:
                _write_run_log(run, records)
                logged = len(records)
            run_stage(stage, run, records)
    except Exception:
        # The stage's error is the one to report, so neither of these takes its place.
        try:
            _write_run_log(run, records, after=logged)
        except RunConflictError as conflict:
            log.warning("run log rows dropped", rows=len(records) - logged, message=str(conflict))
        except Exception:
            log.exception("run log not written")
        raise
    _write_run_log(run, records, after=logged)
    return records


def code_version() -> str:
    """The package's version and, in a checkout, the commit."""
    root = Path(__file__).resolve().parent.parent
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return insight.__version__
    return f"{insight.__version__}+{commit}"


def settings_hash(settings: Settings) -> str:
    """Names all settings of a run: 16 hex digits."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:16]


def _write_run_log(run: Run, records: Sequence[StageRecord], *, after: int = 0) -> None:
    if not run.lake.has_tables():
        return
    rows = [
        (
            run.run_id,
            run.run_date,
            record.stage,
            sequence,
            record.table_name,
            record.rows_read,
            record.rows_written,
            record.version,
            record.seconds,
            record.outcome,
            record.detail,
            record.logged_at,
        )
        for sequence, record in enumerate(records[after:], start=after + 1)
    ]
    run.lake.append(local_frame(run.spark, rows, RUN_LOG.schema), RUN_LOG)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line that every stage's job takes."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument(
        "--date", required=True, help="run date, YYYY-MM-DD: all up to its end (UTC)"
    )
    parser.add_argument(
        "--profile", default=os.environ.get("INSIGHT_PROFILE", "local"), help="file in conf/"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="override one setting, e.g. training.ranks=1; may be repeated",
    )
    return parser.parse_args(arguments)


def _pair(text: str) -> tuple[str, object]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, parsed_yaml(value, f"argument --set {name}")


def _facts(error: InsightError) -> dict[str, object]:
    return {
        "subject": error.subject,
        "found": error.found,
        "expected": error.expected,
        "next": error.next_step,
        "exit_code": error.exit_code,
    }
