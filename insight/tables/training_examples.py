"""What the model learns from, in types that survive the tensor reader."""

from insight.tables.table import Check, Column, Table

TRAINING_EXAMPLES = Table(
    name="training_examples",
    grain="one row per customer, cut-off, campaign asked about (if any) and run date",
    owner="data science",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column("cutoff_at", "bigint", "The cut-off, end of day, in seconds since 1970 UTC."),
        Column(
            "campaign_id",
            "string",
            "Campaign shown the day after the cut-off; such a row asks nothing else. Else empty.",
        ),
        Column(
            "item_indices",
            "array<bigint>",
            "Items, oldest first, padded with 0 on the left to the fixed length.",
        ),
        Column(
            "type_indices",
            "array<bigint>",
            "Event types: 0 padding, 1 unknown, 2 view, 3 cart, 4 purchase, 5 return.",
        ),
        Column(
            "gap_indices",
            "array<bigint>",
            "Bucket of the time since the event before: 0 padding, from 1.",
        ),
        Column("price_indices", "array<bigint>", "Bucket of the price: 0 padding, from 1."),
        Column(
            "features", "array<float>", "Normalised features, then one mask per nullable feature."
        ),
        Column(
            "next_item",
            "bigint",
            "Index of the next item interacted with; 1 outside the vocabulary, 0 without one.",
        ),
        Column("has_next_item", "float", "1 where next_item is a label to learn from, else 0."),
        Column("purchase", "float", "1 if a purchase follows within the horizon."),
        Column("has_purchase", "float", "1 where the label's window is complete, else 0."),
        Column("churn", "float", "1 if no purchase follows within the horizon."),
        Column(
            "has_churn",
            "float",
            "1 where the customer was active before and the window is complete, else 0.",
        ),
        Column(
            "next_action",
            "bigint",
            "First event within the horizon: 0 none, 1 view, 2 search, 3 cart, 4 purchase,"
            " 5 return, 6 campaign_click.",
        ),
        Column("has_next_action", "float", "1 where the label's window is complete, else 0."),
        Column(
            "campaign_context",
            "array<float>",
            "Log odds of answers to this kind of campaign, log1p of the customer's campaigns and"
            " of answers to them, log odds of an answer by the customer; zeros without a campaign.",
        ),
        Column("campaign", "float", "1 if the customer answers the campaign within the horizon."),
        Column("has_campaign", "float", "1 where a campaign is asked about, else 0."),
        Column(
            "row_checksum",
            "bigint",
            "xxhash64 over the other columns, to prove that every row was read once.",
        ),
        Column(
            "split",
            "string",
            "train, validation, recalibration or test; decided by the cut-off alone.",
        ),
        Column("run_date", "date", "Night the examples were built."),
    ),
    key=("customer_id", "cutoff_at", "campaign_id", "run_date"),
    partition_by=("run_date", "split"),
    checks=(Check("known_split", "split IN ('train', 'validation', 'recalibration', 'test')"),),
)
