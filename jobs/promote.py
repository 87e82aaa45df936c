"""Make the challenger champion if it beats champion and baselines."""

import sys

from insight.launch import launch
from insight.promotion.stage import PROMOTE

READS = PROMOTE.reads
WRITES = PROMOTE.writes

if __name__ == "__main__":
    sys.exit(launch(PROMOTE))
