"""Examples in the form the model reads, and the same form as scoring gives it."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.delta import conform
from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics
from insight.encoding.tasks import CONTEXT_WIDTH, NEXT_ACTIONS
from insight.encoding.vocabulary import Vocabulary
from insight.examples.encode import encode_examples, files_per_split
from insight.examples.labels import with_labels
from insight.examples.snapshots import Known, per_customer_snapshot
from insight.local_frames import local_frame
from insight.point_in_time import per_version
from insight.settings import SessionSettings
from insight.snapshots.affinity import AFFINITIES
from insight.snapshots.customers import DEMOGRAPHICS
from insight.tables import CUSTOMERS, TRAINING_EXAMPLES
from tests.frames import (
    DAY,
    at,
    customer_days,
    events,
    exposures,
    frame,
    items,
    on_time,
    whole,
)

LENGTH = 3
VOCABULARY = Vocabulary(("tea", "cup"), ("drinks", "china"))
STATISTICS = FeatureStatistics(
    names=FEATURES,
    transforms=("log1p",) * len(FEATURES),
    mean=tuple(0.1 * n for n in range(len(FEATURES))),
    scale=(2.0,) * len(FEATURES),
    has_mask=tuple(name in NULLABLE for name in FEATURES),
)


def _bought(customer: str, days_ago: int) -> dict[str, Any]:
    day = DAY - timedelta(days=days_ago)
    return {"customer_id": customer, "event_date": day, "order_count": 1, "amount": Decimal("2.5")}


@pytest.fixture(scope="module")
def snapshots(spark: SparkSession) -> DataFrame:
    """Anna bought thrice and something unknown between; Ben only looked."""
    days = customer_days(
        spark,
        _bought("anna", 9),
        _bought("anna", 2),
        {"customer_id": "ben", "event_date": DAY, "view_count": 1},
    )
    rows = events(
        spark,
        {"event_at": at("2024-03-01 09:00")},
        {"event_at": at("2024-03-01 09:01"), "item_id": "jug"},
        {"event_at": at("2024-03-08 09:00"), "item_id": "cup", "price": 0.4},
        {"event_at": at("2024-03-08 09:00:30"), "price": 0.5},
        {"event_at": at("2024-03-10 09:00"), "customer_id": "ben", "event_type": "view"},
    )
    catalogue = items(spark, ("tea", "drinks"), ("cup", "china"))
    known = Known(
        whole(days),
        on_time(rows),
        per_version(catalogue, key="item_id", attributes=AFFINITIES),
        per_version(frame(spark, CUSTOMERS), key="customer_id", attributes=DEMOGRAPHICS),
        on_time(exposures(spark)),
        SessionSettings(),
    )
    return per_customer_snapshot(known, as_of=[DAY], length=LENGTH).cache()


@pytest.fixture(scope="module")
def examples(spark: SparkSession, snapshots: DataFrame) -> DataFrame:
    labels = local_frame(
        spark,
        [("anna", DAY, 1, 1, "jug", 4), ("carl", DAY, 1, 1, "tea", 4)],
        "customer_id string, feature_date date, purchase int, stayed int, next_item_id string, "
        "next_action int",
    )
    labelled = with_labels(snapshots, labels, active_days=90).withColumns(
        {
            "has_purchase": F.lit(1.0).cast("float"),
            "split": F.lit("train"),
            "cutoff_at": F.lit(1_710_115_200).cast("bigint"),
            "run_date": F.lit(DAY),
        }
    )
    return encode_examples(labelled, VOCABULARY, STATISTICS, length=LENGTH).cache()


def test_examples_are_what_their_table_promises(examples: DataFrame) -> None:
    conform(examples, TRAINING_EXAMPLES)
    nulls = [F.count_if(F.col(name).isNull()) for name in examples.columns]
    assert list(examples.agg(*nulls).first() or ()) == [0] * len(nulls)


def test_sequences_labels_and_masks_of_an_example(examples: DataFrame) -> None:
    anna, ben = examples.orderBy("customer_id").collect()
    # The oldest of four events, tea, does not fit, and nothing is known of it any more.
    assert anna["item_indices"] == [1, 3, 2]
    assert anna["type_indices"] == [4, 4, 4]
    assert anna["gap_indices"] == [12, 8, 1]
    assert anna["price_indices"] == [4, 1, 2]
    assert (anna["next_item"], anna["has_next_item"]) == (1, 0.0)
    assert (anna["purchase"], anna["churn"], anna["has_churn"]) == (1.0, 0.0, 1.0)
    assert ben["item_indices"] == [0, 0, 2]
    assert (ben["next_item"], ben["has_next_item"]) == (0, 0.0)
    assert (ben["purchase"], ben["churn"], ben["has_churn"]) == (0.0, 1.0, 0.0)
    assert anna["has_purchase"] == ben["has_purchase"] == 1.0
    assert (anna["next_action"], ben["next_action"]) == (4, 0)
    assert anna["has_next_action"] == ben["has_next_action"] == 1.0
    assert (anna["campaign_id"], anna["has_campaign"]) == ("", 0.0)


def test_the_checksum_is_over_everything_but_the_partition(examples: DataFrame) -> None:
    names = [n for n in examples.columns if n not in ("row_checksum", "split", "run_date")]
    wrong = examples.where(F.xxhash64(*names) != F.col("row_checksum"))
    assert wrong.isEmpty()


def test_examples_and_scoring_encode_alike(snapshots: DataFrame, examples: DataFrame) -> None:
    """The worker's own code, with a model that only notes what it is given."""
    from insight.scoring.worker import LoadedModel, score_batch

    given: dict[str, np.ndarray] = {}

    def predict(inputs: dict[str, np.ndarray]) -> SimpleNamespace:
        given.update(inputs)
        return SimpleNamespace(yes_no={}, next_action=np.ones((2, len(NEXT_ACTIONS))))

    def top_items(_: object, top_k: int, seen: object) -> tuple[np.ndarray, np.ndarray]:
        return np.full((2, top_k), 2), np.zeros((2, top_k))

    predictor = SimpleNamespace(
        shape=SimpleNamespace(sequence_length=LENGTH), predict=predict, top_items=top_items
    )
    model = LoadedModel(predictor, VOCABULARY, STATISTICS)  # type: ignore[arg-type]
    context = F.array(*[F.lit(0.0)] * CONTEXT_WIDTH).cast("array<float>")
    asked = snapshots.withColumn("campaign_context", context).withColumn("state_hash", F.lit(0))
    columns = ("customer_id", "events", "campaign_context", "state_hash", *FEATURES)
    scored = asked.select(*columns).orderBy("customer_id")
    (batch,) = pa.Table.from_batches(scored._collect_as_arrow()).combine_chunks().to_batches()
    score_batch(batch, model, top_k=1, recommend_seen=True)
    rows = examples.orderBy("customer_id").collect()
    assert set(given) == {
        "item_indices",
        "type_indices",
        "gap_indices",
        "price_indices",
        "features",
        "campaign_context",
    }
    for name, values in given.items():
        assert values.tolist() == [row[name] for row in rows], name


@pytest.mark.parametrize(
    ("rows", "ranks", "files", "expected"),
    [
        pytest.param(0, 2, None, 8, id="a small shop keeps eight"),
        pytest.param(1_600_000, 2, None, 8, id="eight files are full"),
        pytest.param(1_600_001, 2, None, 10, id="one row more, for two ranks"),
        pytest.param(0, 3, None, 9, id="a whole number for each rank"),
        pytest.param(0, 64, None, 64, id="one for each rank at least"),
        pytest.param(2_000_000_000, 64, None, 10_048, id="a large shop"),
        pytest.param(2_000_000_000, 64, 5, 5, id="the setting counts"),
    ],
)
def test_examples_are_written_to_as_many_files_as_their_rows_need(
    rows: int, ranks: int, files: int | None, expected: int
) -> None:
    assert files_per_split(rows, ranks=ranks, files=files) == expected
