"""Attempts on the champion: when one is due, which one it is, and the record of a refusal."""

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


def attempt_on(
    champion: str, decisions: Sequence[Decision], run_date: date, *, test_days: int
) -> int:
    """Which attempt on the champion tonight's is, from 1, among those that see the same days.

    Counts the nights since the champion was first promoted whose test window shares a day with
    tonight's and whose challenger was refused or promoted. It depends on the registry's trail
    up to the run date alone, so that a rerun counts the same.

    Args:
        champion: Version.
        decisions: The trail.
        run_date: The night.
        test_days: Length of a test window, which ends with its night.
    """
    crowned = [
        each.run_date for each in decisions if each.kind == "promoted" and each.version == champion
    ]
    first = max(min(crowned, default=""), (run_date - timedelta(days=test_days)).isoformat())
    nights = {
        each.run_date
        for each in decisions
        if each.kind in ("refused", "promoted")
        and each.version != champion
        and first < each.run_date < run_date.isoformat()
    }
    return 1 + len(nights)
