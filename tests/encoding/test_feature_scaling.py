"""Features as the model reads them: scaled, masked, finite."""

import math
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics, transform_of
from insight.tables import CUSTOMER_FEATURES

STATISTICS = FeatureStatistics(
    names=("orders", "days", "share"),
    transforms=("log1p", "log1p", "none"),
    mean=(1.0, 2.0, 0.5),
    scale=(2.0, 1.0, 0.25),
    has_mask=(False, True, True),
)


def _normalised(orders: object, days: object, share: object) -> list[float]:
    columns = {"share": [share], "other": ["x"], "orders": [orders], "days": [days]}
    batch = pa.RecordBatch.from_pydict(columns)
    return [float(value) for value in STATISTICS.normalise(batch)[0]]


def test_values_are_scaled_in_the_models_order_then_come_the_masks() -> None:
    actual = _normalised(orders=3, days=0, share=1.0)
    expected = [(math.log(4) - 1) / 2, -2.0, 2.0, 0.0, 0.0]
    assert actual == pytest.approx(expected, abs=1e-6)
    assert STATISTICS.width == 5


def test_a_missing_value_is_the_mean_and_is_marked() -> None:
    assert _normalised(orders=3, days=None, share=0.5)[1:] == pytest.approx([0, 0, 1, 0], abs=1e-6)
    assert _normalised(orders=3, days=0, share=None)[2:] == pytest.approx([0, 0, 1], abs=1e-6)


def test_damaged_values_stay_finite_and_within_ten_deviations() -> None:
    assert _normalised(orders=-5, days=0, share=1e9)[:3] == pytest.approx([-0.5, -2, 10], abs=1e-6)
    for value in (float("inf"), float("-inf"), float("nan")):
        assert all(math.isfinite(x) and abs(x) <= 10 for x in _normalised(3, 0, value))


def test_every_feature_of_the_table_is_read_in_its_order() -> None:
    numeric = {"bigint", "double"}
    columns = [column for column in CUSTOMER_FEATURES.columns if column.type in numeric]
    assert list(FEATURES) == [column.name for column in columns]
    assert {column.name for column in columns if column.nullable} == NULLABLE
    # Texts describe a customer to people; the model reads numbers.
    assert not {"top_category", "age_band", "customer_id", "feature_date"} & {*FEATURES}


def test_long_tails_are_read_as_logarithms_and_shares_are_not() -> None:
    plain = [name for name in FEATURES if transform_of(name) == "none"]
    assert "discount_share_90d" in plain
    assert all("share" in name for name in plain)


def test_saved_statistics_are_loaded_as_they_were(tmp_path: Path) -> None:
    STATISTICS.save(tmp_path)
    loaded = FeatureStatistics.load(tmp_path)
    assert loaded == STATISTICS
    assert loaded.fingerprint == STATISTICS.fingerprint
    changed = replace(STATISTICS, mean=(1.0, 2.0, 0.6))
    assert changed.fingerprint != STATISTICS.fingerprint
