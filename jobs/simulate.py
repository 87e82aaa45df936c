"""Write the simulated shop's landing files, and the truth beside them. Needs no Spark."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from insight.errors import InsightError, SettingsError
from insight.logs import configure_logs, logger
from insight.settings import date_given, load_settings
from insight.simulate.deliveries import Calendar, Places, simulate
from insight.tables import Table

READS: tuple[Table, ...] = ()
WRITES: tuple[Table, ...] = ()


MOST_DAYS, MOST_EVENTS = 3_650, 10_000_000_000


def main(given: Sequence[str] | None = None) -> int:
    """Simulate once; 0 done, 2 bad settings."""
    configure_logs()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    parser.add_argument("--events", type=int, default=1_000_000, help="by people, in all")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--first", default="2024-01-01", help="date of the first day, YYYY-MM-DD")
    arguments = parser.parse_args(given)
    began = time.monotonic()
    try:
        settings = load_settings(arguments.profile)
        landing = Path(settings.landing)
        places = Places(landing, landing.parent / "truth")
        first = date_given("--first", arguments.first)
        _refuse_out_of_bounds("--days", arguments.days, most=MOST_DAYS)
        _refuse_out_of_bounds("--events", arguments.events, most=MOST_EVENTS)
        calendar = Calendar(first, arguments.days)
        rows = simulate(settings.simulate, calendar, places, events=arguments.events)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    seconds = time.monotonic() - began
    print(f"{rows:,} events of {arguments.days} days in {places.folder}, in {seconds:.0f} seconds.")
    print(f"The true probabilities are in {places.truth}; no job reads them.")
    return 0


def _refuse_out_of_bounds(argument: str, number: int, *, most: int) -> None:
    if not 1 <= number <= most:
        raise SettingsError(
            f"argument {argument}",
            found=f"{number}",
            expected=f"a number from 1 to {most:,}",
            next_step="correct it",
        )


if __name__ == "__main__":
    sys.exit(main())
