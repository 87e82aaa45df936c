"""Which number stands for which item: 0 padding, 1 unknown, known items from 2."""

from insight.tables.table import Check, Column, Table

ITEM_VOCABULARY = Table(
    name="item_vocabulary",
    grain="one row per item and run date",
    owner="data science",
    columns=(
        Column("item_id", "string", "Item."),
        Column("item_index", "bigint", "From 2, by falling count; ties by item_id."),
        Column(
            "category",
            "string",
            "Category as of the last training cut-off; 'unknown' without one.",
        ),
        Column("category_index", "bigint", "From 2, by name of the category; 1 unknown."),
        Column("event_count", "bigint", "Events of the item in the training window."),
        Column("run_date", "date", "Night the vocabulary was fitted on."),
    ),
    key=("item_id", "run_date"),
    partition_by=("run_date",),
    checks=(Check("index_from_two", "item_index >= 2"),),
)
