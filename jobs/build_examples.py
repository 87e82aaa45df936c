"""Build labelled, encoded examples at past cut-offs."""

import sys

from insight.examples.stage import BUILD_EXAMPLES
from insight.launch import launch

READS = BUILD_EXAMPLES.reads
WRITES = BUILD_EXAMPLES.writes

if __name__ == "__main__":
    sys.exit(launch(BUILD_EXAMPLES))
