import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from insight.models import top_items
from insight.models.arrays import NEVER
from insight.models.item_table import Catalogue
from insight.models.ranking import Wishes, score_all_items
from insight.models.top_items import Asked, ItemScores, best_of, marked, own_gains, write_largest

# Few levels, so that there are ties within chunks and between them; 0 has two signs.
LEVELS = st.sampled_from([NEVER, -2.0, -1.5, -0.0, 0.0, 0.5, 3.0])


@given(
    arrays(np.float32, st.tuples(st.integers(1, 300), st.integers(1, 3)), elements=LEVELS),
    st.integers(1, 40),
)
def test_the_best_items_are_those_of_a_whole_sort(scores, k):
    k = min(k, len(scores))
    largest = np.empty((len(scores) // top_items.CHUNK, scores.shape[1]), np.float32)
    write_largest(scores, largest)
    indices, values = best_of(scores, largest, k)
    order = np.argsort(-scores, axis=0, kind="stable")[:k]
    np.testing.assert_array_equal(indices, order.T)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, order, axis=0).T)


@pytest.mark.parametrize("repeats", [True, False])
def test_plain_arrays_say_what_the_graph_says(monkeypatch, repeats):
    # Several blocks, the last one short.
    monkeypatch.setattr(top_items, "BLOCK", 2 * top_items.CHUNK)
    random = np.random.default_rng(3)
    size, rows, length, width = 150, 7, 5, 4
    embeddings = random.normal(size=(size, width)).astype(np.float32)
    biases = random.normal(size=size).astype(np.float32)
    embeddings[:2], biases[:2] = 0, NEVER
    catalogue = Catalogue(embeddings, biases, random.integers(0, 6, size))
    # Some had an item twice; some had fewer than others.
    items = random.integers(2, 12, (rows, length)) * (random.random((rows, length)) < 0.8)
    weights = random.random((rows, length)).astype(np.float32) * (items > 1)
    queries = random.normal(size=(rows, width)).astype(np.float32)
    category_gains = random.random((rows, 6)).astype(np.float32)
    wishes = Wishes(*map(tf.constant, (queries, weights, category_gains, items)))
    expected = score_all_items(wishes, catalogue, repeats=repeats).numpy()

    gains = own_gains(weights, items, size) if repeats else sparse.csr_matrix((rows, size))
    excluded = sparse.csr_matrix((rows, size)) if repeats else marked(items, size)
    scores = np.empty((size, rows), np.float32)
    largest = np.empty((size // top_items.CHUNK, rows), np.float32)
    asked = Asked(queries, category_gains, gains, excluded)
    ItemScores.of(catalogue).fill(scores, asked, largest)
    np.testing.assert_allclose(scores.T, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(scores == NEVER, expected.T == NEVER)
    again = np.empty_like(largest)
    write_largest(scores, again)
    np.testing.assert_array_equal(largest, again)
