"""Row 14: timestamps in the future, of 1970, in milliseconds for seconds."""

from insight.tables import EVENTS
from tests.faults.dirty_nights import CLOCKS, MONDAY, SUNDAY, DirtyNights


def test_fault_14_what_a_broken_clock_tells_is_quarantined_with_the_reason(
    dirty_nights: DirtyNights,
) -> None:
    refused = dirty_nights.refused(SUNDAY)
    for name, (reason, _) in CLOCKS.items():
        named = [why for why, payload in refused if f'"event_id":"{name}"' in payload]
        assert named == [reason], name
    assert not {row["event_id"] for row in dirty_nights.rows(EVENTS)} & set(CLOCKS)


def test_fault_14_they_are_counted_by_reason(dirty_nights: DirtyNights) -> None:
    counts = dirty_nights.counts(SUNDAY)
    reasons = [reason for reason, _ in CLOCKS.values()]
    assert {reason: counts[reason] for reason in set(reasons)} == {
        reason: reasons.count(reason) for reason in set(reasons)
    }


def test_fault_14_a_moment_that_python_does_not_know_is_kept_as_it_came(
    dirty_nights: DirtyNights,
) -> None:
    # On a first night, and on one that looks for its events among those of others.
    for night in (SUNDAY, MONDAY):
        (payload,) = [p for _, p in dirty_nights.refused(night) if "milliseconds for" in p]
        assert '"event_at":"+5616' in payload
