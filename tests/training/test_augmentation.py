import numpy as np
import pytest
import tensorflow as tf

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.training.augmentation import augmented

ROWS, LENGTH = 400, 12
SEED = tf.constant([5, 9], tf.int64)


@pytest.fixture(scope="module")
def batch():
    random = np.random.default_rng(0)
    lengths = random.integers(0, LENGTH + 1, ROWS)
    real = np.arange(LENGTH)[None] >= LENGTH - lengths[:, None]
    items = np.where(real, np.arange(2, LENGTH + 2)[None], 0)
    # Other inputs are a multiple of the item, to prove that events stay whole.
    columns = {name: tf.constant(items * (n + 1)) for n, name in enumerate(SEQUENCE_INPUTS)}
    return {**columns, "next_item": tf.fill((ROWS,), 99)}


def _items(batch) -> np.ndarray:
    return batch["item_indices"].numpy()


def _is_whole(batch) -> bool:
    return all(
        (batch[name].numpy() == _items(batch) * (n + 1)).all()
        for n, name in enumerate(SEQUENCE_INPUTS)
    )


def test_a_crop_forgets_up_to_half_of_the_oldest_events(batch):
    cropped = augmented(batch, ("crop",), 1.0, SEED)
    before, after = (_items(each) > 0 for each in (batch, cropped))
    lost = (before & ~after).sum(axis=1)
    assert (lost <= before.sum(axis=1) / 2).all()
    assert len(set(lost)) > 3
    # What is left is the newest part, as it was.
    assert (np.diff(after.astype(int), axis=1) >= 0).all()
    assert (_items(cropped)[after] == _items(batch)[after]).all()
    assert _is_whole(cropped)


def test_a_mask_makes_items_unknown_and_nothing_else(batch):
    masked = augmented(batch, ("mask",), 1.0, SEED)
    changed = _items(masked) != _items(batch)
    assert (_items(masked)[changed] == 1).all()
    assert 0.15 < changed.sum() / (_items(batch) > 0).sum() < 0.25
    for name in SEQUENCE_INPUTS[1:]:
        np.testing.assert_array_equal(masked[name], batch[name])


def test_reordering_keeps_all_events_and_moves_a_stretch_of_them(batch):
    mixed = augmented(batch, ("reorder",), 1.0, SEED)
    np.testing.assert_array_equal(np.sort(_items(mixed), axis=1), np.sort(_items(batch), axis=1))
    moved = _items(mixed) != _items(batch)
    assert moved.any(axis=1).mean() > 0.3
    # A quarter of the events, but at least two.
    assert moved.sum(axis=1).max() <= LENGTH // 4
    assert _is_whole(mixed)


def test_only_a_share_of_the_rows_is_changed_the_same_way_each_time(batch):
    first, again, other = (
        augmented(batch, ("crop", "mask", "reorder"), 0.5, seed) for seed in (SEED, SEED, SEED + 7)
    )
    np.testing.assert_array_equal(_items(first), _items(again))
    assert (_items(first) != _items(other)).any()
    changed = (_items(first) != _items(batch)).any(axis=1).mean()
    assert 0.2 < changed < 0.5
    assert first["next_item"] is batch["next_item"]
