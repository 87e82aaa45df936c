"""Small examples with known laws, for everything that judges models."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics
from insight.encoding.tasks import CONTEXT_WIDTH, NEXT_ACTIONS
from insight.local_frames import local_frame
from insight.tables import CUSTOMERS, TRAINING_EXAMPLES

RUN_DATE = date(2024, 3, 31)
CUTOFF_AT = {
    # Midnight at the end of the last of January, February and the first of March.
    "train": 1_706_745_600,
    "validation": 1_709_251_200,
    "test": 1_709_337_600,
}
CUSTOMER_COUNT = 400
LENGTH = 4


def customers(spark: SparkSession, *known: tuple[str, str | None]) -> DataFrame:
    """Rows of customers of whom the country alone is known, or nothing."""
    nothing = (None,) * 4
    rows = [(name, *nothing, country, None, RUN_DATE, RUN_DATE) for name, country in known]
    return local_frame(spark, rows, CUSTOMERS.schema)


@pytest.fixture(scope="session")
def statistics() -> FeatureStatistics:
    count = len(FEATURES)
    return FeatureStatistics(
        names=FEATURES,
        transforms=("log1p",) * count,
        mean=tuple(0.5 + i for i in range(count)),
        scale=tuple(1.0 + i / 10 for i in range(count)),
        has_mask=tuple(name in NULLABLE for name in FEATURES),
    )


@pytest.fixture(scope="session")
def example_rows(statistics: FeatureStatistics) -> pd.DataFrame:
    """Customers who buy the likelier, and leave the less, the fresher their last order.

    A fifth has no known order. The next item is mostly 2, else 3, else unknown (1). The last
    place of the sequences is an answer sheet, which no baseline reads: type holds the next item,
    gap 1 + churn, price 1 + purchase. Every second customer is shown a campaign, and answers the
    likelier the higher the first number of its context.
    """
    random = np.random.default_rng(8)
    parts = [_split(random, split, statistics) for split in CUTOFF_AT]
    return pd.concat(parts, ignore_index=True)


def _split(random: np.random.Generator, split: str, statistics: FeatureStatistics) -> pd.DataFrame:
    features = random.normal(size=(CUSTOMER_COUNT, statistics.width)).astype(np.float32)
    features[:, len(FEATURES) :] = 0
    days = FEATURES.index("days_since_last_order")
    missing = random.random(CUSTOMER_COUNT) < 0.2
    features[missing, days] = 0
    features[missing, len(FEATURES) + sum(statistics.has_mask[:days])] = 1
    silence = np.where(missing, 3.0, features[:, days])
    chance = 1 / (1 + np.exp(2 * silence - features[:, 0]))
    sequences = random.integers(1, 6, size=(4, CUSTOMER_COUNT, LENGTH))
    next_item = random.choice([2, 2, 2, 3, 1, 0], CUSTOMER_COUNT)
    purchase = random.random(CUSTOMER_COUNT) < chance
    churn = random.random(CUSTOMER_COUNT) > chance
    sequences[1:, :, -1] = next_item, 1 + churn, 1 + purchase
    context = random.normal(size=(CUSTOMER_COUNT, CONTEXT_WIDTH)).astype(np.float32)
    answers = random.random(CUSTOMER_COUNT) < 1 / (1 + np.exp(-3 * context[:, 0]))
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(CUSTOMER_COUNT)],
            "cutoff_at": CUTOFF_AT[split],
            **{
                name: list(sequences[i])
                for i, name in enumerate(
                    ("item_indices", "type_indices", "gap_indices", "price_indices")
                )
            },
            "features": list(features),
            "next_item": next_item,
            "purchase": purchase.astype(float),
            "has_purchase": 1.0,
            "churn": churn.astype(float),
            "has_churn": (~missing).astype(float),
            "campaign_id": "",
            "campaign_context": list(context),
            "campaign": answers.astype(float),
            "has_campaign": np.arange(CUSTOMER_COUNT) % 2.0,
            "next_action": np.where(purchase, NEXT_ACTIONS.index("purchase"), 0),
            "has_next_action": 1.0,
            "row_checksum": np.arange(CUSTOMER_COUNT),
            "split": split,
            "run_date": RUN_DATE,
        }
    ).assign(has_next_item=lambda rows: (rows["next_item"] > 1).astype(float))


@pytest.fixture(scope="session")
def examples(spark: SparkSession, example_rows: pd.DataFrame) -> DataFrame:
    names = TRAINING_EXAMPLES.column_names
    lists = [
        name
        for name in names
        if name.endswith("indices") or name in ("features", "campaign_context")
    ]
    rows = example_rows[names].copy()
    for name in lists:
        rows[name] = [row.tolist() for row in rows[name]]
    records = list(rows.itertuples(index=False, name=None))
    frame = local_frame(spark, records, TRAINING_EXAMPLES.schema)
    # Out of order and in several parts, as files of a lake are.
    return frame.repartition(3, "customer_id").cache()
