"""What the customer model is asked beside the next item, and in which order it answers."""

from insight.tables.events import EVENT_TYPES

YES_NO_TASKS = ("purchase", "churn", "campaign")
NEXT_ACTIONS = ("none", *EVENT_TYPES)
"""Index of each answer to what the customer does next."""

CONTEXT_WIDTH = 4
"""Numbers that tell which campaign is asked about (insight/snapshots/campaigns.py)."""


def read_by(task: str) -> tuple[str, ...]:
    """What a yes-or-no task reads: the customer and, where one is asked about, the campaign."""
    return ("features", "campaign_context") if task == "campaign" else ("features",)
