"""Which version the decisions on all versions leave in service."""

from datetime import date

from insight.registry.trail import champion_and_before, decided

FIRST, SECOND, THIRD = date(2017, 11, 1), date(2017, 11, 8), date(2017, 11, 15)


def test_a_rollback_counts_from_its_run_date_on_and_until_the_version_is_promoted_again():
    old, new = "old", "new"

    def trail(*decisions):
        rows = (decided(kind, version, day, "why", None) for kind, version, day in decisions)
        return list(rows)

    rolled_back = trail(
        ("promoted", old, FIRST), ("promoted", new, SECOND), ("rolled_back", new, THIRD)
    )
    assert champion_and_before(rolled_back, SECOND) == (new, old)
    # Also where the process died before it promoted the old one again.
    assert champion_and_before(rolled_back, THIRD) == (old, None)
    again = rolled_back + trail(("promoted", old, THIRD), ("promoted", new, THIRD))
    assert champion_and_before(again, THIRD) == (new, old)
