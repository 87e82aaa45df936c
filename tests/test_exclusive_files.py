"""Files that one process alone creates, on local disks and through Hadoop."""

import io
from pathlib import Path

import pytest

from insight.exclusive_files import ExclusiveFiles, HadoopFiles, LocalFiles


@pytest.fixture(params=["local", "hadoop"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ExclusiveFiles:
    if request.param == "local":
        return LocalFiles(tmp_path / "files")
    return HadoopFiles(request.getfixturevalue("spark"), f"file:{tmp_path}/files")


def test_a_file_is_created_once(files: ExclusiveFiles) -> None:
    assert files.names() == [] and files.read("a") is None
    assert files.create("a", "first")
    assert not files.create("a", "second")
    assert files.read("a") == "first"
    assert files.names() == ["a"]
    files.delete("a")
    files.delete("a")
    assert files.names() == []


def test_without_hard_links_a_file_is_created_once_too(tmp_path, monkeypatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    files = LocalFiles(tmp_path)
    assert files.create("a", "first")
    assert not files.create("a", "second")
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and files.read("a") == "first"


class FileOnAFullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def _opened_on_a_full_disk(path: Path, *_: object, **__: object) -> FileOnAFullDisk:
    path.touch()
    return FileOnAFullDisk()


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_cannot_be_written_whole_is_not_left(tmp_path, monkeypatch, has_links) -> None:
    def no_links(*_: object) -> None:
        # The disk is full after the first copy.
        monkeypatch.setattr(Path, "open", _opened_on_a_full_disk)
        raise OSError(1, "Operation not permitted")

    if has_links:
        monkeypatch.setattr(Path, "open", _opened_on_a_full_disk)
    else:
        monkeypatch.setattr("os.link", no_links)
    with pytest.raises(OSError, match="No space left"):
        LocalFiles(tmp_path).create("a", "first")
    assert list(tmp_path.iterdir()) == []
