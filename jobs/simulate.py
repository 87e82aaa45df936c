"""Write the simulated shop's landing files, and the truth beside them. Needs no Spark."""

import argparse
import os
import sys
import time
from datetime import date
from pathlib import Path

from insight.errors import InsightError
from insight.logs import configure_logs, logger
from insight.settings import load_settings
from insight.simulate.deliveries import Calendar, Places, simulate
from insight.tables import Table

READS: tuple[Table, ...] = ()
WRITES: tuple[Table, ...] = ()


def main() -> int:
    """Simulate once; 0 done, 2 bad settings."""
    configure_logs()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    parser.add_argument("--events", type=int, default=1_000_000, help="by people, in all")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--first", type=date.fromisoformat, default=date(2024, 1, 1))
    arguments = parser.parse_args()
    began = time.monotonic()
    try:
        settings = load_settings(arguments.profile)
        landing = Path(settings.landing)
        places = Places(landing, landing.parent / "truth")
        calendar = Calendar(arguments.first, arguments.days)
        rows = simulate(settings.simulate, calendar, places, events=arguments.events)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    seconds = time.monotonic() - began
    print(f"{rows:,} events of {arguments.days} days in {places.folder}, in {seconds:.0f} seconds.")
    print(f"The true probabilities are in {places.truth}; no job reads them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
