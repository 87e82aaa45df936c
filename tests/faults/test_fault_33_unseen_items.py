"""Row 33: items and categories that the training window has not seen."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from insight.encoding.features import FeatureStatistics
from insight.encoding.sequences import encode_sequences
from insight.encoding.tasks import CONTEXT_WIDTH
from insight.encoding.vocabulary import PADDING, UNKNOWN, Vocabulary
from insight.examples.vocabulary import per_item_index
from insight.models.blend import ALONE
from insight.models.customer_model import CustomerModel
from insight.models.member import Member
from insight.models.predictor import Predictor
from insight.scoring.worker import LoadedModel, score_batch
from tests.encoding.test_sequence_encoding import EVENT
from tests.frames import DAY, at, item_days, items
from tests.training.examples import ITEMS, LENGTH, small_shape


def _vocabulary(spark: SparkSession) -> Vocabulary:
    """Of items seen up to a day; one comes later, one too seldom, of one nothing is known."""
    daily = item_days(
        spark,
        *(
            {"item_id": item, "event_date": DAY + timedelta(days=days), "view_count": count}
            for item, days, count in (
                ("tea", 0, 9),
                ("cup", 0, 8),
                ("nameless", 0, 7),
                ("rare", 0, 1),
                ("new", 1, 99),
            )
        ),
    )
    known = items(spark, ("tea", "drinks"), ("cup", "china"), ("rare", "glass"), ("new", "toys"))
    rows = per_item_index(daily, known, until=DAY, min_events=2).collect()
    return Vocabulary.from_rows([(r["item_index"], r["item_id"], r["category"]) for r in rows])


def test_fault_33_unseen_items_and_categories_are_the_unknown_token_and_can_be_counted(
    spark: SparkSession,
) -> None:
    vocabulary = _vocabulary(spark)
    assert vocabulary.item_ids == ("tea", "cup", "nameless")
    # Neither the rare item's category nor the new one's is a name that the model learns.
    assert vocabulary.category_names == ("china", "drinks", "unknown")
    seen = ["tea", "rare", "new", "cup", None, "nameless"]
    row = {"event_at": at("2024-03-12 09:00"), "event_type": "view", "price": 1.0}
    lists = pa.array([[{**row, "item_id": item} for item in seen]], pa.list_(EVENT))
    (encoded,) = encode_sequences(lists, vocabulary, length=8)["item_indices"]
    assert encoded.tolist() == [0, 0, 2, UNKNOWN, UNKNOWN, 3, UNKNOWN, 4]
    assert np.bincount(encoded)[UNKNOWN] == 3
    categories = vocabulary.category_of_item[encoded]
    # A known item without a description has a category of its own; an unseen one has none.
    assert categories.tolist() == [PADDING, PADDING, 3, UNKNOWN, UNKNOWN, 2, UNKNOWN, 4]


def test_fault_33_a_type_of_event_that_is_not_known_is_no_other_type() -> None:
    row = {"event_at": at("2024-03-12 09:00"), "item_id": "tea", "price": 1.0}
    kinds = ("view", "wish", None, "return")
    lists = pa.array([[{**row, "event_type": kind} for kind in kinds]], pa.list_(EVENT))
    encoded = encode_sequences(lists, Vocabulary(("tea",), ("drinks",)), length=4)
    assert encoded["type_indices"].tolist() == [[2, UNKNOWN, UNKNOWN, 5]]


def test_fault_33_scores_say_how_many_events_the_model_did_not_know() -> None:
    vocabulary = Vocabulary(tuple(f"i{n}" for n in range(2, ITEMS)), ("a", "b") * 9)
    encoder = CustomerModel(small_shape(), vocabulary.category_of_item)
    model = LoadedModel(
        Predictor([Member(encoder, {}, ALONE)]),
        vocabulary,
        FeatureStatistics(("x", "y", "z"), ("none",) * 3, (0.0,) * 3, (1.0,) * 3, (False,) * 3),
    )
    row = {"event_at": at("2024-03-12 09:00"), "event_type": "view", "price": 1.0}
    # Of the last customer's unknown items the model's length leaves out the first one.
    sequences = [["i2", "i3"], ["i2", "new", None], ["gone", "gone", *["i2"] * (LENGTH - 1)]]
    events = [[{**row, "item_id": item} for item in items] for items in sequences]
    columns = {name: pa.array([0.0] * 3) for name in ("x", "y", "z")}
    columns["state_hash"] = pa.array([7, 8, 9])
    columns["campaign_context"] = pa.array([[0.0] * CONTEXT_WIDTH] * 3, pa.list_(pa.float32()))
    batch = pa.RecordBatch.from_pydict(
        {"customer_id": pa.array(["a", "b", "c"]), "events": pa.array(events, pa.list_(EVENT))}
        | columns
    )
    scored = score_batch(batch, model, top_k=3, recommend_seen=True)
    # A list without what was seen, of which the sequence need not know.
    seen = [["i2", "i9", "gone"], None, [f"i{n}" for n in range(2, ITEMS - 1)]]
    batch = pa.RecordBatch.from_arrays(
        [*batch.columns, pa.array(seen, pa.list_(pa.string()))],
        names=[*batch.schema.names, "seen_items"],
    )
    left = score_batch(batch, model, top_k=ITEMS, recommend_seen=False)
    lists = [{item["item_id"] for item in row} for row in left.column("items").to_pylist()]
    everything = {f"i{n}" for n in range(2, ITEMS)}
    assert lists == [everything - {"i2", "i9"}, everything, {f"i{ITEMS - 1}"}]
    assert scored.column("unknown_item_count").to_pylist() == [0, 2, 1]
    assert scored.column("state_hash").to_pylist() == [7, 8, 9]
