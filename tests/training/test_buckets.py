import numpy as np

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.training.buckets import WINDOW_BATCHES, by_length

LENGTH = 20


def _rows(count: int) -> dict[str, np.ndarray]:
    lengths = np.random.default_rng(0).integers(0, LENGTH + 1, count)
    real = np.arange(LENGTH)[None] >= LENGTH - lengths[:, None]
    columns = {name: np.where(real, n + 2, 0) for n, name in enumerate(SEQUENCE_INPUTS)}
    return {**columns, "features": np.ones((count, 3)), "number": np.arange(count)}


def _batches(count: int, *, part: int = 7, **how: object) -> list[dict[str, np.ndarray]]:
    rows = _rows(count)
    parts = (
        {name: values[start : start + part] for name, values in rows.items()}
        for start in range(0, count, part)
    )
    return list(by_length(parts, **how))


def test_every_row_comes_once_in_batches_of_like_length():
    count = 4 * WINDOW_BATCHES * 3 + 5
    batches = _batches(count, batch_size=4, most_rows=count, seed=1)
    numbers = np.concatenate([batch["number"] for batch in batches])
    assert sorted(numbers) == list(range(count))
    sizes = [len(batch["number"]) for batch in batches]
    assert sizes.count(4) == count // 4
    computed = sum(batch["item_indices"].size for batch in batches)
    real = (_rows(count)["item_indices"] > 0).sum()
    assert computed < 1.1 * real


def test_a_batch_is_as_long_as_its_longest_row():
    for batch in _batches(40, batch_size=4, most_rows=40):
        assert (batch["item_indices"][:, 0] > 0).any() or batch["item_indices"].shape[1] == 1
        assert {batch[name].shape for name in SEQUENCE_INPUTS} == {batch["item_indices"].shape}
        assert batch["features"].shape == (4, 3)


def test_what_comes_after_the_last_wanted_row_is_left_out():
    batches = _batches(100, batch_size=4, most_rows=72, seed=3)
    numbers = np.concatenate([batch["number"] for batch in batches])
    assert sorted(numbers) == list(range(72))
    assert len(batches) == 18


def test_a_seed_gives_an_order_and_another_seed_another():
    first, again, other = (
        [tuple(b["number"]) for b in _batches(64, batch_size=4, most_rows=64, seed=seed)]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other)


def test_customers_without_events_keep_one_place():
    rows = {name: np.zeros((2, 5), np.int64) for name in SEQUENCE_INPUTS}
    (batch,) = by_length([rows], batch_size=4, most_rows=2)
    assert batch["item_indices"].shape == (2, 1)


def test_row_groups_larger_than_windows_are_cut_to_them():
    window = 4 * WINDOW_BATCHES
    count = 3 * window + window // 2
    batches = _batches(2 * count, part=count, batch_size=4, most_rows=count + 8)
    numbers = [batch["number"] for batch in batches]
    assert sorted(np.concatenate(numbers)) == list(range(count + 8))
    # Rows leave their window neither forwards nor backwards.
    places = np.concatenate([number // window for number in numbers])
    assert (np.diff(places) >= 0).all()
