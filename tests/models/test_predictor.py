import json

import numpy as np
import pytest

from insight.encoding.vocabulary import Vocabulary
from insight.errors import ModelDamagedError
from insight.models import predictor as predictor_module
from insight.models.calibration import LogitScale, save_calibration
from insight.models.customer_model import CustomerModel
from insight.models.predictor import Predictor
from insight.models.weight_file import load_weights, save_weights
from insight.models.weights import weights_of
from tests.training.examples import ITEMS, example_columns, small_shape

VOCABULARY = Vocabulary(
    tuple(f"i{n}" for n in range(2, ITEMS)), tuple("ab"[n % 2] for n in range(2, ITEMS))
)
SCALES = {"purchase": LogitScale((2.0, 1.0), 0.5), "churn": LogitScale((1.0, 0.0), -0.5)}


@pytest.fixture
def folder(tmp_path):
    shape = small_shape()
    model = CustomerModel(shape, VOCABULARY.category_of_item)
    random = np.random.default_rng(0)
    weights = {
        name: random.normal(size=value.shape).astype(np.float32)
        for name, value in weights_of(model).items()
    }
    shape.save(tmp_path)
    VOCABULARY.save(tmp_path)
    save_calibration(tmp_path, SCALES)
    save_weights(tmp_path, weights)
    return tmp_path


def test_a_model_read_from_disk_predicts_the_same_in_any_batches(folder):
    inputs = example_columns(10)
    first = Predictor.load(folder).predict(inputs)
    second = Predictor.load(folder).predict(inputs, batch=3)
    np.testing.assert_allclose(first.purchase, second.purchase, atol=1e-6)
    np.testing.assert_allclose(first.queries, second.queries, atol=1e-5)
    assert first.churn.min() >= 0
    assert first.churn.max() <= 1


def test_the_list_is_the_start_of_the_full_ranking(folder, monkeypatch):
    # Blocks of two customers, to prove that blocks change nothing.
    monkeypatch.setattr(predictor_module, "BLOCK_CELLS", 2 * ITEMS)
    model = Predictor.load(folder)
    predictions = model.predict(example_columns(7))
    indices, scores = model.top_items(predictions, 5)
    full = model.item_scores(predictions)
    np.testing.assert_array_equal(indices, np.argsort(-full, axis=1, kind="stable")[:, :5])
    np.testing.assert_allclose(scores, -np.sort(-full, axis=1)[:, :5], atol=1e-5)
    assert indices.min() >= 2


def test_items_seen_can_be_left_out(folder):
    model = Predictor.load(folder)
    predictions = model.predict(example_columns(7))
    own = predictions.item_indices
    indices, _ = model.top_items(predictions, 10, seen=own)
    assert not any(set(row) & set(seen) for row, seen in zip(indices, own, strict=True))


def test_no_customers_give_empty_lists(folder):
    model = Predictor.load(folder)
    predictions = model.predict(example_columns(0))
    assert len(predictions) == 0
    assert model.top_items(predictions, 3)[0].shape == (0, 3)


def test_weights_that_can_run_code_are_refused(folder):
    with (folder / "weights.npz").open("wb") as file:
        np.savez(file, harm=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(ModelDamagedError, match="weights"):
        Predictor.load(folder)


@pytest.mark.parametrize("harm", ["missing", "extra", "size", "nan"])
def test_weights_that_do_not_fit_are_refused(folder, harm):
    weights = load_weights(folder)
    name = next(iter(weights))
    if harm == "missing":
        del weights[name]
    elif harm == "extra":
        weights["more"] = np.zeros(1, np.float32)
    else:
        weights[name] = weights[name][1:] if harm == "size" else weights[name] * np.nan
    save_weights(folder, weights)
    with pytest.raises(ModelDamagedError, match="do not fit"):
        Predictor.load(folder)


def test_a_shape_of_another_code_version_is_refused(folder):
    shape = json.loads((folder / "shape.json").read_text())
    (folder / "shape.json").write_text(json.dumps(shape | {"wings": 2}))
    with pytest.raises(ModelDamagedError, match="wings"):
        Predictor.load(folder)
