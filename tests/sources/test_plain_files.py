"""The template for files of one's own: with all its columns, and with the few one needs."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.sources.declaration import Feed
from insight.sources.inspection import check_columns
from insight.sources.source import load_source
from tests.sources.feeds import canonical, event, facts_of, json_file, values_of

NIGHT = date(2024, 12, 31)
FEEDS = {feed.feed: feed for feed in load_source("plain").feeds}
EVENT = ("event_at", "event_type", "customer_id", "item_id")


def _rows(spark: SparkSession, path: Path, feed: Feed, *names: str) -> list[tuple[object, ...]]:
    check_columns(facts_of(spark, path, feed), feed, allow_new=False)
    rows = canonical(spark, path, feed, NIGHT)
    if "event_at" in names:
        rows = rows.withColumn("event_at", rows["event_at"].cast("string"))
    return values_of(rows, *names)


def test_events_need_but_four_columns_in_csv(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "2024-12-31-till-2.csv"
    path.write_text(
        "event_type,event_at,item_id,customer_id\nview,2024-12-31T23:30:00+01:00,A,anna\n"
    )
    assert _rows(spark, path, FEEDS["events_csv"], "event_at", "item_id", "quantity") == [
        ("2024-12-31 22:30:00", "A", 1.0)
    ]


def test_events_in_json_keep_their_own_ids_and_get_one_where_they_have_none(
    spark: SparkSession, tmp_path: Path
) -> None:
    click = {"event_at": "2024-12-31 10:00:00", "event_type": "campaign_click"}
    path = json_file(
        tmp_path, {**click, "event_id": "e1", "campaign_id": "c1"}, click, name="2024-12-31.json"
    )
    found = _rows(spark, path, FEEDS["events_json"], "event_id", "campaign_id", "malformed")
    own = (f"shop-{event('e1')}", "c1", None)
    assert own in found
    (other,) = (row for row in found if row != own)
    assert len(str(other[0])) == 32


def test_events_in_parquet_have_typed_columns(spark: SparkSession, tmp_path: Path) -> None:
    at = pa.array([1735639200000000], pa.timestamp("us", tz="UTC"))
    sale = {"event_type": ["purchase"], "customer_id": ["a"], "item_id": ["A"], "price": [2.5]}
    pq.write_table(pa.table({"event_at": at, **sale}), tmp_path / "2024-12-31.parquet")
    path = tmp_path / "2024-12-31.parquet"
    assert _rows(spark, path, FEEDS["events_parquet"], "event_at", "price", "quantity") == [
        ("2024-12-31 10:00:00", 2.5, None)
    ]


@pytest.mark.parametrize(
    ("feed", "text", "names", "expected"),
    [
        (
            "customers",
            "customer_id,gender,region\na,f,Bavaria\n",
            ("gender", "region"),
            ("f", "Bavaria"),
        ),
        (
            "items",
            'item_id,price,currency,stock_units,description\nA,2.5,eur,7,"Red,\nand round"\n',
            ("item_id", "price", "currency", "stock_units", "description"),
            ("A", 2.5, "EUR", 7.0, "Red,\nand round"),
        ),
        (
            "items",
            'item_id,title,image_vector\nA,Tea,"[0.5, -1]"\n',
            ("item_id", "image_vector", "malformed"),
            ("A", [0.5, -1.0], None),
        ),
        (
            "feedback",
            "created_at,kind,feedback_text,rating\n2024-12-31,review,Good,5\n",
            ("kind", "feedback_text", "rating", "customer_id"),
            ("review", "Good", 5.0, None),
        ),
        (
            "exposures",
            "exposed_at,customer_id,campaign_id\n2024-12-31 08:00:00,a,c1\n",
            ("campaign_id", "ends_at"),
            ("c1", None),
        ),
    ],
)
def test_the_other_feeds_need_as_little(
    spark: SparkSession,
    tmp_path: Path,
    feed: str,
    text: str,
    names: tuple[str, ...],
    expected: tuple[object, ...],
) -> None:
    path = tmp_path / "2024-12-31.csv"
    path.write_text(text)
    assert _rows(spark, path, FEEDS[feed], *names) == [expected]


def test_columns_without_a_header_do_not_hide_a_misspelt_one(
    spark: SparkSession, tmp_path: Path
) -> None:
    # pandas' index in front, and a separator at the end of each line.
    path = tmp_path / "2024-12-31.csv"
    path.write_text(
        ",event_at,event_type,customer_id,item_id,coupons,\n"
        "0,2024-12-31T23:30Z,view,anna,A,1,\n"
        "1,2024-12-31T23:31Z,view,None,B,,\n"
    )
    feed = FEEDS["events_csv"]
    with pytest.raises(SourceFormatError) as refused:
        check_columns(facts_of(spark, path, feed), feed, allow_new=False)
    assert refused.value.found == (
        "a new column coupons; 2 columns without a name, at position 1, 7"
    )
    known = feed.model_copy(update={"ignored": ("(unnamed *)", "coupons")})
    assert _rows(spark, path, known, "event_at", "item_id", "malformed") == [
        ("2024-12-31 23:30:00", "A", None),
        ("2024-12-31 23:31:00", "B", None),
    ]
