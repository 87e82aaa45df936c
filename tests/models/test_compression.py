import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from insight.models.compression import compressed, restored
from insight.models.weight_file import load_weights, save_weights

MATRICES = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=3, max_side=6),
    elements=st.floats(-1000, 1000, width=32),
)


@given(MATRICES)
def test_eight_bits_are_half_a_step_of_their_row_away_at_most(matrix):
    stored = compressed({"kernel": matrix}, "int8")
    back = restored(stored)["kernel"]
    # A scale for each number of a column would take more than it saves.
    assert stored["kernel"].dtype == (np.float32 if matrix.shape[-1] == 1 else np.int8)
    assert back.dtype == np.float32
    step = np.abs(matrix).max(axis=-1, keepdims=True) / 127
    assert (np.abs(back - matrix) <= 0.5001 * step + 1e-30).all()


@given(MATRICES)
def test_half_precision_keeps_three_digits(matrix):
    back = restored(compressed({"kernel": matrix}, "float16"))["kernel"]
    np.testing.assert_allclose(back, matrix, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("form", ["float16", "int8"])
def test_biases_and_what_is_no_weight_stay_as_they_are(form):
    bias = np.array([0.1, 1e-9, 70_000.0], np.float32)
    back = restored(compressed({"bias": bias}, form))
    np.testing.assert_array_equal(back["bias"], bias)
    np.testing.assert_array_equal(restored({"ids": np.arange(3)})["ids"], np.arange(3))


def test_the_smallest_weights_of_each_matrix_are_left_out():
    matrix = np.array([[0.4, -0.1], [0.2, -0.3]], np.float32)
    back = restored(compressed({"kernel": matrix}, "float16", pruned_share=0.5))["kernel"]
    np.testing.assert_allclose(back, [[0.4, 0], [0, -0.3]], atol=1e-3)


def test_a_compressed_file_is_smaller_and_read_like_any_other(tmp_path):
    weights = {"items": np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)}
    sizes = {}
    for name, share in (("whole", None), ("int8", 0.0), ("pruned", 0.7)):
        folder = tmp_path / name
        folder.mkdir()
        stored = weights if share is None else compressed(weights, "int8", pruned_share=share)
        save_weights(folder, stored, packed=bool(share))
        sizes[name] = (folder / "weights.npz").stat().st_size
        back = load_weights(folder)
        assert set(back) == {"items"}
        assert back["items"].dtype == np.float32
    assert sizes["int8"] < 0.3 * sizes["whole"]
    assert sizes["pruned"] < 0.7 * sizes["int8"]
