"""How much a regression is held back is chosen on validation, for each task by itself."""

from pathlib import Path

import numpy as np
import pytest

from insight.models.customer_model import CustomerModel
from insight.training import wide
from insight.training.group import SoloGroup
from insight.training.regression import Labelled, Problem, fit_logistic_regressions
from insight.training.shard import Shard
from insight.training.wide import RIDGES, LabelledBlocks, refit_wide_parts, set_wide_parts
from tests.training.examples import (
    example_columns,
    small_categories,
    small_shape,
    write_file,
    write_split,
)


def _columns(rows: int, *, seed: int) -> dict[str, np.ndarray]:
    """Purchase follows nothing at all, churn the sign of the second feature."""
    purchase = np.random.default_rng(seed).permutation(np.arange(rows) % 2)
    return {**example_columns(rows, seed=seed), "purchase": purchase.astype(np.float32)}


def _purchase_coefficients(columns: dict[str, np.ndarray], ridge: float) -> np.ndarray:
    rows = Labelled(*(columns[name] for name in ("features", "purchase", "has_purchase")))
    problem, width = Problem("purchase", ridge), rows.features.shape[1]
    blocks, group = [{"purchase": rows}], SoloGroup()
    (found,) = fit_logistic_regressions(blocks, [problem], {"purchase": width}, group)
    return found.coefficients


def test_what_features_do_not_tell_is_held_back(tmp_path: Path) -> None:
    few, many = _columns(40, seed=1), _columns(400, seed=2)
    shards = [
        Shard((write_file(tmp_path / f"{name}.parquet", columns),), 0, 1)
        for name, columns in (("train", few), ("validation", many))
    ]
    model = CustomerModel(small_shape(), small_categories())
    set_wide_parts(model, *shards, SoloGroup())
    purchase, churn, _ = (head._wide.get_weights()[0] for head in model.yes_no)
    freely = _purchase_coefficients(few, 1.0)
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
    expected = _purchase_coefficients(both, ridges["purchase"])
    np.testing.assert_allclose(model.yes_no[0]._wide.get_weights()[0][:, 0], expected, atol=1e-4)


def test_rows_that_are_not_held_come_from_files_in_small_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = [Shard(write_split(tmp_path / name, [60, 50, 40], seed=7), 0, 1) for name in "tv"]
    fitted = []
    for held_bytes, block_rows in ((2**20, 1_000), (6_000, 32)):
        monkeypatch.setattr(wide, "HELD_BYTES", held_bytes)
        monkeypatch.setattr(wide, "BLOCK_ROWS", block_rows)
        model = CustomerModel(small_shape(), small_categories())
        ridges = set_wide_parts(model, *shards, SoloGroup())
        fitted.append((ridges, [head._wide.get_weights() for head in model.yes_no]))
    (ridges, whole), (again, streamed) = fitted
    assert again == ridges
    for one, other in zip(whole, streamed, strict=True):
        np.testing.assert_allclose(one[0], other[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(one[1], other[1], rtol=0, atol=1e-6)


def test_no_more_than_a_block_of_rows_is_in_memory_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wide, "HELD_BYTES", 0)
    monkeypatch.setattr(wide, "BLOCK_ROWS", 32)
    blocks = LabelledBlocks([Shard(write_split(tmp_path / "t", [60, 50, 40]), 0, 1)])
    first, again, third = ([block["campaign"] for block in blocks] for _ in range(3))
    assert [len(rows.labels) for rows in first] == [32, 32, 32, 32, 22]
    assert blocks._held == []
    for later in (again, third):
        for rows, read in zip(first, later, strict=True):
            for one, other in zip(rows, read, strict=True):
                np.testing.assert_array_equal(one, other)
    blocks.close()
