"""Read each new landing file exactly once, ids pseudonymised."""

import sys

from insight.launch import launch
from insight.sources.stage import INGEST

READS = INGEST.reads
WRITES = INGEST.writes

if __name__ == "__main__":
    sys.exit(launch(INGEST))
