"""Attempts on the champion: when one is due, how many share data, and records of refusals."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

from insight.registry.registry import Registry
from insight.registry.trail import Decision, decided
from insight.registry.version import ModelVersion


def why_not_train(registry: Registry, run_date: date, *, every_days: int) -> str | None:
    """The reason to keep the champion for tonight; None when a challenger is due.

    A challenger is due ``every_days`` after the last attempt: after the champion was trained,
    or after the gate refused a later challenger. A refused one would otherwise train and be
    judged again the next night, on nearly the same test window. Without a champion nothing is
    scored, so that every night tries.

    Args:
        registry: The shop's models.
        run_date: The night. A rerun does not count its own refusal.
        every_days: Days from one attempt to the next.
    """
    champion = registry.champion_or_none(run_date)
    if champion is None:
        return None
    age = (run_date - champion.run_date).days
    if age < every_days:
        return (
            f"champion {champion.version} is {age} days old; "
            f"a new one is trained every {every_days} days"
        )
    refused = [
        each
        for each in registry.decisions()
        if each.kind == "refused" and each.run_date < run_date.isoformat()
    ]
    last = max(refused, key=lambda decision: decision.run_date, default=None)
    if last is None:
        return None
    since = (run_date - date.fromisoformat(last.run_date)).days
    if since >= every_days:
        return None
    return (
        f"challenger {last.version} was refused {since} days ago; "
        f"a new one is trained every {every_days} days"
    )


def record_refusal(
    registry: Registry, challenger: ModelVersion, run_date: date, reason: str
) -> None:
    """Write on the trail that the gate did not promote a challenger; a rerun adds nothing."""
    refusal = decided("refused", challenger.version, run_date, reason, challenger)
    same = ("kind", "version", "run_date", "reason")
    for each in registry.decisions():
        if all(getattr(each, name) == getattr(refusal, name) for name in same):
            return
    registry.note(refusal)


def attempts_on(
    champion: str,
    decisions: Sequence[Decision],
    run_date: date,
    *,
    test_days: int,
    every_days: int,
) -> int:
    """The number of attempts on the champion that may use one day's data, tonight's included.

    Attempts ``every_days`` apart whose test windows share a day with each other are at most
    ``test_days / every_days``, rounded up. The number is the same for each of them, so that all
    have the same level. If the trail holds more attempts, because somebody trained more often,
    their number counts. It depends on the settings and on the trail before the run date alone,
    so a rerun has the same number.

    Args:
        champion: Version.
        decisions: The trail.
        run_date: Tonight's.
        test_days: Length of a test window, which ends with its run date.
        every_days: Days from one attempt to the next.
    """
    crowned = [
        each.run_date for each in decisions if each.kind == "promoted" and each.version == champion
    ]
    first = max(min(crowned, default=""), (run_date - timedelta(days=test_days)).isoformat())
    earlier = {
        each.run_date
        for each in decisions
        if each.kind in ("refused", "promoted")
        and each.version != champion
        and first < each.run_date < run_date.isoformat()
    }
    return max(math.ceil(test_days / every_days), 1 + len(earlier))
