"""What a model may be used for, and what it is not to be trusted with: a card's words."""

from insight.settings import Settings


def intended_use(settings: Settings) -> list[str]:
    """What the scores are made for, one sentence each."""
    examples = settings.examples
    return [
        "Every night it ranks a shop's own customers by the probability of a purchase within "
        f"{examples.purchase_days} days, and items by what a customer wants next.",
        f"Of customers who bought within {examples.active_days} days it tells the probability of "
        f"no purchase within {examples.churn_days} days; of customers shown a campaign, that of an "
        f"answer within {examples.campaign_days} days; of all, what they do next.",
        "People read its scores as tables and lists, to choose whom to write to and what to show.",
        "It is not made for decisions on credit, prices for single persons, or anything else with "
        "legal effect for a customer.",
    ]


def limits(settings: Settings) -> list[str]:
    """What the numbers do not say, one sentence each."""
    return [
        "All metrics are of one test window. The intervals tell of other customers, not of other "
        "seasons.",
        f"Of more than {settings.promotion.judged_rows:,} test rows a sample of about that size is "
        "judged, by whole customers: metrics and intervals are of the sample.",
        "A probability says what happens, not what a campaign would change.",
        f"Customers without an event in {settings.scoring.active_days} days are not scored; items "
        "with fewer than "
        f"{settings.examples.min_item_events} events in the training window, or newer than it, "
        "are never recommended.",
        "Past recommendations shape the clicks that it learns from, and popular items profit.",
        "Probabilities were calibrated on the validation window; a season unlike it shifts them.",
        "Slices with too few rows of either answer are not judged, so their absence says nothing.",
        "Of groups of people only countries are compared, and many customers have told none.",
    ]
