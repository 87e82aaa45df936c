"""Refresh daily state and describe every customer and item at the run date."""

import sys

from insight.features.stage import BUILD_FEATURES
from insight.launch import launch

READS = BUILD_FEATURES.reads
WRITES = BUILD_FEATURES.writes

if __name__ == "__main__":
    sys.exit(launch(BUILD_FEATURES))
