"""What to show to whom."""

from insight.tables.table import Check, Column, Table

RECOMMENDATIONS = Table(
    name="recommendations",
    grain="one row per score date, customer and rank",
    owner="data science",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column("rank", "int", "1 is best."),
        Column("item_id", "string", "Item."),
        Column("score", "double", "The model's score; comparable within one customer only."),
        Column("model_version", "string", "Registry version that gave the score."),
        Column(
            "scored_on",
            "date",
            "When it gave it: earlier than score_date where the customer has not changed since.",
        ),
        Column("score_date", "date", "Everything up to the end of this day was known."),
    ),
    key=("customer_id", "score_date", "rank"),
    partition_by=("score_date",),
    checks=(Check("rank_from_one", "rank >= 1"),),
)
