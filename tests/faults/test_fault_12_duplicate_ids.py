"""Row 12: duplicate event ids."""

from tests.faults.dirty_nights import COPIES, MONDAY, SUNDAY, DirtyNights


def test_fault_12_of_one_id_one_deterministic_row_survives(dirty_nights: DirtyNights) -> None:
    kept = {row["event_id"]: row["price"] for row in dirty_nights.kept("copies")}
    assert kept == {name: price for name, (_, price) in COPIES.items()}
    assert len(dirty_nights.kept("copies")) == len(COPIES)


def test_fault_12_copies_are_counted_and_an_event_of_another_night_is_not_told_again(
    dirty_nights: DirtyNights,
) -> None:
    # One within a file and one in two files; the broken one has a reason of its own.
    assert dirty_nights.counts(SUNDAY)["repeated"] == 2
    assert dirty_nights.counts(MONDAY)["repeated"] == 1
    (payload,) = [p for reason, p in dirty_nights.refused(MONDAY) if reason == "repeated"]
    assert '"event_id":"within a file"' in payload
    first = {row["event_id"]: row for row in dirty_nights.kept("copies", SUNDAY)}
    assert {row["event_id"]: row for row in dirty_nights.kept("copies", MONDAY)} == first
