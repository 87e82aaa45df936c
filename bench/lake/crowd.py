"""As many rows again, a third of them from a few bots: skew in every shuffle by customer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from bench.lake.shop import Size, simulate
from bench.meter import measured
from bench.record import Measure

BOT_SHARE = 0.3
DAYS = 30


def bots(scale: float, folder: Path) -> Iterator[Measure]:
    """Peak memory of the three stages with bots; their rows must all be refused as such.

    Raises:
        SystemExit: A bot's event came through.
    """
    size, home = Size(scale, DAYS, BOT_SHARE), folder / "bots"
    simulate(size, home)
    night = f"{home}={size.last}"
    product = "bench.lake.product"
    measured(product, "--nights", night, "--stages", "ingest", meter=folder / "crowd.json")
    account = measured(product, "--nights", night, meter=folder / "bots.json")
    refused, left = _bot_rows(home / "lake")
    if left or not refused:
        sys.exit(f"bots: {refused} rows refused, {left} of the same customers came through")
    note = f"{refused} rows refused as a bot's; {account.cpu:.1f} CPU seconds, PSS of the tree"
    yield Measure("lake.bot_peak_gib", account.peak_gib, "GiB", note=note)


def _bot_rows(lake: Path) -> tuple[int, int]:
    """Rows refused as a bot's, and events of those customers that are not."""
    files = [DeltaTable(str(lake / name)).file_uris() for name in ("quarantine", "events")]
    query = """
        WITH bots AS (SELECT payload->>'$.customer_id' AS customer_id
                      FROM read_parquet($1) WHERE reason = 'bot')
        SELECT (SELECT count(*) FROM bots),
               (SELECT count(*) FROM read_parquet($2) SEMI JOIN bots USING (customer_id))
    """
    with duckdb.connect() as connection:
        return connection.execute(query, files).fetchone()
