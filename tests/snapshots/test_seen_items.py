"""Items that a customer has seen: by which events, and how far back."""

from datetime import timedelta

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.local_frames import local_frame
from insight.snapshots.seen_items import per_customer_seen, without_seen_targets
from tests.frames import DAY, at, events


def test_what_was_bought_in_the_window_is_seen_once_and_a_view_is_not(
    spark: SparkSession,
) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 12:00"), "item_id": "tea"},
        {"event_at": at("2024-03-08 12:00"), "item_id": "tea"},
        # The first day of three, and the day before it.
        {"event_at": at("2024-03-08 00:00"), "item_id": "cup"},
        {"event_at": at("2024-03-07 23:59"), "item_id": "pot"},
        {"event_at": at("2024-03-10 12:00"), "item_id": "jug", "event_type": "view"},
        {"event_at": at("2024-03-10 12:00"), "item_id": "can", "event_type": "cart"},
        {"event_at": at("2024-03-11 00:00"), "item_id": "lid"},
        # A night to come reads this one.
        {
            "event_at": at("2024-03-10 12:00"),
            "item_id": "late",
            "ingest_date": DAY + timedelta(days=1),
        },
        {"event_at": at("2024-03-10 12:00"), "customer_id": None},
        {"event_at": at("2024-03-10 12:00"), "customer_id": "ben", "event_type": "view"},
    )
    found = {
        kinds: {
            row["customer_id"]: row["seen_items"]
            for row in per_customer_seen(rows, as_of=DAY, kinds=kinds, days=3).collect()
        }
        for kinds in (("purchase",), ("view", "cart"))
    }
    assert found == {
        ("purchase",): {"anna": ["cup", "tea"]},
        ("view", "cart"): {"anna": ["can", "jug"], "ben": ["tea"]},
    }


def test_an_example_asks_for_no_item_that_was_seen_by_its_cutoff(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-05 12:00"), "item_id": "tea"},
        {"event_at": at("2024-03-05 13:00"), "item_id": "tea"},
        {"event_at": at("2024-03-05 12:00"), "item_id": "cup", "event_type": "view"},
    )
    vocabulary = local_frame(spark, [("tea", 2), ("cup", 3)], "item_id string, item_index bigint")
    kind = "customer_id string, cutoff_at bigint, next_item bigint, split string"
    # A cut-off is the midnight that ends its day.
    cutoffs = {
        f"{day:02}": round(at(f"2024-03-{day + 1:02} 00:00").timestamp()) for day in (4, 5, 7, 8)
    }

    def example(customer: str, day: str, item: int) -> tuple[str, int, int, str]:
        return (customer, cutoffs[day], item, "test")

    asked = [
        # The purchase is the first thing after this cut-off: it is what the example asks for.
        (example("anna", "04", 2), 2),
        (example("anna", "05", 2), 0),
        (example("anna", "07", 2), 0),
        # Two rows of one key, as campaigns make them.
        (example("anna", "07", 2), 0),
        # Longer ago than the window.
        (example("anna", "08", 2), 2),
        (example("anna", "07", 3), 3),
        (example("anna", "07", 1), 1),
        (example("anna", "07", 0), 0),
        (example("ben", "07", 2), 2),
    ]
    examples = local_frame(spark, [row for row, _ in asked], kind)
    actual = without_seen_targets(examples, rows, vocabulary, kinds=("purchase",), days=3)
    expected = local_frame(spark, [(*row[:2], item, row[3]) for row, item in asked], kind)
    assert_df_equality(actual, expected, ignore_row_order=True)
