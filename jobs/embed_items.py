"""Embed the words and pictures of new items."""

import sys

from insight.embedding.stage import EMBED_ITEMS
from insight.launch import launch

READS = EMBED_ITEMS.reads
WRITES = EMBED_ITEMS.writes

if __name__ == "__main__":
    sys.exit(launch(EMBED_ITEMS))
