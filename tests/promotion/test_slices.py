"""Parts of the test rows, and what is measured on them."""

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.encoding.features import FEATURES, FeatureStatistics
from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.measurements import Ring
from insight.promotion.slices import METRICS, measure_slices, slices_of, with_slice_columns
from tests.promotion.conftest import RUN_DATE, customers

ROWS = 200


def test_slices_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "active_days": [0.0, 1.0, 2.0, 30.0] + [9.0] * 6,
            "spent": [0.0, 0.0, 500.0, 90.0] + [80.0] * 6,
            "item_events": [0, 1, 64, 0] + [3] * 6,
            "country": ["", "GB", "GB", "FR"] + [""] * 6,
        }
    )
    slices = {name: np.flatnonzero(mask).tolist() for name, mask in slices_of(rows).items()}
    assert slices == {
        "new": [0, 1],
        "returning": [2, 3, 4, 5, 6, 7, 8, 9],
        "big_spenders": [2],
        "without_item_events": [0, 3],
        "country GB": [1, 2],
        "country FR": [3],
    }


def test_where_nobody_spends_nobody_is_a_big_spender() -> None:
    rows = pd.DataFrame(
        {
            "active_days": [1.0] * 5,
            "spent": [0.0] * 5,
            "item_events": [1] * 5,
            "country": [""] * 5,
        }
    )
    assert not slices_of(rows)["big_spenders"].any()


def test_features_are_read_without_scale_and_log(
    spark: SparkSession, examples: DataFrame, statistics: FeatureStatistics, example_rows
) -> None:
    known = customers(spark, ("c0001", "GB"), ("c0002", None))
    sliced = with_slice_columns(examples, statistics, known, as_of=RUN_DATE)
    found = sliced.where("split = 'test'").orderBy("customer_id").toPandas()
    place = FEATURES.index("amount_365d")
    test = example_rows[example_rows["split"] == "test"]
    values = np.stack(test["features"])[:, place]
    raw = np.expm1(values * statistics.scale[place] + statistics.mean[place])
    np.testing.assert_allclose(found["spent"], raw, rtol=1e-4)
    assert found["country"].tolist()[:3] == ["", "GB", ""]
    lengths = [np.count_nonzero(items) for items in test["item_indices"]]
    assert found["item_events"].tolist() == lengths


@pytest.fixture
def ring() -> Ring:
    purchase = (np.arange(ROWS) % 2).astype(np.float64)
    everyone = np.ones(ROWS, dtype=bool)
    labelled = {"purchase": everyone, "churn": ~everyone, "next_item": everyone}
    slices = {"first_half": np.arange(ROWS) < 100, "few": np.arange(ROWS) < 30}
    happened = {"purchase": purchase, "churn": purchase}
    labels = TestLabels(np.arange(ROWS), happened, labelled, slices)
    return Ring(labels, rounds=20, seed=1)


def test_a_slice_is_measured_on_its_rows_alone(ring: Ring) -> None:
    # Right in the first half, wrong in the second; the item is found in the second alone.
    truth = np.arange(ROWS) % 2
    said = np.where(np.arange(ROWS) < 100, truth, 1 - truth) * 0.8 + 0.1
    contender = Contender("challenger", "1", {"purchase": said}, np.repeat([99.0, 1.0], 100))
    found = {(m.slice, m.task, m.metric): m for m in measure_slices(ring, contender)}
    assert {metric for _, _, metric in found} <= METRICS
    assert found["first_half", "purchase", "auc"].estimate.value == 1.0
    assert found["first_half", "purchase", "auc"].row_count == 100
    assert found["first_half", "next_item", "ndcg10"].estimate.value == 0.0
    # Fifteen of each answer are too few to say anything; thirty next items are enough.
    assert ("few", "purchase", "auc") not in found
    assert ("few", "next_item", "ndcg10") in found
