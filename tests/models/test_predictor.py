import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from insight.encoding.sequences import ANY_EVENT, EVENT_TYPES
from insight.encoding.vocabulary import Vocabulary
from insight.errors import ModelDamagedError
from insight.models import predictor as predictor_module
from insight.models.arrays import NEVER
from insight.models.blend import ALONE, Blend
from insight.models.calibration import LogitScale, save_calibration
from insight.models.cooccurrence import CoOccurrence, PairWeights, count_pairs
from insight.models.customer_model import CustomerModel
from insight.models.member import Member
from insight.models.predictor import Predictor
from insight.models.repeats import seen_of
from insight.models.shape import ModelShape
from insight.models.weight_file import load_weights, save_weights
from insight.models.weights import weights_of
from tests.training.examples import ITEMS, example_columns, small_shape

VOCABULARY = Vocabulary(
    tuple(f"i{n}" for n in range(2, ITEMS)), tuple("ab"[n % 2] for n in range(2, ITEMS))
)
SCALES = {"purchase": LogitScale((2.0, 1.0), 0.5), "churn": LogitScale((1.0, 0.0), -0.5)}


@pytest.fixture
def folder(tmp_path):
    model = CustomerModel(small_shape(), VOCABULARY.category_of_item)
    random = np.random.default_rng(0)
    weights = {
        name: random.normal(size=value.shape).astype(np.float32)
        for name, value in weights_of(model).items()
    }
    VOCABULARY.save(tmp_path)
    _save_member(tmp_path / "member_0", weights)
    return tmp_path


def _save_member(folder: Path, weights: dict[str, np.ndarray], blend: Blend = ALONE) -> None:
    folder.mkdir()
    small_shape().save(folder)
    blend.save(folder)
    save_calibration(folder, SCALES)
    save_weights(folder, weights)


@pytest.fixture
def ensemble(folder):
    """Two members that differ, and pairs that only the second one hears."""
    weights = load_weights(folder / "member_0")
    _save_member(folder / "member_1", {n: w * 0.5 for n, w in weights.items()}, Blend(1.0, 0.1))
    pairs = PairWeights(window=2)
    count_pairs(example_columns(50, seed=8)["item_indices"], ITEMS, pairs).save(folder)
    return folder


def test_a_model_read_from_disk_predicts_the_same_in_any_batches(folder):
    inputs = example_columns(10)
    first = Predictor.load(folder).predict(inputs)
    second = Predictor.load(folder).predict(inputs, batch=3)
    np.testing.assert_allclose(first.yes_no["purchase"], second.yes_no["purchase"], atol=1e-6)
    np.testing.assert_allclose(first.members[0].queries, second.members[0].queries, atol=1e-5)
    assert first.yes_no["churn"].min() >= 0
    assert first.yes_no["churn"].max() <= 1
    np.testing.assert_allclose(first.next_action.sum(axis=1), 1.0, rtol=1e-5)


def test_what_has_no_calibration_has_no_probability(folder):
    # The scales of this model name purchase and churn alone.
    said = Predictor.load(folder).predict(example_columns(3))
    assert np.isnan(said.yes_no["campaign"]).all()


def test_the_campaign_asked_about_changes_that_answer_alone(folder):
    save_calibration(folder / "member_0", {**SCALES, "campaign": LogitScale((1.0, 1.0))})
    model, inputs = Predictor.load(folder), example_columns(5)
    said = model.predict(inputs)
    other = model.predict({**inputs, "campaign_context": inputs["campaign_context"] + 1})
    assert (said.yes_no["campaign"] != other.yes_no["campaign"]).all()
    np.testing.assert_array_equal(said.yes_no["purchase"], other.yes_no["purchase"])
    np.testing.assert_array_equal(said.next_action, other.next_action)


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


@pytest.mark.parametrize("seen_by", [("purchase",), ("view", "cart", "purchase"), ANY_EVENT])
def test_a_model_without_repeats_never_recommends_what_was_seen(tmp_path, seen_by):
    shape = small_shape(repeats=False, seen_by=seen_by)
    shape.save(tmp_path)
    shape = ModelShape.load(tmp_path)
    assert shape.seen_by == seen_by
    encoder = CustomerModel(shape, VOCABULARY.category_of_item)
    inputs = example_columns(7)
    kinds = inputs["type_indices"]
    model = Predictor([Member(encoder, {}, ALONE)])
    scores = model.item_scores(model.predict(inputs))
    wanted = [1 + n for n, kind in enumerate(("", *EVENT_TYPES)) if kind in seen_by]
    is_seen = np.isin(kinds, wanted) if seen_by != ANY_EVENT else kinds >= 0
    items = np.where(is_seen, inputs["item_indices"], 0)
    expected = np.zeros(scores.shape, bool)
    np.put_along_axis(expected, items, True, axis=1)
    expected[:, :2] = True
    np.testing.assert_array_equal(scores <= NEVER, expected)
    # The graph that validates a training says the same.
    batch = {name: tf.constant(values) for name, values in inputs.items()}
    np.testing.assert_array_equal(seen_of(shape, batch).numpy(), items)


