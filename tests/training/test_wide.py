"""How much a regression is held back is chosen on validation, for each task by itself."""

from pathlib import Path

import numpy as np

from insight.models.customer_model import CustomerModel
from insight.training.group import SoloGroup
from insight.training.regression import fit_logistic_regression
from insight.training.shard import Shard
from insight.training.wide import RIDGES, refit_wide_parts, set_wide_parts
from tests.training.examples import example_columns, small_categories, small_shape, write_file


def _columns(rows: int, *, seed: int) -> dict[str, np.ndarray]:
    """Purchase follows nothing at all, churn the sign of the second feature."""
    purchase = np.random.default_rng(seed).permutation(np.arange(rows) % 2)
    return {**example_columns(rows, seed=seed), "purchase": purchase.astype(np.float32)}


def test_what_features_do_not_tell_is_held_back(tmp_path: Path) -> None:
    few, many = _columns(40, seed=1), _columns(400, seed=2)
    shards = [
        Shard((write_file(tmp_path / f"{name}.parquet", columns),), 0, 1)
        for name, columns in (("train", few), ("validation", many))
    ]
    model = CustomerModel(small_shape(), small_categories())
    set_wide_parts(model, *shards, SoloGroup())
    purchase, churn, _ = (head._wide.get_weights()[0] for head in model.yes_no)
    everyone = np.ones(40, np.float32)
    freely, _ = fit_logistic_regression(
        few["features"], few["purchase"], everyone, SoloGroup(), 1.0
    )
    assert np.abs(purchase).max() < np.abs(freely).max() / 3
    assert churn[1, 0] > 1.0


def test_refitted_with_its_ridge_a_regression_knows_the_rows_of_both_splits(tmp_path: Path) -> None:
    first, second = example_columns(60, seed=1), example_columns(80, seed=2)
    shards = [
        Shard((write_file(tmp_path / f"{name}.parquet", columns),), 0, 1)
        for name, columns in (("train", first), ("validation", second))
    ]
    model = CustomerModel(small_shape(), small_categories())
    ridges = set_wide_parts(model, *shards, SoloGroup())
    assert set(ridges.values()) <= set(RIDGES)
    refit_wide_parts(model, shards, ridges, SoloGroup())
    both = {name: np.concatenate([first[name], second[name]]) for name in first}
    expected, _ = fit_logistic_regression(
        both["features"], both["purchase"], both["has_purchase"], SoloGroup(), ridges["purchase"]
    )
    np.testing.assert_allclose(model.yes_no[0]._wide.get_weights()[0][:, 0], expected, atol=1e-4)
