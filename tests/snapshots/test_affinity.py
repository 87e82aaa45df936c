"""What a customer keeps to: top groups, their share, and how spread out the last events are."""

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from insight.local_frames import local_frame
from insight.point_in_time import EVER
from insight.snapshots.affinity import per_customer_affinity
from tests.frames import DAY, at

VERSIONS = "item_id string, valid_from date, category string, brand string"
SEQUENCES = (
    "customer_id string, feature_date date, events array<struct<event_at: timestamp, "
    "tie_break: bigint, item_id: string, event_type: string, price: double>>"
)


def test_top_category_and_brand_with_share_and_entropy(spark: SparkSession) -> None:
    described = {
        "cup": ("cups", "clay"),
        "mug": ("cups", None),
        "tea": ("drinks", "leaf"),
        "bag": (None, "leaf"),
    }
    items = local_frame(spark, [(i, EVER, *what) for i, what in described.items()], VERSIONS)
    event = (at("2024-03-10 09:00"), 1)
    sequences = {
        "anna": ["cup", "mug", "tea", "cup", "unheard of"],
        # A tie goes to the first by name.
        "ben": ["tea", "cup"],
        "carl": ["unheard of", "unheard of"],
        "dora": ["bag"],
    }
    rows = [
        (who, DAY, [(*event, item, "view", 1.0) for item in own]) for who, own in sequences.items()
    ]
    found = per_customer_affinity(local_frame(spark, rows, SEQUENCES), items).collect()
    by_name = {row["customer_id"]: tuple(row)[2:] for row in found}
    # Three of four in cups: -(3/4 log2 3/4 + 1/4 log2 1/4) bits.
    assert by_name["anna"][:2] == ("cups", 0.75)
    assert by_name["anna"][2] == pytest.approx(0.811278124459)
    assert by_name["anna"][3:5] == ("clay", pytest.approx(2 / 3))
    assert by_name["ben"] == ("cups", 0.5, 1.0, "clay", 0.5, 1.0)
    assert by_name["carl"] == (None,) * 6
    assert by_name["dora"] == (None, None, None, "leaf", 1.0, 0.0)


def test_an_item_is_of_the_kind_it_was_on_the_date(spark: SparkSession) -> None:
    before, day = DAY - timedelta(days=1), DAY
    items = local_frame(
        spark,
        [
            ("cup", EVER, "cups", None),
            ("cup", day, "glasses", None),
            ("new", day, "novelties", None),
        ],
        VERSIONS,
    )
    events = [(at("2024-03-01 09:00"), 1, item, "view", 1.0) for item in ("cup", "cup", "new")]
    rows = local_frame(spark, [("anna", when, events) for when in (before, day)], SEQUENCES)
    found = per_customer_affinity(rows, items).collect()
    assert {r["feature_date"]: (r["top_category"], r["category_share"]) for r in found} == {
        before: ("cups", 1.0),
        day: ("glasses", pytest.approx(2 / 3)),
    }
