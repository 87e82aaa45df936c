"""Whether a night trains."""

from datetime import date

from insight.registry.registry import Registry


def why_not_train(registry: Registry, run_date: date, *, every_days: int) -> str | None:
    """The reason to keep the champion for tonight; None when a challenger is due.

    Args:
        registry: The shop's models.
        run_date: The night.
        every_days: Age in days from which a champion is challenged.
    """
    champion = registry.champion_or_none(run_date)
    if champion is None:
        return None
    age = (run_date - champion.run_date).days
    if age >= every_days:
        return None
    return (
        f"champion {champion.version} is {age} days old; "
        f"a new one is trained every {every_days} days"
    )
