"""The morning in plain words."""

from insight.publishing.facts import Morning

_OUTCOMES = {"ok": "done", "skipped": "no change"}


def outcome_title(outcome: str) -> str:
    """An error's type stands for itself."""
    return _OUTCOMES.get(outcome, f"failed: {outcome}")


def headline(morning: Morning) -> str:
    """The morning in one sentence."""
    failed = [row.stage for row in morning.stages if row.outcome not in _OUTCOMES]
    if failed:
        return f"The night did not finish: {', '.join(failed)} failed."
    tonight = morning.tonight
    if tonight is None and not morning.nights:
        return "No model has earned its place yet, so nobody was scored."
    if tonight is None:
        return "Nobody was scored for this date; the newest scores are older."
    kept = f" ({tonight.carried_over:,} as before)" if tonight.carried_over else ""
    return (
        f"{tonight.customers:,} customers scored by model {tonight.model_version}{kept}: "
        f"{tonight.likely_buyers:,} are likely to buy, {tonight.likely_leavers:,} to leave."
    )