def test_a_shape_saved_before_it_named_what_is_seen_means_every_event(tmp_path):
    small_shape(repeats=False, seen_by=("purchase",)).save(tmp_path)
    file = tmp_path / "shape.json"
    content = json.loads(file.read_text())
    del content["seen_by"]
    file.write_text(json.dumps(content))
    assert ModelShape.load(tmp_path) == small_shape(repeats=False)


def test_no_customers_give_empty_lists(folder):
    model = Predictor.load(folder)
    predictions = model.predict(example_columns(0))
    assert len(predictions) == 0
    assert model.top_items(predictions, 3)[0].shape == (0, 3)


def test_weights_that_can_run_code_are_refused(folder):
    with (folder / "member_0" / "weights.npz").open("wb") as file:
        np.savez(file, harm=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(ModelDamagedError, match="weights"):
        Predictor.load(folder)


@pytest.mark.parametrize("harm", ["missing", "extra", "size", "nan"])
def test_weights_that_do_not_fit_are_refused(folder, harm):
    weights = load_weights(folder / "member_0")
    name = next(iter(weights))
    if harm == "missing":
        del weights[name]
    elif harm == "extra":
        weights["more"] = np.zeros(1, np.float32)
    else:
        weights[name] = weights[name][1:] if harm == "size" else weights[name] * np.nan
    save_weights(folder / "member_0", weights)
    with pytest.raises(ModelDamagedError, match="do not fit"):
        Predictor.load(folder)


def test_a_shape_of_another_code_version_is_refused(folder):
    file = folder / "member_0" / "shape.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"wings": 2}))
    with pytest.raises(ModelDamagedError, match="wings"):
        Predictor.load(folder)


def test_an_ensemble_averages_probabilities_of_its_members(ensemble):
    inputs = example_columns(6)
    both = Predictor.load(ensemble)
    together = both.predict(inputs)
    alone = []
    for number in (0, 1):
        member = Predictor(both._members[number : number + 1], both._counted)
        said = member.predict(inputs)
        alone.append((said, member.item_scores(said)))
    mean = np.mean([said.yes_no["purchase"] for said, _ in alone], axis=0)
    np.testing.assert_allclose(together.yes_no["purchase"], mean, atol=1e-6)
    mean = np.mean([said.next_action for said, _ in alone], axis=0)
    np.testing.assert_allclose(together.next_action, mean, atol=1e-6)
    chances = [np.exp(scores[:, 2:]) for _, scores in alone]
    shares = np.mean([each / each.sum(axis=1, keepdims=True) for each in chances], axis=0)
    np.testing.assert_allclose(np.exp(both.item_scores(together)[:, 2:]), shares, rtol=1e-3)
    assert (both.item_scores(together)[:, :2] == NEVER).all()
    # What is left out is left out of the average, not of each opinion.
    seen = inputs["item_indices"]
    scores = both.item_scores(together)
    np.put_along_axis(scores, seen, NEVER, axis=1)
    indices, values = both.top_items(together, 5, seen=seen)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, expected, axis=1))


def test_a_member_hears_what_was_counted_as_much_as_its_blend_says(ensemble):
    both = Predictor.load(ensemble)
    counted = CoOccurrence.load_or_none(ensemble)
    inputs = example_columns(6)
    hears, alone = (Predictor(both._members[1:], each) for each in (counted, None))
    said = alone.predict(inputs)
    gained = hears.item_scores(said)[:, 2:] - alone.item_scores(said)[:, 2:]
    strengths = counted.strengths(inputs["item_indices"]).toarray()[:, 2:]
    np.testing.assert_allclose(gained, np.log1p(strengths / 0.1), atol=1e-4)
    assert gained.max() > 0


def test_a_folder_without_a_member_is_refused(tmp_path):
    VOCABULARY.save(tmp_path)
    with pytest.raises(ModelDamagedError, match="no member_0"):
        Predictor.load(tmp_path)
