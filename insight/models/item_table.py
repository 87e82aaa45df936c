"""One table of items, read where items come in and where they are scored."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.errors import ModelDamagedError
from insight.models.arrays import NEVER, Floats, Indices
from insight.models.shape import ModelShape

EMBEDDING_DEVIATION = 0.05


class Catalogue(NamedTuple):
    """Every item as it is scored; padding and unknown score ``NEVER`` whatever is asked.

    Args:
        embeddings: Shape (vocabulary_size, width).
        biases: How much an item is wanted by anybody, shape (vocabulary_size,).
        categories: Category indices, shape (vocabulary_size,).
    """

    embeddings: tf.Tensor
    biases: tf.Tensor
    categories: tf.Tensor


class ItemTable(keras.layers.Layer):  # type: ignore[misc]
    """An item is its own embedding plus its category's, so a rare item starts from its kind.

    Where the shape asks for it, what the item's words and picture say is added, projected.

    Args:
        shape: The model's shape.
        category_of_item: Category index of every item index, shape (vocabulary_size,). Not a
            weight: it comes with the vocabulary.
        vectors: Of every item index, (vocabulary_size, vector_width). A constant, or what a
            weight that is trained along begins with.

    Raises:
        ModelDamagedError: The shape asks for other vectors than are given.
    """

    def __init__(
        self, shape: ModelShape, category_of_item: Indices, vectors: Floats | None = None
    ) -> None:
        super().__init__(name="items")
        self._categories = tf.constant(category_of_item, tf.int64)
        self._own = self.add_weight(
            name="items",
            shape=(shape.vocabulary_size, shape.width),
            initializer=keras.initializers.RandomNormal(stddev=EMBEDDING_DEVIATION),
        )
        # From nothing: what all items of a kind share must not drown what tells them apart.
        self._of_category = self.add_weight(
            name="categories", shape=(shape.category_count, shape.width), initializer="zeros"
        )
        self._biases = self.add_weight(
            name="biases", shape=(shape.vocabulary_size,), initializer="zeros"
        )
        self._category_biases = self.add_weight(
            name="category_biases", shape=(shape.category_count,), initializer="zeros"
        )
        self._adds_vectors = shape.item_vectors != "none"
        if self._adds_vectors:
            self._vectors = self._vectors_as(shape, vectors)
            # From nothing, as all that is added to an item.
            self._projection = self.add_weight(
                name="vector_projection",
                shape=(shape.vector_width, shape.width),
                initializer="zeros",
            )

    def call(self, indices: tf.Tensor) -> tf.Tensor:
        """Embeddings of items, shape (..., width) for indices of shape (...)."""
        categories = self.categories(indices)
        found = tf.gather(self._own, indices) + tf.gather(self._of_category, categories)
        if not self._adds_vectors:
            return found
        return found + tf.tensordot(tf.gather(self._vectors, indices), self._projection, axes=1)

    def biases(self, indices: tf.Tensor) -> tf.Tensor:
        """How much an item is wanted by anybody, shape of ``indices``."""
        categories = self.categories(indices)
        return tf.gather(self._biases, indices) + tf.gather(self._category_biases, categories)

    def categories(self, indices: tf.Tensor) -> tf.Tensor:
        """Category indices of items, shape of ``indices``."""
        return tf.gather(self._categories, indices)

    def whole(self) -> Catalogue:
        """The whole table."""
        items = tf.range(FIRST_KNOWN, len(self._categories))
        nothing = tf.zeros((FIRST_KNOWN, self._own.shape[1]))
        return Catalogue(
            tf.concat([nothing, self(items)], axis=0),
            tf.concat([tf.fill((FIRST_KNOWN,), NEVER), self.biases(items)], axis=0),
            self._categories,
        )

    def start_biases(self, counts: Indices) -> None:
        """Set the biases to the items' log share, so that training starts from popularity.

        Args:
            counts: Events of every item index, shape (vocabulary_size,).
        """
        shares = (counts + 1.0) / (counts.sum() + len(counts))
        self._biases.assign(np.log(shares * len(counts)).astype(np.float32))

    def _vectors_as(self, shape: ModelShape, vectors: Floats | None) -> tf.Tensor | tf.Variable:
        """A constant or a weight, as the shape says."""
        size = (shape.vocabulary_size, shape.vector_width)
        trained = shape.item_vectors == "fine_tuned"
        if vectors is None and trained:
            # Its weights are about to be set.
            vectors = np.zeros(size, np.float32)
        if vectors is None or vectors.shape != size or not np.isfinite(vectors).all():
            raise ModelDamagedError(
                "item vectors",
                found="none" if vectors is None else f"shape {vectors.shape}, or not all finite",
                expected=f"finite numbers of shape {size}, as the model's shape says",
                next_step="verify the version against its manifest, or train anew",
            )
        if not trained:
            return tf.constant(vectors, tf.float32)
        initial = keras.initializers.Constant(vectors)
        return self.add_weight(name="vectors", shape=size, initializer=initial)
