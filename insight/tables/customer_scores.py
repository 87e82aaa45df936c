"""Who will buy, who is leaving, who answers campaigns, and what comes next."""

from insight.tables.table import Check, Column, Table

CUSTOMER_SCORES = Table(
    name="customer_scores",
    grain="one row per score date and customer",
    owner="data science",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column(
            "purchase_probability",
            "double",
            "Probability of a purchase in the next 7 days (the setting's horizon).",
        ),
        Column(
            "churn_probability",
            "double",
            "Probability of no purchase in the next 30 days; null for customers not active before.",
            nullable=True,
        ),
        Column(
            "campaign_probability",
            "double",
            "Probability that a campaign of a mean kind, shown tomorrow, is answered within 30 days"
            " (the setting's horizon); null where the model has learned from no campaign.",
            nullable=True,
        ),
        Column(
            "next_action",
            "string",
            "The likeliest next event in the next 7 days (the setting's horizon), or none.",
        ),
        Column("next_action_probability", "double", "Its probability."),
        Column(
            "unknown_item_count",
            "int",
            "Events of the sequence read whose item the model has not learned.",
        ),
        Column("state_hash", "bigint", "Of what the score was made of, but the model and clocks."),
        Column("model_version", "string", "Registry version that gave the score."),
        Column(
            "scored_on",
            "date",
            "When it gave it: earlier than score_date where the customer has not changed since.",
        ),
        Column("score_date", "date", "Everything up to the end of this day was known."),
    ),
    key=("customer_id", "score_date"),
    partition_by=("score_date",),
    checks=(
        Check("counts_unknown_items", "unknown_item_count >= 0"),
        Check("purchase_is_probability", "purchase_probability BETWEEN 0 AND 1"),
        Check(
            "campaign_is_probability",
            "campaign_probability IS NULL OR campaign_probability BETWEEN 0 AND 1",
        ),
        Check("action_is_probability", "next_action_probability BETWEEN 0 AND 1"),
        Check(
            "churn_is_probability", "churn_probability IS NULL OR churn_probability BETWEEN 0 AND 1"
        ),
    ),
)
