"""Files that were read before: when their bytes are compared, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from pyspark.sql import Row

from insight.errors import DO_NOT_RETRY, SourceFormatError
from insight.sources.inspection import FileFacts
from insight.sources.landing import LandingFile
from insight.sources.read_files import (
    Key,
    ReadFiles,
    holds_nothing_new,
    refuse_changed,
    refuse_gone,
    refuse_replaced,
)

EARLIER, TONIGHT = date(2024, 3, 1), date(2024, 3, 2)


@dataclass
class _Lake:
    spark: None = None


def _key(name: str) -> Key:
    return "shop", "sales", f"shop/{name}"


def _row(name: str, ingest_date: date, content_hash: str = "old") -> Row:
    source, feed, file = _key(name)
    return Row(
        source=source,
        feed=feed,
        file=file,
        file_bytes=7,
        content_hash=content_hash,
        file_state="7-1",
        ingest_date=ingest_date,
    )


def _landed(name: str, file_bytes: int = 7, state: str = "7-1") -> LandingFile:
    return LandingFile(f"file:/landing/shop/{name}", f"shop/{name}", file_bytes, state)


def _facts(name: str, content_hash: str) -> FileFacts:
    return FileFacts(f"file:/landing/shop/{name}", 7, content_hash, {}, False, None)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """URLs of the files whose bytes are read; each file but ``same`` holds new content."""
    urls: list[str] = []

    def hash_files(spark: None, files: Sequence[str]) -> dict[str, str]:
        urls.extend(files)
        return {url: "old" if url.endswith("same.csv") else "new" for url in files}

    monkeypatch.setattr("insight.sources.read_files.hash_files", hash_files)
    return urls


def test_bytes_are_read_only_of_files_in_another_state(hashed: list[str]) -> None:
    names = ("untouched.csv", "same.csv")
    read = ReadFiles(tuple(_row(name, EARLIER) for name in names), TONIGHT)
    files = {
        _key("untouched.csv"): _landed("untouched.csv"),
        _key("same.csv"): _landed("same.csv", state="7-2"),
    }
    (touched,) = refuse_replaced(_Lake(), files, read, accept_changed=False)  # type: ignore[arg-type]
    assert hashed == ["file:/landing/shop/same.csv"]
    assert touched == Row(**(_row("same.csv", EARLIER).asDict() | {"file_state": "7-2"}))


@pytest.mark.parametrize(
    ("file", "found", "bytes_read"),
    [
        (_landed("a.csv", file_bytes=8, state="8-1"), "8 bytes", 0),
        (_landed("a.csv", state="7-2"), "other content of the same size", 1),
    ],
)
def test_another_dates_file_with_other_content_is_refused(
    hashed: list[str], file: LandingFile, found: str, bytes_read: int
) -> None:
    read = ReadFiles((_row("a.csv", EARLIER),), TONIGHT)
    with pytest.raises(SourceFormatError) as refused:
        refuse_replaced(  # type: ignore[arg-type]
            _Lake(), {_key("a.csv"): file}, read, accept_changed=False
        )
    assert refused.value.found == found
    assert f"run {EARLIER} again" in refused.value.next_step
    assert refused.value.exit_code == DO_NOT_RETRY
    assert len(hashed) == bytes_read


def test_changed_files_of_other_dates_are_accepted_only_if_told_so(hashed: list[str]) -> None:
    names = ("changed.csv", "same.csv")
    read = ReadFiles(tuple(_row(name, EARLIER) for name in names), TONIGHT)
    files = {_key(name): _landed(name, state="7-2") for name in names}
    (touched,) = refuse_replaced(_Lake(), files, read, accept_changed=True)  # type: ignore[arg-type]
    assert touched["file"] == "shop/same.csv"
    assert sorted(hashed) == [file.url for _, file in sorted(files.items())]


def test_a_date_that_runs_again_refuses_changed_content_unless_told_to_take_it() -> None:
    read = ReadFiles((_row("a.csv", TONIGHT), _row("b.csv", EARLIER)), TONIGHT)
    found = {_key("a.csv"): _facts("a.csv", "new")}
    with pytest.raises(SourceFormatError, match=r"ingest\.accept_changed_files=true"):
        refuse_changed(found, read, accept_changed=False)
    refuse_changed(found, read, accept_changed=True)
    refuse_changed({_key("a.csv"): _facts("a.csv", "old")}, read, accept_changed=False)


def test_new_files_cannot_be_read_beside_ones_that_are_gone() -> None:
    read = ReadFiles((_row("a.csv", TONIGHT), _row("b.csv", TONIGHT)), TONIGHT)
    found = {_key("a.csv"): _facts("a.csv", "old"), _key("c.csv"): _facts("c.csv", "new")}
    with pytest.raises(SourceFormatError, match=r"shop/b\.csv: found no such file") as refused:
        refuse_changed(found, read, accept_changed=True)
    assert "shop/c.csv" in refused.value.found
    # Files may be archived, and may come beside the others.
    refuse_changed({_key("a.csv"): _facts("a.csv", "old")}, read, accept_changed=False)
    both = {_key(name): _facts(name, "old") for name in ("a.csv", "b.csv", "c.csv")}
    refuse_changed(both, read, accept_changed=False)


def test_no_date_is_read_again_without_all_of_its_files() -> None:
    read = ReadFiles((_row("a.csv", TONIGHT), _row("b.csv", TONIGHT)), TONIGHT)
    refuse_gone([_key("a.csv"), _key("b.csv"), _key("c.csv")], read)
    with pytest.raises(SourceFormatError, match=r"shop/b\.csv: found no such file \(1 of 2"):
        refuse_gone([_key("a.csv")], read)


def test_a_date_is_done_if_all_that_is_there_has_been_read() -> None:
    read = ReadFiles((_row("a.csv", TONIGHT), _row("b.csv", TONIGHT)), TONIGHT)
    assert holds_nothing_new({_key("a.csv"): "7-1"}, read, column="file_state")
    assert holds_nothing_new({}, read, column="file_state")
    assert not holds_nothing_new({_key("a.csv"): "7-2"}, read, column="file_state")
    assert holds_nothing_new({_key("a.csv"): "old"}, read, column="content_hash")
    assert not holds_nothing_new({_key("c.csv"): "old"}, read, column="content_hash")
    assert not holds_nothing_new({}, ReadFiles((), TONIGHT), column="file_state")
