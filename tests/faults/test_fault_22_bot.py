"""Row 22: one bot with three in ten of all events. Its memory is measured by the bench."""

from insight.tables import CUSTOMER_DAILY, SESSIONS
from tests.faults.dirty_nights import SUNDAY, DirtyNights


def test_fault_22_a_bot_is_quarantined_and_the_night_goes_on(dirty_nights: DirtyNights) -> None:
    counts = dirty_nights.counts(SUNDAY)
    assert counts["bot"] == 250
    # Far more than what may be refused of a sound delivery (clean.max_quarantined_share).
    assert counts["bot"] / sum(counts.values()) > 0.3
    assert dirty_nights.kept("bot") == []
    refused = [payload for reason, payload in dirty_nights.refused(SUNDAY) if reason == "bot"]
    assert all('"customer_id":"bot"' in payload for payload in refused)


def test_fault_22_no_state_is_kept_of_a_bot_and_people_stay(dirty_nights: DirtyNights) -> None:
    for table in (SESSIONS, CUSTOMER_DAILY):
        customers = {row["customer_id"] for row in dirty_nights.rows(table)}
        assert "bot" not in customers
        assert {f"human {n}" for n in range(50)} <= customers
