"""Turn the night's raw rows into events, customers and items; quarantine the rest."""

import sys

from insight.events.stage import CLEAN
from insight.launch import launch

READS = CLEAN.reads
WRITES = CLEAN.writes

if __name__ == "__main__":
    sys.exit(launch(CLEAN))
