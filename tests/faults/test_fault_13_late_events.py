"""Row 13: events that come up to seven days late, and older ones."""

from datetime import date, datetime, timedelta

from insight.point_in_time import dates_in
from insight.tables import CUSTOMER_DAILY, SESSIONS
from tests.faults.dirty_nights import MONDAY, SUNDAY, DirtyNights


def _days_before(count: int) -> date:
    return MONDAY - timedelta(days=count)


def test_fault_13_late_events_are_kept_and_older_ones_quarantined_and_counted(
    dirty_nights: DirtyNights,
) -> None:
    late = [row for row in dirty_nights.kept("late") if row["ingest_date"] == MONDAY]
    assert {row["event_date"] for row in late} == {_days_before(n) for n in range(8)}
    refused = [payload for reason, payload in dirty_nights.refused(MONDAY) if reason == "too_late"]
    assert sorted('"late 8"' in p or '"late 9"' in p for p in refused) == [True, True]
    assert dirty_nights.counts(MONDAY)["too_late"] == 2


def test_fault_13_the_days_they_touch_are_computed_anew(dirty_nights: DirtyNights) -> None:
    days = {
        row["event_date"]: row["event_count"]
        for row in dirty_nights.rows(CUSTOMER_DAILY)
        if row["customer_id"] == "late"
    }
    # On Sunday the late event joins the one that was known.
    expected = {_days_before(n): 1 for n in range(8)} | {SUNDAY: 2}
    assert days == expected
    visits = {
        row["session_date"]: (row["started_at"], row["event_count"])
        for row in dirty_nights.rows(SESSIONS)
        if row["customer_id"] == "late" and row["session_date"] == SUNDAY
    }
    assert visits == {SUNDAY: (datetime(2024, 3, 10), 2)}  # noqa: DTZ001


def test_fault_13_no_other_day_and_no_other_customer_is_written(dirty_nights: DirtyNights) -> None:
    for table in (SESSIONS, CUSTOMER_DAILY):
        before = [row for row in dirty_nights.rows(table, SUNDAY) if row["customer_id"] != "late"]
        after = dirty_nights.rows(table, MONDAY)
        assert len(before) > 50
        assert all(row in after for row in before)
        commits = dirty_nights.lake.history[table.name]
        # The visits of the days beside may begin or end otherwise.
        rewritten = {_days_before(n) for n in range(-1, 9)}
        assert set(dates_in(commits[1].where)) == rewritten
    (month,) = [r for r in dirty_nights.rows(SESSIONS) if r["customer_id"] == "anna"]
    assert month["session_date"] == date(2024, 2, 25)
