"""What the customer model is asked beside the next item, and in which order it answers."""

from insight.tables.events import EVENT_TYPES

YES_NO_TASKS = ("purchase", "churn", "campaign")
NEXT_ACTIONS = ("none", *EVENT_TYPES)
"""Index of each answer to what the customer does next."""

CONTEXT_WIDTH = 4
"""Numbers that tell which campaign is asked about (insight/snapshots/campaigns.py)."""
