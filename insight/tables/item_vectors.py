"""What an item's words and picture say, as vectors, and since when."""

from insight.tables.table import Check, Column, Table

ITEM_VECTORS = Table(
    name="item_vectors",
    grain="one row per item, kind of vector and night that found what it is made of new",
    owner="data science",
    columns=(
        Column("item_id", "string", "Item."),
        Column("kind", "string", "text or image."),
        Column("content_hash", "string", "SHA-256 of the text or picture that was encoded."),
        Column("vector", "array<float>", "A text's is of length 1; a picture's as it came."),
        Column("encoder", "string", "What made the vector; 'shop' for a picture's."),
        Column("encoder_version", "string", "Its version; of a shop's, the vector's length."),
        Column("run_date", "date", "Night that embedded it; the newest one counts."),
    ),
    key=("item_id", "kind", "run_date"),
    partition_by=("run_date",),
    layout="as_read",
    checks=(
        Check("known_kind", "kind IN ('text', 'image')"),
        Check("has_numbers", "size(vector) > 0"),
    ),
)
