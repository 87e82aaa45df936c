"""Show how a source's declaration reads one file: its first rows as mapped, and every problem."""

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from insight.errors import InsightError, SourceFormatError
from insight.events.rules import event_rules, with_reason
from insight.logs import configure_logs, logger
from insight.settings import load_settings
from insight.sources.check import FeedCheck, check_file
from insight.sources.declaration import load_source
from insight.spark import build_session
from insight.storage import qualified
from insight.tables import RAW_EVENTS, Table

READS: tuple[Table, ...] = ()
WRITES: tuple[Table, ...] = ()

_SHOWN = 5


def main(arguments: list[str] | None = None) -> int:
    """Check once; 0 a feed reads the file whole, 2 none does or the settings are wrong."""
    configure_logs()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="a name in conf/sources")
    parser.add_argument("--file", required=True, type=Path)
    parser.add_argument("--date", type=date.fromisoformat, help="the night that would read it")
    given = parser.parse_args(arguments)
    read_on = given.date or datetime.now(UTC).date()
    try:
        source, settings = load_source(given.source), load_settings()
        _refuse_no_file(given.file)
        spark = build_session("insight check")
        file = qualified(spark, str(given.file.resolve()))
        checks = check_file(spark, source, file, read_on=read_on)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    console = Console(width=140)
    for check in checks:
        _show(console, check)
        if check.rows is not None and check.feed.target == RAW_EVENTS.name:
            rules = event_rules(settings.clean, run_date=read_on)
            _show_refusals(console, with_reason(check.rows, rules))
    return 0 if any(check.rows is not None and not check.problems for check in checks) else 2


def _refuse_no_file(file: Path) -> None:
    if not file.is_file():
        raise SourceFormatError(
            f"file {file}",
            found="no such file",
            expected="a file as the shop delivers it",
            next_step="give its path with FILE=",
        )


def _show(console: Console, check: FeedCheck) -> None:
    console.print(f"\nfeed {check.feed.feed} -> {check.feed.target}", style="bold")
    for problem in check.problems:
        console.print(f"  problem: {problem}", style="red")
    if check.rows is None:
        return
    # As if a night had read it: what is the same in every row is left out.
    shown = check.rows.select(*check.feed.mapping, "malformed")
    grid = Grid(*shown.columns)
    for row in shown.limit(_SHOWN).collect():
        grid.add_row(*("" if value is None else str(value) for value in row))
    console.print(grid)


def _show_refusals(console: Console, judged: DataFrame) -> None:
    counts = judged.groupBy("reason").count().orderBy(F.desc("count"), "reason").collect()
    total = sum(row["count"] for row in counts)
    for row in counts:
        said = f"refused: {row['reason']}" if row["reason"] else "sound"
        console.print(f"  {row['count']:>9,} of {total:,} rows {said}")


if __name__ == "__main__":
    sys.exit(main())
