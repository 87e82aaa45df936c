"""The rivals that README's tables rest on, on shops whose answer is plain."""

import numpy as np
import pandas as pd
import pytest

from bench.tasks import rivals
from bench.tasks.rivals import Splits, bgnbd_contender, lightgbm_contender, rfm_contender
from bench.tasks.shops import Split
from insight.encoding.features import FeatureStatistics

NAMES = rivals._RFM
STATISTICS = FeatureStatistics(
    NAMES, ("none",) * 3, (0.0,) * 3, (1.0,) * 3, (False,) * 3, "standard"
)
DAY = 86_400


def _split(rows: int, seed: int, *, buys_if_recent: bool = True) -> Split:
    """Who ordered lately buys (or never does), whatever else is known."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(rows, len(NAMES))).astype(np.float32)
    bought = (features[:, 0] < 0) & buys_if_recent
    labels = {"purchase": bought.astype(np.float32), "has_purchase": np.ones(rows, np.float32)}
    frame = pd.DataFrame({"campaign_id": [""] * rows, **labels})
    return Split(frame, features, np.zeros((rows, 4), np.float32))


@pytest.fixture
def splits() -> Splits:
    return Splits(_split(300, 0), _split(200, 1), _split(100, 2), _split(50, 3))


def test_everyone_learns_from_all_rows_whose_labels_are_known(splits):
    features, labels = splits.known.labelled("purchase")
    assert len(features) == len(labels) == 600


def test_recency_frequency_and_money_find_who_ordered_lately(splits):
    said = rfm_contender(splits, ["purchase"], STATISTICS).probabilities["purchase"]
    bought = splits.test.rows["purchase"].to_numpy() > 0
    assert np.mean(said[bought]) > 0.8
    assert np.mean(said[~bought]) < 0.2


def test_boosted_trees_learn_from_the_newest_rows_too(splits, monkeypatch):
    monkeypatch.setattr(rivals, "TRIALS", 2)
    usual = lightgbm_contender(splits, ["purchase"], seed=1).probabilities["purchase"]
    bought = splits.test.rows["purchase"].to_numpy() > 0
    assert usual[bought].min() > usual[~bought].max()
    # Lately nobody buys: the chance of those who would have bought is lower then.
    quiet = splits._replace(recalibration=_split(400, 2, buys_if_recent=False))
    lately = lightgbm_contender(quiet, ["purchase"], seed=1).probabilities["purchase"]
    assert lately[bought].mean() < usual[bought].mean() - 0.2


def test_bg_nbd_expects_a_loyal_customer_back_and_a_lost_one_not():
    rows = 40
    cutoff = pd.Timestamp("2017-11-01")
    loyal = [number % 2 == 0 for number in range(rows)]
    orders = pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(rows)],
            "first": pd.Timestamp("2017-01-01") + pd.to_timedelta(np.arange(rows), unit="D"),
            "last": [cutoff - pd.Timedelta(days=3 if each else 250) for each in loyal],
            "count": [30 + number % 5 if each else 4 for number, each in enumerate(loyal)],
        }
    )
    asked = [*orders["customer_id"], "never ordered", "c0"]
    test = pd.DataFrame(
        {
            "customer_id": asked,
            "campaign_id": [""] * (rows + 1) + ["of a campaign"],
            "cutoff_at": cutoff.timestamp() + DAY,
        }
    )
    empty = np.zeros((len(asked), 1), np.float32)
    said = bgnbd_contender(orders, Split(test, empty, empty)).probabilities
    buys, leaves = said["purchase"], said["churn"]
    assert buys[:rows:2].min() > buys[1:rows:2].max()
    assert leaves[:rows:2].max() < leaves[1:rows:2].min()
    assert buys[rows] == pytest.approx(0.0, abs=1e-5)
    assert buys[rows + 1] == 0.5
