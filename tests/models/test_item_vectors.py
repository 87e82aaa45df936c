"""Items that also start from what is said of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from insight.encoding.vocabulary import Vocabulary
from insight.errors import ModelDamagedError
from insight.models.blend import ALONE
from insight.models.calibration import LogitScale, save_calibration
from insight.models.customer_model import CustomerModel
from insight.models.item_table import ItemTable
from insight.models.item_vectors import save_vectors
from insight.models.predictor import Predictor
from insight.models.shape import ModelShape
from insight.models.weight_file import save_weights
from insight.models.weights import set_weights, weights_of
from tests.training.examples import ITEMS, example_columns, small_categories, small_shape

VECTORS = np.random.default_rng(3).normal(size=(ITEMS, 3)).astype(np.float32)
KINDS = ("frozen", "fine_tuned")


def _shape(kind: str) -> ModelShape:
    width = 0 if kind == "none" else 3
    return small_shape(encoder="transformer", item_vectors=kind, vector_width=width)


def _randomised(model: CustomerModel, seed: int = 0) -> CustomerModel:
    random = np.random.default_rng(seed)
    for variable in model.variables:
        variable.assign(random.normal(size=variable.shape))
    return model


def test_an_item_is_its_embedding_and_its_projected_vector():
    shape = replace(_shape("frozen"), vocabulary_size=4, category_count=2, width=2)
    vectors = np.array([[0, 0, 0], [0, 0, 0], [1, 0, 2], [0, 0, 0]], np.float32)
    items = ItemTable(shape, np.array([0, 1, 1, 1]), vectors)
    own, of_category, *_, projection = items.trainable_weights
    own.assign(np.ones((4, 2)))
    of_category.assign(np.zeros((2, 2)))
    projection.assign([[1, 2], [9, 9], [0, 10]])
    # 1 * (1, 2) + 2 * (0, 10) beside (1, 1); the last item has no vector.
    np.testing.assert_allclose(items(np.array([2, 3])), [[2, 23], [1, 1]])
    np.testing.assert_allclose(items.whole().embeddings, [[0, 0], [0, 0], [2, 23], [1, 1]])


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_begins_as_one_without_vectors(kind):
    plain = _randomised(CustomerModel(_shape("none"), small_categories()))
    model = CustomerModel(_shape(kind), small_categories(), VECTORS)
    same = dict(zip(map(_name, weights_of(plain)), weights_of(plain).values(), strict=True))
    set_weights(model, {n: same.get(_name(n), w) for n, w in weights_of(model).items()})
    rows = example_columns(5)
    np.testing.assert_array_equal(model.items.whole().embeddings, plain.items.whole().embeddings)
    np.testing.assert_array_equal(model(rows).queries, plain(rows).queries)


def _name(place_and_name: str) -> str:
    return place_and_name.partition("/")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_predicts_the_same_once_it_is_read_again(kind, tmp_path):
    vocabulary = Vocabulary(tuple(f"i{n}" for n in range(2, ITEMS)), ("a", "b") * 9)
    model = _randomised(CustomerModel(_shape(kind), vocabulary.category_of_item, VECTORS))
    member = tmp_path / "member_0"
    member.mkdir()
    vocabulary.save(tmp_path)
    model.shape.save(member)
    ALONE.save(member)
    save_calibration(member, dict.fromkeys(("purchase", "churn"), LogitScale((1.0, 1.0))))
    save_weights(member, weights_of(model))
    if kind == "frozen":
        with pytest.raises(ModelDamagedError, match="item vectors"):
            Predictor.load(tmp_path)
        save_vectors(tmp_path, VECTORS)
    predictor, rows = Predictor.load(tmp_path), example_columns(5)
    said = predictor.predict(rows)
    np.testing.assert_allclose(said.members[0].queries, model(rows).queries[:, 0], atol=1e-5)
    scores = predictor.item_scores(said)
    save_weights(member, {**weights_of(model), "000/items": np.zeros((ITEMS, 8), np.float32)})
    # What the vectors say alone still tells items apart.
    assert np.ptp(Predictor.load(tmp_path).item_scores(said)[:, 2:]) > 0
    assert not np.allclose(Predictor.load(tmp_path).item_scores(said), scores)


@pytest.mark.parametrize("wrong", [VECTORS[1:], VECTORS[:, :2], VECTORS * np.nan])
def test_vectors_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ModelDamagedError, match="item vectors"):
        CustomerModel(_shape("frozen"), small_categories(), wrong)


def test_only_what_is_trained_along_is_a_weight():
    def trained(kind: str) -> set[str]:
        model = CustomerModel(_shape(kind), small_categories(), VECTORS)
        return {_name(name) for name in weights_of(model)}

    assert trained("frozen") - trained("none") == {"vector_projection"}
    assert trained("fine_tuned") - trained("frozen") == {"vectors"}


def test_a_shape_from_before_there_were_vectors_has_none(tmp_path):
    shape = small_shape()
    shape.save(tmp_path)
    file = tmp_path / "shape.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({n: v for n, v in content.items() if "vector" not in n}))
    assert ModelShape.load(tmp_path) == shape
