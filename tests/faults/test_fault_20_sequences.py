"""Row 20: sequences of any length: cut in Spark, counted, and padded to one length."""

from datetime import timedelta

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.encoding.sequences import SEQUENCE_INPUTS, encode_sequences
from insight.encoding.vocabulary import Vocabulary
from insight.snapshots.sequences import per_customer_sequence
from tests.encoding.test_sequence_encoding import EVENT
from tests.frames import DAY, at, events

HELD = {"none": 0, "one": 1, "just enough": 4, "one too many": 5, "far too many": 90}
"""Events of each customer; four are kept."""

LENGTH = 4


def test_fault_20_long_sequences_lose_their_oldest_in_spark_and_short_ones_are_padded(
    spark: SparkSession,
) -> None:
    rows = events(
        spark,
        *(
            {
                "event_at": at("2024-03-01 00:00") + timedelta(hours=n),
                "customer_id": name,
                "item_id": str(held - n),
            }
            for name, held in HELD.items()
            for n in range(held)
        ),
    )
    made = per_customer_sequence(rows, as_of=[DAY], length=LENGTH)
    # As the stage counts them in customer_sequences.
    counted = made.withColumn("event_count", F.size("events")).collect()
    kept = {row["customer_id"]: row["event_count"] for row in counted}
    assert kept == {name: min(held, LENGTH) for name, held in HELD.items() if held}
    vocabulary = Vocabulary(("1", "2", "3", "4"), ("drinks",) * 4)
    lists = [[event.asDict() for event in row["events"]] for row in counted]
    encoded = encode_sequences(pa.array(lists, pa.list_(EVENT)), vocabulary, length=LENGTH)
    for name in SEQUENCE_INPUTS:
        assert encoded[name].shape == (len(kept), LENGTH)
        assert (encoded[name] > 0).sum(axis=1).tolist() == list(kept.values())
    # The newest is item 1 (index 2), and stands at the end.
    by_customer = dict(zip(kept, encoded["item_indices"].tolist(), strict=True))
    assert by_customer["one"] == [0, 0, 0, 2]
    assert by_customer["just enough"] == by_customer["far too many"] == [5, 4, 3, 2]
