import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from petastorm.workers_pool import EmptyResultError
from petastorm.workers_pool.worker_base import WorkerBase

from insight.errors import TableContractError, TableDamagedError
from insight.training.plan import ReadCount
from insight.training.reader import COLUMNS, Batches, equal_steps
from insight.training.row_groups import rows_per_shard
from insight.training.shard import Shard, SteadyPool
from tests.training.examples import LENGTH, WIDTH, example_columns, write_split

ROWS = [10, 7, 9, 8]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_split(tmp_path_factory.mktemp("split"), ROWS)


def _checksums(shard: Shard, *, seed: int | None = None, **how) -> list[int]:
    with Batches(shard, **how).read(seed) as batches:
        return [int(value) for batch in batches for value in batch["row_checksum"].numpy()]


def _of_files(files: tuple[str, ...]) -> list[int]:
    tables = [pq.read_table(url.removeprefix("file://")) for url in files]
    return [value for table in tables for value in table["row_checksum"].to_pylist()]


def test_two_shards_read_each_row_once(files):
    shards = [_checksums(Shard(files, rank, 2), batch_size=4) for rank in (0, 1)]
    assert [len(shard) for shard in shards] == Shard(files, 0, 2).all_rows() == [19, 15]
    assert sorted(shards[0] + shards[1]) == sorted(_of_files(files))


def test_the_readers_threads_end_whatever_happens(files):
    read = Batches(Shard(files, 0, 1), batch_size=4).read
    before = threading.active_count()
    with pytest.raises(KeyError), read() as batches:
        assert threading.active_count() > before
        raise KeyError(next(iter(batches)))
    assert threading.active_count() == before


def test_batches_hold_all_columns_with_their_types(files):
    with Batches(Shard(files, 0, 1), batch_size=6).read() as batches:
        *_, batch = iter(batches)
    assert set(batch) == set(COLUMNS)
    # The last batch holds the longest sequences: 34 rows, so 4 of them.
    assert batch["item_indices"].shape == (4, LENGTH)
    assert batch["features"].shape == (4, WIDTH)
    assert batch["features"].dtype == "float32"
    assert batch["next_item"].dtype == "int64"


def test_the_smaller_shard_begins_again_until_both_have_made_the_same_steps(files):
    steps = equal_steps(Shard(files, 0, 2).all_rows(), 4)
    assert steps == 5
    read = _checksums(Shard(files, 1, 2), batch_size=4, steps=steps, seed=5)
    assert len(read) == 20
    assert set(read) == set(_of_files((files[1], files[3])))


def test_a_seed_gives_an_order_and_another_seed_another(files):
    orders = [
        _checksums(Shard(files, 0, 2), batch_size=4, steps=5, seed=seed) for seed in (1, 1, 2, 0, 0)
    ]
    assert orders[0] == orders[1]
    assert orders[0][:19] != orders[2][:19]
    # Petastorm takes 0 for "no seed"; ours must not.
    assert orders[3] == orders[4]


def test_row_groups_are_dealt_in_turn():
    assert rows_per_shard([5, 4, 3, 2], 2) == [8, 6]


def test_checksums_wrap_like_a_64_bit_sum():
    count = ReadCount.of(np.array([-1, 2], np.int64))
    assert count == ReadCount(2, 1)
    assert count.plus(ReadCount(1, 2**64 - 1)) == ReadCount(3, 0)


def test_readers_end_even_if_the_batches_are_not_read_to_their_end(files):
    before = threading.active_count()
    with Batches(Shard(files, 0, 1), batch_size=2, steps=100).read(seed=1) as batches:
        next(iter(batches))
    assert threading.active_count() == before


def test_batches_are_read_again_and_again(files):
    batches = Batches(Shard(files, 0, 1), batch_size=4)
    with batches.read(seed=1) as found:
        next(iter(found))
    for seed in (1, None):
        with batches.read(seed) as found:
            assert sum(len(batch["next_item"]) for batch in found) == sum(ROWS)


def test_a_file_that_goes_between_two_epochs_is_named(tmp_path):
    batches = Batches(Shard(write_split(tmp_path, [4, 4]), 0, 1), batch_size=4)
    gone = tmp_path / "part-1.parquet"
    gone.unlink()
    with pytest.raises(TableDamagedError, match=gone.name), batches.read():
        pass


def test_lists_of_several_lengths_are_refused(tmp_path):
    columns = example_columns(3)
    ragged = pa.array([[1.0], [1.0, 2.0], [1.0, 2.0, 3.0]], pa.list_(pa.float32()))
    arrays = {name: pa.array(list(values)) for name, values in columns.items()}
    pq.write_table(pa.table({**arrays, "features": ragged}), tmp_path / "ragged.parquet")
    shard = Shard(((tmp_path / "ragged.parquet").as_uri(),), 0, 1)
    with (
        pytest.raises(TableContractError, match=r"features.*1 to 3"),
        Batches(shard, batch_size=4).read() as batches,
    ):
        next(iter(batches))


class _LateVentilator:
    """Hands the last item out while it is asked whether it has."""

    def __init__(self, pool: SteadyPool) -> None:
        self._pool, self._waiting = pool, [{"group": 7}]

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def processed_item(self) -> None: ...

    def completed(self) -> bool:
        if self._waiting:
            self._pool.ventilate(**self._waiting.pop())
        return True


class _Echo(WorkerBase):
    def process(self, group: int) -> None:
        self.publish_func(group)


def test_a_row_group_that_is_handed_out_last_is_not_lost():
    pool = SteadyPool(1)
    pool.start(_Echo, ventilator=_LateVentilator(pool))
    try:
        assert pool.get_results() == 7
        with pytest.raises(EmptyResultError):
            pool.get_results()
    finally:
        pool.stop()
        pool.join()
