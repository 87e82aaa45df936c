"""Mark visits on the dates that new or late events touch."""

import sys

from insight.launch import launch
from insight.sessions.stage import SESSIONISE

READS = SESSIONISE.reads
WRITES = SESSIONISE.writes

if __name__ == "__main__":
    sys.exit(launch(SESSIONISE))
