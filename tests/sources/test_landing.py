"""The files that a declaration names below the landing folder, and no others."""

import os
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import DO_NOT_RETRY, SourceFormatError
from insight.sources.entries import file_state, folder_entries
from insight.sources.landing import Landing
from tests.sources.feeds import csv_file, feed_with, rows_of

CSV = feed_with(format="csv", options={"header": "true"}, columns={"item": "string"})

ODD_NAMES = (
    "2024-03-01[12].csv",
    "2024-03-0?.csv",
    "2024-03-*.csv",
    "2024-03-{01,02}.csv",
    "100%25 of it+more.csv",
    "a #1 & 'two' \u00e9.csv",
)
"""Names that are patterns, or that a URL writes in another way."""


def _landing(spark: SparkSession, folder: Path) -> Landing:
    return Landing(spark, f"file:{folder}")


def _paths(spark: SparkSession, folder: Path, glob: str) -> list[str]:
    return [file.path for file in _landing(spark, folder).files("shop", glob)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A source's folder in a landing folder whose own name is a pattern."""
    folder = tmp_path / "land[ab] {x}*" / "shop"
    folder.mkdir(parents=True)
    return folder


def test_files_are_found_by_pattern_with_their_sizes(spark: SparkSession, shop: Path) -> None:
    (shop / "inner.csv").mkdir()
    (shop / "1.csv").write_text("a\n")
    (shop / "2.csv").write_text("")
    (shop / "3.txt").write_text("a")
    (shop / "_4.csv").write_text("still being written")
    found = _landing(spark, shop.parent).files("shop", "*.csv")
    assert [(file.url, file.file_bytes) for file in found] == [
        (f"file:{shop}/1.csv", 2),
        (f"file:{shop}/2.csv", 0),
    ]
    assert _landing(spark, shop.parent).files("another", "*.csv") == []


def test_other_file_systems_are_listed_as_the_local_one(
    spark: SparkSession, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "1.csv").write_text("a\n")
    (shop / "days").mkdir()
    local = folder_entries(spark, f"file:{shop}")
    # As if the folder lay on a file system that only Hadoop can list.
    monkeypatch.setattr("insight.sources.entries.local_path", lambda url: None)
    listed = folder_entries(spark, f"file:{shop}")
    assert [(e.name, e.kind, e.length) for e in listed] == [
        (e.name, e.kind, e.length) for e in local
    ]
    before = file_state(spark, f"file:{shop}/1.csv")
    assert before == listed[0].state
    os.utime(shop / "1.csv", (1, 1))
    assert file_state(spark, f"file:{shop}/1.csv") not in (before, None)
    assert file_state(spark, f"file:{shop}/2.csv") is None


@pytest.mark.parametrize(
    "name", ["2024-03-01T10:15.csv", "2024\n03-01.csv", "a\\b.csv", "\x7f.csv"]
)
def test_a_name_that_hadoop_cannot_read_is_refused(
    spark: SparkSession, shop: Path, name: str
) -> None:
    (shop / name).write_text("item\nA\n")
    with pytest.raises(SourceFormatError, match="rename the file") as refused:
        _paths(spark, shop.parent, "*.csv")
    assert refused.value.exit_code == DO_NOT_RETRY
    assert repr(name)[1:-1] in str(refused.value)
    # Beside the files that a feed names, it does not matter.
    assert _paths(spark, shop.parent, "*.json") == []


def test_links_that_lead_out_of_the_landing_folder_are_refused(
    spark: SparkSession, shop: Path
) -> None:
    outside = shop.parents[1] / "outside"
    outside.mkdir()
    (outside / "1.csv").write_text("item\nsecret\n")
    (shop / "1.csv").write_text("item\nA\n")
    (shop / "2.csv").symlink_to(shop / "1.csv")
    assert _paths(spark, shop.parent, "*.csv") == ["shop/1.csv", "shop/2.csv"]
    (shop / "3.csv").symlink_to(outside / "1.csv")
    (shop / "days").symlink_to(outside)
    (shop.parent / "linked").symlink_to(outside)
    landing = _landing(spark, shop.parent)
    for source, glob in (("shop", "3.csv"), ("shop", "*/*.csv"), ("linked", "*.csv")):
        with pytest.raises(SourceFormatError, match="outside of the landing folder") as refused:
            landing.files(source, glob)
        assert refused.value.exit_code == DO_NOT_RETRY
    (shop / "nothing.csv").symlink_to(shop / "gone.csv")
    with pytest.raises(SourceFormatError, match="a link to nothing"):
        landing = _landing(spark, shop.parent)
        landing.files("shop", "nothing.csv")


def test_a_landing_folder_may_itself_be_a_link(spark: SparkSession, shop: Path) -> None:
    (shop / "1.csv").write_text("item\nA\n")
    link = shop.parents[1] / "link"
    link.symlink_to(shop.parent)
    assert _paths(spark, link, "*.csv") == ["shop/1.csv"]


def test_only_the_very_file_that_is_named_is_read(spark: SparkSession, shop: Path) -> None:
    # Names that the odd ones match as patterns, or that they become when they are decoded.
    for other in ("2024-03-011.csv", "2024-03-01.csv", "2024-03-02.csv", "100% of it more.csv"):
        csv_file(shop, "another", header="item", name=other)
    found = {}
    for name in ODD_NAMES:
        path = csv_file(shop, f'"{name}"', header="item", name=name)
        (row,) = rows_of(spark, path, CSV).collect()
        found[name] = (row["item"], row["source_file"].rpartition("/")[2])
    assert found == {name: (name, name) for name in ODD_NAMES}
