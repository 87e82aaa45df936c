"""Row 21: NUL bytes, ten megabytes of text, broken UTF-8, prices of 1e308 or -1."""

from insight.tables import DATA_QUALITY, EVENTS, QUARANTINE
from tests.faults.dirty_nights import MONDAY, POISON, SUNDAY, TUESDAY, DirtyNights


def test_fault_21_poison_is_quarantined_and_the_night_goes_on(dirty_nights: DirtyNights) -> None:
    refused = dirty_nights.refused(SUNDAY)
    for name, (reason, _) in POISON.items():
        named = [why for why, payload in refused if f'"event_id":"{name}"' in payload]
        assert named == [reason], name
    kept = {row["event_id"] for row in dirty_nights.rows(EVENTS)}
    assert not kept & set(POISON)
    assert sum(name.startswith("human") for name in kept) == 570


def test_fault_21_ten_megabytes_do_not_go_on_into_quarantine(dirty_nights: DirtyNights) -> None:
    assert max(len(payload) for _, payload in dirty_nights.refused(SUNDAY)) == 10_000


def test_fault_21_above_the_allowed_share_the_run_stops_and_says_why(
    dirty_nights: DirtyNights,
) -> None:
    error = dirty_nights.stopped
    assert error.subject == "raw events of 2024-03-12"
    assert error.found.startswith("43.8% of 16 rows refused (3 text_not_clean, 2 price_too_large")
    assert error.exit_code == 2
    # Nothing but the reasons was published.
    last, before = dirty_nights.after[TUESDAY], dirty_nights.after[MONDAY]
    assert last[EVENTS.name] == before[EVENTS.name]
    changed = {name for name in last if last[name] != before[name]}
    # The raw tables are ingest's.
    assert {name for name in changed if not name.startswith("raw")} == {
        QUARANTINE.name,
        DATA_QUALITY.name,
    }
    assert len(dirty_nights.refused(TUESDAY)) == len(POISON)
    assert dirty_nights.counts(TUESDAY)["kept"] == 9
