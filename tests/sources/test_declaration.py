"""What a source may declare, and what its file names say."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from insight.errors import SettingsError, SourceFormatError
from insight.sources.declaration import Feed
from insight.sources.source import Source, load_source

CONF = Path(__file__).parents[2] / "conf"

DAY = date(2020, 3, 1)

FEED: dict[str, Any] = {
    "feed": "lines",
    "target": "raw_events",
    "files": "*.csv",
    "date_from_name": r"(\d{4}-\d{2}-\d{2})\.csv$",
    "format": "csv",
    "columns": {"id": "string"},
    "mapping": {"item_id": "id"},
}


def _declare(conf: Path, **changes: object) -> Path:
    (conf / "sources").mkdir()
    content = {"source": "shop", "feeds": [{**FEED, **changes}]}
    (conf / "sources" / "shop.yml").write_text(yaml.safe_dump(content))
    return conf


@pytest.mark.parametrize("name", [path.stem for path in (CONF / "sources").glob("*.yml")])
def test_every_shipped_source_is_understood(name: str) -> None:
    source = load_source(name, conf=CONF)
    assert source.source == name
    assert all(feed.mapping for feed in source.feeds)


@pytest.mark.parametrize("name", ["shopp", "../base", "shop.yml", ""])
def test_only_a_declared_source_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="expected one of shop") as refused:
        load_source(name, conf=_declare(tmp_path))
    assert repr(name) in refused.value.subject


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colums": {}}, "feeds.0.colums"),
        ({"target": "events"}, "feeds.0.target"),
        ({"files": "../another/*.csv"}, "feeds.0"),
        ({"files": "/etc/passwd"}, "feeds.0"),
        ({"format": "xlsx"}, "feeds.0.format"),
        ({"columns": None}, "feeds.0.columns"),
        ({"date_is": "week"}, "feeds.0.date_is"),
        ({"mapping": {"item": "id"}}, "feeds.0"),
        ({"date_from_name": r"\d{4}"}, "feeds.0"),
        ({"date_from_name": r"(\d{4}"}, "feeds.0"),
        ({"date_is": "when_read"}, "feeds.0"),
        ({"currency": "gbp"}, "feeds.0.currency"),
        ({"currency": "EURO"}, "feeds.0.currency"),
        ({"target": "raw_customers", "mapping": {}, "currency": "GBP"}, "feeds.0"),
        ({"explode": "id"}, "feeds.0"),
        ({"explode": "items"}, "feeds.0"),
        ({"time_zone": "Europe/Berln"}, "feeds.0"),
        ({"format": "json", "options": {"multiLine": "true"}}, "feeds.0"),
        ({"columns": {"id": "string", "position": "int"}}, "feeds.0"),
    ],
)
def test_a_mistaken_declaration_is_named(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_source("shop", conf=_declare(tmp_path, **changes))
    assert "shop.yml" in refused.value.subject
    assert named in refused.value.subject


def test_a_currency_is_that_of_the_feeds_that_hold_money() -> None:
    priced = {**FEED, "mapping": {"item_id": "id", "price": "1.0D"}}
    discounted = {**FEED, "mapping": {"item_id": "id", "discount": "1.0D"}, "currency": "EUR"}
    source = Source(
        source="shop",
        currency="GBP",
        feeds=(priced, {**FEED, "feed": "b"}, {**discounted, "feed": "c"}),
    )
    assert [feed.currency for feed in source.feeds] == ["GBP", None, "EUR"]
    assert [feed.currency for feed in load_source("online_retail").feeds] == ["GBP", None]


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    conf = _declare(tmp_path)
    (conf / "sources" / "shop.yml").write_text("feeds: [")
    with pytest.raises(SettingsError, match=r"shop\.yml"):
        load_source("shop", conf=conf)


@pytest.mark.parametrize(
    "content",
    [b"source: 2024-02-30", b"source: 9" + b"9" * 5000, b"[" * 5000, b"source: caf\xe9"],
    ids=["no such date", "a number too long", "too deep", "Latin-1"],
)
def test_a_value_that_yaml_cannot_hold_is_named(tmp_path: Path, content: bytes) -> None:
    conf = _declare(tmp_path)
    (conf / "sources" / "shop.yml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"shop\.yml") as refused:
        load_source("shop", conf=conf)
    assert refused.value.exit_code == 2


def test_a_days_file_is_for_that_day() -> None:
    day = date(2010, 12, 1)
    assert Feed(**FEED).file_dates("file:/landing/shop/2010-12-01.csv", read_on=DAY) == (day, day)


def test_a_months_file_is_for_the_whole_month_leap_days_included() -> None:
    changes = {
        "date_from_name": r"(\d{4}-[A-Z][a-z]{2})\.csv$",
        "date_format": "yyyy-MMM",
        "date_is": "end_of_month",
    }
    feed = Feed(**{**FEED, **changes})
    assert feed.file_dates("2020-Feb.csv", read_on=DAY) == (date(2020, 2, 1), date(2020, 2, 29))


def test_an_export_without_a_date_is_for_all_time_up_to_the_night_that_reads_it() -> None:
    feed = Feed(**{**FEED, "date_from_name": "", "date_is": "when_read"})
    assert feed.file_dates("clicks.dat", read_on=DAY) == (date(1970, 1, 1), DAY)


def test_a_date_that_is_not_part_of_the_name_is_refused() -> None:
    feed = Feed(**{**FEED, "date_from_name": r"(\d{4}-\d{2}-\d{2})?\.csv$"})
    with pytest.raises(SourceFormatError, match="a name without a date"):
        feed.file_dates("notes.csv", read_on=DAY)


@pytest.mark.parametrize("name", ["notes.csv", "2010-13-01.csv", "2010-12-01.csv.part"])
def test_a_name_without_a_date_is_refused(name: str) -> None:
    with pytest.raises(SourceFormatError, match="a name without a date") as refused:
        Feed(**FEED).file_dates(name, read_on=DAY)
    assert name in refused.value.subject
