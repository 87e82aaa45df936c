"""Land the embedded example data where the night looks for a shop's files. Needs no Spark."""

import argparse
import os
import sys
from pathlib import Path

from insight.errors import InsightError
from insight.logs import configure_logs, logger
from insight.settings import load_settings
from insight.sources.example import land_complete_journey
from insight.tables import Table

READS: tuple[Table, ...] = ()
WRITES: tuple[Table, ...] = ()


def main() -> int:
    """Land the files once; 0 done, 2 bad settings."""
    configure_logs()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    try:
        settings = load_settings(parser.parse_args().profile)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    land_complete_journey(Path(settings.landing))
    return 0


if __name__ == "__main__":
    sys.exit(main())
