from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import Vocabulary
from insight.errors import ModelDamagedError
from insight.models.customer_model import CustomerModel
from insight.models.weight_file import save_weights
from insight.models.weights import start_from, weights_of
from insight.registry.manifest import write_manifest
from insight.registry.version import ModelVersion
from insight.training.planning import _starts
from insight.training.warm_start import start_of
from tests.training.examples import ITEMS, WIDTH, small_shape

OWN = Vocabulary(tuple(f"i{n}" for n in range(2, ITEMS)), ("a", "b") * 9)
TONIGHT = Vocabulary(("new", "i5", "i2"), ("c", "b", "a"))
"""Item i5 was at index 5, i2 at 2; category a at 2 and b at 3."""

STATISTICS = FeatureStatistics(
    tuple("xyz"), ("none",) * WIDTH, (0.0,) * WIDTH, (1.0,) * WIDTH, (False,) * WIDTH
)
SHAPE = small_shape(vocabulary_size=TONIGHT.size, category_count=TONIGHT.category_count)


@pytest.fixture
def champion(tmp_path):
    member = tmp_path / "member_0"
    member.mkdir()
    small_shape().save(member)
    OWN.save(tmp_path)
    STATISTICS.save(tmp_path)
    model = CustomerModel(small_shape(), OWN.category_of_item)
    random = np.random.default_rng(0)
    for variable in model.variables:
        variable.assign(random.normal(size=variable.shape))
    save_weights(member, weights_of(model))
    return tmp_path, weights_of(model)


def test_items_keep_their_weights_at_their_new_places(champion):
    folder, old = champion
    (start,) = start_of(folder, [SHAPE], TONIGHT, STATISTICS)
    before = CustomerModel(SHAPE, TONIGHT.category_of_item)
    fresh = weights_of(before)
    start_from(before, start)
    found = weights_of(before)
    items, categories = "000/items", "001/categories"
    np.testing.assert_array_equal(found[items][[0, 1, 3, 4]], old[items][[0, 1, 5, 2]])
    np.testing.assert_array_equal(found[categories][[2, 3]], old[categories][[2, 3]])
    # What the champion has never met begins as in a new model.
    np.testing.assert_array_equal(found[items][2], fresh[items][2])
    np.testing.assert_array_equal(found[categories][4], fresh[categories][4])
    kernel = "004/customer_model/types/embeddings"
    np.testing.assert_array_equal(found[kernel], old[kernel])
    assert all(np.isfinite(values).all() for values in found.values())


def test_a_new_items_vector_begins_as_its_text_says(champion):
    folder, _ = champion
    kind = {"item_vectors": "fine_tuned", "vector_width": 2}
    before = CustomerModel(small_shape(**kind), OWN.category_of_item)
    (name,) = (name for name in weights_of(before) if name.endswith("/vectors"))
    learnt = np.arange(2 * ITEMS, dtype=np.float32).reshape(ITEMS, 2)
    small_shape(**kind).save(folder / "member_0")
    save_weights(folder / "member_0", {**weights_of(before), name: learnt})
    shape = replace(SHAPE, **kind)
    (start,) = start_of(folder, [shape], TONIGHT, STATISTICS)
    text = np.full((TONIGHT.size, 2), 0.5, np.float32)
    model = CustomerModel(shape, TONIGHT.category_of_item, text)
    start_from(model, start)
    # "new" has its text; i5 and i2 what the champion made of theirs.
    assert weights_of(model)[name][2:].tolist() == [[0.5, 0.5], [10, 11], [4, 5]]


@pytest.mark.parametrize(
    "change", [{"width": 16}, {"encoder": "transformer"}, {"blocks": 2}, {"item_vectors": "frozen"}]
)
def test_another_architecture_begins_anew(champion, change):
    folder, _ = champion
    assert start_of(folder, [replace(SHAPE, **change)], TONIGHT, STATISTICS) is None


def test_other_features_or_another_number_of_encoders_begin_anew(champion):
    folder, _ = champion
    others = replace(STATISTICS, names=("x", "y", "other"))
    assert start_of(folder, [SHAPE], TONIGHT, others) is None
    assert start_of(folder, [SHAPE, SHAPE], TONIGHT, STATISTICS) is None


def test_fault_29_training_begins_with_no_weights_that_nobody_verified(champion):
    folder, _ = champion
    version = ModelVersion(folder.name, folder, {}, {}, write_manifest(folder, {}, {}))
    inputs = SimpleNamespace(vocabulary=TONIGHT, features=STATISTICS)
    (start,) = _starts(inputs, [SHAPE], version)
    assert start is not None
    shape = folder / "member_0" / "shape.json"
    shape.write_text(shape.read_text() + " ")
    with pytest.raises(ModelDamagedError, match=r"shape\.json"):
        _starts(inputs, [SHAPE], version)
