"""Two streams in the order of a walk are compared, one folder at a time."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.maintenance.holdings import FolderListing, compared
from insight.maintenance.live_files import DataFile
from insight.storage import walk

ON_DISK = {
    "top": 1,
    # In the order of a walk "a=1" and all below it come before "a=1-2"; as texts they do not.
    "a=1/x": 2,
    "a=1/b=1/dead": 3,
    "a=1/b=1/x": 4,
    "a=1-2/x": 5,
    "dead/dead": 6,
    "z/x": 7,
}


def _file(path: str, size: int) -> DataFile:
    return DataFile(path, size, (("folder", path.split("/")[0]),), has_statistics="top" not in path)


def test_a_walk_goes_from_parent_to_child_and_passes_over_hidden_names(
    spark: SparkSession, tmp_path: Path
) -> None:
    for path, size in {**ON_DISK, "_delta_log/0.json": 8, "a=1/.x.crc": 9}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"." * size)
    folders = list(walk(spark, str(tmp_path)))
    assert [name for name, _ in folders] == ["", "a=1", "a=1/b=1", "a=1-2", "dead", "z"]
    assert dict(folders)["a=1/b=1"] == {"dead": 3, "x": 4}
    assert FolderListing(folders).sums_of_all().bytes == sum(ON_DISK.values())


def test_each_side_is_summed_and_lost_files_are_counted() -> None:
    folders: dict[str, dict[str, int]] = {"": {}}
    for path, size in ON_DISK.items():
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, {})[name] = size
    files = [
        _file("top", 1),
        _file("a=1/x", 2),
        _file("a=1/b=1/x", 4),
        # A folder that is gone, between folders that are there and after the last.
        _file("a=1/b=2/x", 9),
        _file("a=1-2/x", 5),
        _file("z/x", 70),
        _file("zz/x", 9),
    ]
    live, on_disk = compared(iter(files), folders.items(), small_bytes=5)
    assert (live.sums.files, live.sums.bytes) == (7, 100)
    assert (on_disk.files, on_disk.bytes) == (7, 28)
    assert live.small == {(("folder", "top"),): 1, (("folder", "a=1"),): 2}
    assert live.without_statistics == 1
    assert (live.lost, live.first_lost) == (3, (files[3], None))


def test_a_file_of_another_size_is_lost() -> None:
    live, _ = compared(iter([_file("a/x", 2)]), [("", {}), ("a", {"x": 3})], small_bytes=0)
    assert live.first_lost == (_file("a/x", 2), 3)
