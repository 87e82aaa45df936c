"""Score every active customer with the champion."""

import sys

from insight.launch import launch
from insight.scoring.stage import SCORE

READS = SCORE.reads
WRITES = SCORE.writes

if __name__ == "__main__":
    sys.exit(launch(SCORE))
