"""Run the night, or some of its stages, for each date of a range, in one Spark application.

Dates go in order, since a night carries on from the one before. The first error ends it.
A date without a delivery is passed over, unless ingest.allow_empty_day is set.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from insight.errors import MAY_BE_RETRIED, InsightError, SettingsError
from insight.launch import alone_on_lake, open_run, run_stages
from insight.logs import configure_logs, logger
from insight.settings import Settings, date_given, load_settings, parsed_yaml
from insight.sources.landing import Landing
from insight.sources.source import load_source
from insight.sources.stage import INGEST
from insight.spark import build_session
from insight.stages import Run, Stage
from insight.tables import INGEST_LOG, RAW_EVENTS
from jobs import nightly

NIGHT = nightly.NIGHT
READS = nightly.READS
WRITES = nightly.WRITES

log = logger(__name__)


@dataclass
class Progress:
    """How far a backfill has come."""

    done: list[date] = field(default_factory=list)
    passed_over: list[date] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Backfill; 0 done, 2 do not retry, 1 may be retried from the date that failed."""
    configure_logs()
    parsed = _parse(arguments)
    progress = Progress()
    try:
        dates = _dates(parsed.first, parsed.last)
        stages = _stages(parsed.stages)
        settings = load_settings(parsed.profile, overrides=_overrides(parsed.set))
        backfill(dates, stages, settings, progress)
    except InsightError as error:
        log.error(type(error).__name__, message=str(error), exit_code=error.exit_code)
        return _end(progress, error.exit_code)
    except Exception:
        log.exception("unexpected error: please report it; a retry may help")
        return _end(progress, MAY_BE_RETRIED)
    return _end(progress, 0)


def backfill(
    dates: Sequence[date], stages: Sequence[Stage], settings: Settings, progress: Progress
) -> None:
    """Run the stages for each date in order, and note each that is done.

    No other run may write to the lake between two dates.

    Raises:
        RunConflictError: Another run writes to the lake. Nothing was done.
        InsightError: A stage ended with a typed error.
    """
    spark = build_session("insight backfill")
    owner = f"backfill of {dates[0]} to {dates[-1]}"
    with alone_on_lake(open_run(spark, settings, dates[0]), owner=owner) as lease:
        for day in dates:
            run = open_run(spark, settings, day)
            run.lake.lease = lease
            may_read = INGEST in stages
            if not (settings.ingest.allow_empty_day or _is_delivered(run, may_read=may_read)):
                log.info("passed over", run_date=str(day), reason="no delivery of events")
                progress.passed_over.append(day)
                continue
            run_stages(stages, run)
            progress.done.append(day)
            log.info("done", run_date=str(day), dates=f"{len(progress.done)} of {len(dates)}")


def _is_delivered(run: Run, *, may_read: bool) -> bool:
    """Whether events of the date have been read, or wait in the landing folder."""
    log_rows = run.lake.read_or_empty(INGEST_LOG).select("file", "ingest_date").collect()
    if any(row["ingest_date"] == run.run_date for row in log_rows):
        return True
    read = {row["file"] for row in log_rows}
    landing = Landing(run.spark, run.lake.landing)
    return may_read and any(
        file.path not in read
        for name in run.settings.sources
        for feed in load_source(name).feeds
        if feed.target == RAW_EVENTS.name
        for file in landing.files(name, feed.files)
        if feed.file_dates(file.url, read_on=run.run_date)[1] == run.run_date
    )


def _end(progress: Progress, code: int) -> int:
    """Say how far it came, also when it failed: where to go on from."""
    for what, days in (("Done", progress.done), ("No delivery", progress.passed_over)):
        print(f"{what}: {', '.join(map(str, days)) or 'none'}")
    return code


def _dates(first: str, last: str) -> list[date]:
    begin, end = date_given("--from", first), date_given("--to", last)
    if end < begin:
        raise SettingsError(
            "arguments --from and --to",
            found=f"{first} to {last}",
            expected="a first date, and one that is not before it",
            next_step="turn them round",
        )
    return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]


def _stages(names: str | None) -> list[Stage]:
    known = {stage.name: stage for stage in NIGHT}
    wanted = list(known) if names is None else names.split(",")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SettingsError(
            "argument --stages",
            found=repr(unknown[0]),
            expected=f"some of {','.join(known)}",
            next_step="correct the name",
        )
    # In the order of the night, however they were named.
    return [stage for stage in NIGHT if stage.name in wanted]


def _overrides(pairs: Sequence[str]) -> dict[str, object]:
    named = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found:
            raise SettingsError(
                "argument --set", found=repr(pair), expected="NAME=VALUE", next_step="correct it"
            )
        named[name] = parsed_yaml(value, f"argument --set {name}")
    return named


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="first", required=True, help="first run date, YYYY-MM-DD")
    parser.add_argument("--to", dest="last", required=True, help="last run date, YYYY-MM-DD")
    parser.add_argument("--stages", help="e.g. clean,sessionise,build_features; all by default")
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
