"""Refresh the analysts' report."""

import sys

from insight.launch import launch
from insight.publishing.stage import PUBLISH

READS = PUBLISH.reads
WRITES = PUBLISH.writes

if __name__ == "__main__":
    sys.exit(launch(PUBLISH))
