"""A mistake in a declaration is refused when it is loaded, with its line."""

from pathlib import Path

import pytest

from insight.errors import DO_NOT_RETRY, SettingsError
from insight.sources.patterns import file_patterns
from insight.sources.source import load_source

TWO_FEEDS = """\
source: shop
feeds:
  - feed: events
    target: raw_events
    files: "events/*.csv"
    date_is: when_read
    format: csv
    options:
      header: "true"
    columns:
      item: string
      price: double
    mapping:
      item_id: item
  - feed: items
    target: raw_items
    files: "items/*.csv"
    date_is: when_read
    format: csv
    options: {header: true}
    columns: {item: string}
    mapping: {item_id: item}
"""


def _load(folder: Path, old: str, new: str) -> None:
    assert old in TWO_FEEDS
    (folder / "sources").mkdir()
    (folder / "sources" / "shop.yml").write_text(TWO_FEEDS.replace(old, new))
    load_source("shop", conf=folder)


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ('header: "true"', "heder: true", 9, "no option heder"),
        ('header: "true"', 'sep: "||"', 9, "'||'"),
        ('header: "true"', "encoding: latin-0", 9, "an encoding among"),
        ("price: double", "ITEM: double", 12, "columns that differ in case alone"),
        ("price: double", "item: double", 12, "item twice"),
        ("price: double", "Position: int", 12, "must not be called Position"),
        ("price: double", "_metadata: int", 12, "must not be called _metadata"),
        ("      item_id: item\n", "      item: item\n", 14, "raw_events has no column item"),
        ('header: "true"\n    col', "header: true\n    time_zone: Europe\n    col", 10, "'Europe'"),
        (
            'header: "true"\n    col',
            "header: true\n    time_zone: localtime\n    col",
            10,
            "no zone",
        ),
        ("columns:\n      item: string", "columns: &x\n      item: *x", 10, "an alias of what it"),
        ("feed: items", "feed: events", 15, "two feeds events"),
        ('"items/*.csv"', '"items/[.csv"', 17, "opens a bracket"),
        ('"items/*.csv"', '"{items,events}/*.csv"', 17, "would both read 'events/.csv'"),
        ("format: csv\n    options: {h", "format: xlsx\n    options: {h", 19, "'xlsx'"),
        ("format: csv\n    options: {h", "format: json\n    options: {h", 20, "json has"),
        (
            "    date_is: when_read\n    format: csv\n    opt",
            "    format: csv\n    opt",
            3,
            "(...)",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, found: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        _load(tmp_path, old, new)
    assert f"shop.yml, line {line}" in refused.value.subject
    assert found in str(refused.value)
    assert refused.value.exit_code == DO_NOT_RETRY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Each may lack, or passes over, what only the other declares.
        (
            'files: "items/*.csv"',
            'files: "events/*.csv"\n    ignored: [price]',
        ),
        ("price: double\n", "price: double\n    optional: [price]\n"),
    ],
    ids=["ignored", "other folder"],
)
def test_feeds_may_share_files_that_both_can_read(tmp_path: Path, old: str, new: str) -> None:
    _load(tmp_path, old, new)


@pytest.mark.parametrize(
    "name", ["yoochoose-clicks.dat", "yoochoose-buys.dat", "yoochoose-test.dat"]
)
def test_the_public_files_of_yoochoose_are_of_one_layout_each(name: str) -> None:
    feeds = load_source("yoochoose").feeds
    layouts = {
        tuple(feed.columns)
        for feed in feeds
        if any(pattern.is_end_of(f"shop/{name}") for pattern in file_patterns(feed.files))
    }
    assert len(layouts) == 1
    assert ("price" in next(iter(layouts))) == (name == "yoochoose-buys.dat")


def test_a_loaded_feed_names_the_line_of_its_parts(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    path = tmp_path / "sources" / "shop.yml"
    path.write_text(TWO_FEEDS)
    events, items = load_source("shop", conf=tmp_path).feeds
    assert events.place_of("columns", "price") == f"feed events ({path}, line 12)"
    assert items.place_of("mapping") == f"feed items ({path}, line 22)"
