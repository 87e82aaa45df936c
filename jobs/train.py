"""Train a challenger on the night's examples."""

import sys

from insight.launch import launch
from insight.training.stage import TRAIN

READS = TRAIN.reads
WRITES = TRAIN.writes

if __name__ == "__main__":
    sys.exit(launch(TRAIN))
