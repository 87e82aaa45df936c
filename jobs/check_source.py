"""Show how a source's declaration reads one file: its first rows as mapped, and every problem."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from insight.errors import InsightError, SourceFormatError
from insight.events.rules import event_rules, with_reason
from insight.events.voices import exposure_rules, feedback_rules
from insight.logs import configure_logs, logger
from insight.settings import date_given, load_settings
from insight.sources.check import FeedCheck, check_file
from insight.sources.source import load_source
from insight.spark import build_session
from insight.tables import RAW_EVENTS, RAW_EXPOSURES, RAW_FEEDBACK, Table

READS: tuple[Table, ...] = ()
WRITES: tuple[Table, ...] = ()

_SHOWN, _LONGEST, _WIDTH = 5, 40, 160
"""Rows, letters of a value, letters of a line."""

_RULES = {
    RAW_EVENTS.name: event_rules,
    RAW_FEEDBACK.name: feedback_rules,
    RAW_EXPOSURES.name: exposure_rules,
}
"""What cleaning will ask of each row."""


def main(arguments: list[str] | None = None) -> int:
    """Check once; 0 every feed that reads the file reads it whole, 2 one does not, or none does."""
    configure_logs()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    parser.add_argument("--source", required=True, help="a name in conf/sources")
    parser.add_argument("--file", required=True, type=Path)
    parser.add_argument("--date", help="the night that would read it")
    given = parser.parse_args(arguments)
    try:
        today = datetime.now(UTC).date()
        read_on = date_given("--date", given.date) if given.date else today
        source, settings = load_source(given.source), load_settings(given.profile)
        _refuse_no_file(given.file)
        spark = build_session("insight check")
        file = f"file:{given.file.resolve()}"
        checks = check_file(spark, source, file, read_on=read_on, settings=settings.ingest)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    console = Console(width=_WIDTH)
    for check in checks:
        _show(console, check)
        rules = _RULES.get(check.feed.target)
        if check.rows is not None and rules:
            judged = with_reason(check.rows, rules(settings.clean, run_date=read_on))
            _show_refusals(console, judged)
    reading = [check for check in checks if check.rows is not None]
    return 0 if reading and not any(check.problems for check in reading) else 2


def _refuse_no_file(file: Path) -> None:
    if not file.is_file():
        raise SourceFormatError(
            f"file {file}",
            found="no such file",
            expected="a file as the shop delivers it; of a folder that Spark wrote, a part file",
            next_step="give its path with FILE=",
        )


def _show(console: Console, check: FeedCheck) -> None:
    console.print(f"\nfeed {check.feed.feed} -> {check.feed.target}", style="bold")
    for problem in check.problems:
        console.print(f"  problem: {problem}", style="red", markup=False)
    for proposal in check.proposals:
        console.print(f"  propose: {proposal}", markup=False, soft_wrap=True)
    for note in check.notes:
        console.print(f"  note: {note}", markup=False)
    if check.rows is None or not check.row_count:
        return
    # As if a night had read it: what is the same in every row is left out, and so is what is empty.
    # As text: a time in the year 57000, of milliseconds taken for seconds, is one to be seen.
    texts = (F.col(name).cast("string") for name in (*check.feed.mapping, "malformed"))
    shown = check.rows.select(*texts).limit(_SHOWN).collect()
    names = [name for name in shown[0].asDict() if any(row[name] is not None for row in shown)]
    grid = Grid(*names, title=f"the first of {check.row_count:,} rows", title_justify="left")
    for row in shown:
        grid.add_row(*(_short(row[name]) for name in names))
    console.print(grid)


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return escape(text)


def _show_refusals(console: Console, judged: DataFrame) -> None:
    counts = judged.groupBy("reason").count().orderBy(F.desc("count"), "reason").collect()
    total = sum(row["count"] for row in counts)
    for row in counts:
        said = f"refused: {row['reason']}" if row["reason"] else "sound"
        console.print(f"  {row['count']:>9,} of {total:,} rows {said}")


if __name__ == "__main__":
    sys.exit(main())
