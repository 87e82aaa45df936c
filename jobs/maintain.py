"""Maintain the lake: prove tables whole, compact them, remove files that no version needs.

With --restore TABLE --version N it brings that table back to that version instead.
"""

import argparse
import sys
from collections.abc import Sequence

from insight.errors import InsightError
from insight.launch import launch
from insight.logs import configure_logs, logger
from insight.maintenance.restore import restoring
from insight.maintenance.stage import MAINTAIN
from insight.stages import Stage
from insight.tables import Table

READS: tuple[Table, ...] = ()
WRITES = MAINTAIN.writes


def main(arguments: Sequence[str] | None = None) -> int:
    """Maintain or restore; 0 done, 2 do not retry, 1 may be retried."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--restore", metavar="TABLE")
    parser.add_argument("--version", type=int)
    asked, rest = parser.parse_known_args(arguments)
    if (asked.restore is None) != (asked.version is None):
        parser.error("--restore TABLE and --version N go together")
    try:
        stage = _stage(asked)
    except InsightError as error:
        configure_logs()
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    return launch(stage, arguments=rest)


def _stage(asked: argparse.Namespace) -> Stage:
    return MAINTAIN if asked.restore is None else restoring(asked.restore, asked.version)


if __name__ == "__main__":
    sys.exit(main())
