"""Within what an id names a row, and whether what is absent was removed: as a feed declares it."""

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.sources.mapping import to_canonical
from tests.sources.feeds import DAY, KEY, event, feed_with

SCOPES = ("source", "feed", "file", "none")
ROWS = [
    ("1", "tea", "file:/landing/shop/a.csv"),
    ("1", "tea", "file:/landing/shop/b.csv"),
    # The landing folder has moved.
    ("1", "tea", "s3a://bucket/other/shop/b.csv"),
    ("2", "tea", "file:/landing/shop/a.csv"),
    (None, "tea", "file:/landing/shop/a.csv"),
]


def test_an_id_counts_within_the_source_the_feed_or_the_file(spark: SparkSession) -> None:
    rows = local_frame(
        spark,
        [(*row, number, None) for number, row in enumerate(ROWS)],
        "id string, item string, source_file string, number int, malformed string",
    )
    frames = []
    for scope in SCOPES:
        feed = feed_with(
            columns={"id": "string", "item": "string", "number": "int"},
            mapping={"event_id": "id", "item_id": "item", "quantity": "number"},
            row_ids=scope,
        )
        named = to_canonical(rows, feed, source="shop", key=KEY, run_date=DAY)
        frames.append(named.select(F.lit(scope).alias("scope"), "quantity", "event_id"))
    both = frames[0].union(frames[1]).union(frames[2]).union(frames[3]).collect()
    ids = {(row["scope"], int(row["quantity"])): row["event_id"] for row in both}
    one = event("1")
    assert [ids["source", n] for n in range(4)] == [f"shop-{one}"] * 3 + [f"shop-{event('2')}"]
    assert [ids["feed", n] for n in range(3)] == [f"shop-lines-{one}"] * 3
    first, second, moved, other = (ids["file", n] for n in range(4))
    assert first != second == moved
    assert first.startswith("shop-") and first.endswith(f"-{one}")
    assert other == first.replace(one, event("2"))
    # Without an id of its own a row is named by its content, whatever the scope.
    assert len({ids[scope, 4] for scope in SCOPES}) == 1
    assert len({ids["none", n] for n in range(5)}) == 5
    assert not any(one in ids["none", n] for n in range(5))


def test_absence_means_removal_only_where_it_is_declared(spark: SparkSession) -> None:
    rows = local_frame(
        spark,
        [("tea", "file:/landing/shop/a.csv", None)],
        "item string, source_file string, malformed string",
    )
    kept, removed = (
        to_canonical(
            rows, feed_with(target="raw_items", absent=absent), source="s", key=KEY, run_date=DAY
        )
        for absent in ("kept", "removed")
    )
    flags = [row["absent_is_removed"] for row in kept.union(removed).collect()]
    assert flags == [False, True]


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({"row_ids": "day"}, "source"),
        ({"row_ids": "file"}, "row_ids goes with a mapping of event_id"),
        ({"absent": "removed"}, "absent goes with raw_customers and raw_items alone"),
        ({"absent": "erased"}, "kept"),
    ],
)
def test_what_a_feed_cannot_mean_is_refused(declared: dict[str, str], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        feed_with(**declared)
