"""One night of a shop whose rows hold canaries: no byte of what it leaves has one of them."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from structlog.testing import capture_logs

from insight.delta import Lake
from insight.errors import SourceFormatError
from insight.events.stage import CLEAN
from insight.launch import run_stages
from insight.sources.stage import INGEST
from insight.tables import EVENTS, EXPOSURES, FEEDBACK, QUARANTINE, RAW_EVENTS, RUN_LOG, Table
from tests.privacy.every_byte import found_below
from tests.small_lake import open_night

NIGHT, NEXT = "2024-03-10", "2024-03-11"
CUSTOMER, ORDER, EVENT, TICKET, SHOWING = (
    "zq-kunde-81x",
    "zq-auftrag-31x",
    "zq-ereignis-19x",
    "zq-ticket-55x",
    "zq-gezeigt-77x",
)
EMAIL, PHONE, BROKEN = "zq.canary@example.org", "170 5550 1993", "zqbrokenvalue"
CANARIES = (CUSTOMER, ORDER, EVENT, TICKET, SHOWING, EMAIL, PHONE, BROKEN)

_HEADER = "event_at,event_type,customer_id,item_id,event_id,order_id,quantity,price,search_text"
_AT = f"{NIGHT} 09:00:00"
_EVENTS = [
    _HEADER,
    f"{_AT},purchase,{CUSTOMER},tea,{EVENT}-1,{ORDER},1,2.5,",
    f"{_AT},search,{CUSTOMER},,{EVENT}-2,,,,tea for {EMAIL} of {CUSTOMER}",
    # A guest's search, named by the hash of its content.
    f"{_AT},search,,,,,,,tea call {PHONE}",
    # Refused by a rule.
    f"{_AT},purchase,{CUSTOMER},tea,{EVENT}-3,{ORDER},1,-2.5,",
    # A value that does not parse, and one that has slipped into another column.
    f"{_AT},purchase,{CUSTOMER},tea,{EVENT}-4,{ORDER},{BROKEN},2.5,",
    f"{_AT},purchase,tea,tea,{EVENT}-5,{ORDER},1,{CUSTOMER},",
    # A field too few, so that all stand one column off.
    f"{_AT},purchase,{CUSTOMER},{EVENT}-6,{ORDER},1,2.5,",
]
_TORN_JSON = [
    json.dumps({"event_at": _AT, "event_type": "view", "customer_id": CUSTOMER, "item_id": "cup"}),
    f'{{"event_at": "{_AT}", "customer_id": "{CUSTOMER}", "item',
    json.dumps({"event_at": _AT, "event_type": "view", "customer_id": "other", "item_id": "cup"}),
]
_FEEDBACK = [
    "feedback_id,created_at,kind,customer_id,feedback_text,reply_text",
    f"{TICKET},{_AT},ticket,{CUSTOMER},where is my tea? {CUSTOMER} {PHONE},we wrote to {EMAIL}",
]
_EXPOSURES = [
    "exposure_id,exposed_at,customer_id,campaign_id",
    f"{SHOWING},{_AT},{CUSTOMER},spring",
]


@dataclass(frozen=True)
class Nights:
    """The lake after a night that ended well and one whose file has no header.

    Args:
        folder: Lake, landing folder and key.
        lake: The lake.
        refused: Why the second night stopped.
        logged: What both nights logged.
    """

    folder: Path
    lake: Lake
    refused: SourceFormatError
    logged: str


def _land(folder: Path, name: str, lines: list[str]) -> None:
    path = folder / "landing" / "plain" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def nights(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("canaries")
    _land(folder, f"events/{NIGHT}.csv", _EVENTS)
    _land(folder, f"events/{NIGHT}.json", _TORN_JSON)
    _land(folder, f"feedback/{NIGHT}.csv", _FEEDBACK)
    _land(folder, f"exposures/{NIGHT}.csv", _EXPOSURES)
    settings = {
        "sources": ["plain"],
        "ingest__max_malformed_share": 1.0,
        "clean__max_quarantined_share": 1.0,
    }
    with capture_logs() as logged:
        run_stages((INGEST, CLEAN), open_night(spark, folder, NIGHT, **settings))
        _land(folder, f"events/{NEXT}.csv", [_EVENTS[1].replace(NIGHT, NEXT)])
        with pytest.raises(SourceFormatError) as refused:
            run_stages((INGEST,), open_night(spark, folder, NEXT, **settings))
    lake = open_night(spark, folder, NIGHT).lake
    return Nights(folder, lake, refused.value, str(logged))


def _rows(nights: Nights, table: Table, order: str) -> list[dict[str, object]]:
    return [row.asDict() for row in nights.lake.read(table).orderBy(order).collect()]


def test_no_byte_of_the_lake_holds_a_canary(nights: Nights) -> None:
    assert found_below(nights.folder / "lake", CANARIES) == []
    # The search itself finds what is there.
    assert found_below(nights.folder / "lake", ["price_negative", "plain/events"])
    assert ("plain/events/2024-03-10.csv", EMAIL) in found_below(
        nights.folder / "landing", CANARIES
    )


def test_every_row_came_and_every_kind_of_it_is_there(nights: Nights) -> None:
    assert nights.lake.read(RAW_EVENTS).count() == 10
    kept = _rows(nights, EVENTS, "search_text")
    assert [row["search_text"] for row in kept if row["search_text"]] == [
        "tea call [number]",
        "tea for [email] of [customer]",
    ]
    assert sorted(str(row["event_type"]) for row in kept) == [
        "purchase",
        "search",
        "search",
        "view",
        "view",
    ]
    refused = [(row["reason"], row["target"]) for row in _rows(nights, QUARANTINE, "reason")]
    assert refused == [("malformed", "events")] * 4 + [("price_negative", "events")]
    assert nights.lake.read(EXPOSURES).count() == 1


def test_a_refused_row_shows_the_shape_of_what_did_not_parse(nights: Nights) -> None:
    payloads = [json.loads(str(row["payload"])) for row in _rows(nights, QUARANTINE, "reason")]
    shapes = sorted(payload.get("malformed", "") for payload in payloads)
    assert shapes == [
        "",
        '{"_row":"not a JSON object"}',
        '{"_row":"wrong number of fields"}',
        '{"price":"aa-aaaaa-99a"}',
        '{"quantity":"aaaaaaaaaaaaa"}',
    ]


def test_feedback_keeps_its_words(nights: Nights) -> None:
    (row,) = _rows(nights, FEEDBACK, "feedback_id")
    assert row["feedback_text"] == "where is my tea? [customer] [number]"
    assert row["reply_text"] == "we wrote to [email]"


def test_a_file_without_a_header_is_refused_by_position_alone(nights: Nights) -> None:
    assert "no column event_at" in nights.refused.found
    assert "8 columns without a declared name, at position 1, 2, 3" in nights.refused.found
    (detail,) = (
        row["detail"]
        for row in _rows(nights, RUN_LOG, "logged_at")
        if row["table_name"] == "stage" and row["outcome"] == "SourceFormatError"
    )
    assert detail == str(nights.refused)
    assert "published raw_events" in nights.logged
    for canary in CANARIES:
        assert canary not in str(nights.refused)
        assert canary not in nights.logged
