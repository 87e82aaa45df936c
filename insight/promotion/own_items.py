"""Own items: the next item is the one that this customer touched most often."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

OWN_ITEMS = "own_items"

_FIRST_ITEM = 2
"""Below it stand padding and the unknown item, which nobody recommends."""


def with_own_item_ranks(examples: DataFrame) -> DataFrame:
    """Add the rank of each row's true next item among its customer's own items.

    Items are ordered by how often they stand in the sequence, and among equals by the newer
    last event. The rank is null where the next item is not among them.

    Args:
        examples: With item_indices (oldest first) and next_item.

    Returns:
        ``examples`` with a double column ``own_items``.
    """
    # How often, then how lately: the position is counted from the newest event.
    weight = (
        "struct(size(filter(own, each -> each = {item})), -array_position(reverse(own), {item}))"
    )
    ahead = (
        f"filter(array_distinct(own), item -> {weight.format(item='item')}"
        f" > {weight.format(item='next_item')})"
    )
    rank = F.when(F.expr("array_contains(own, next_item)"), F.expr(f"size({ahead}) + 1"))
    own = F.filter("item_indices", lambda index: index >= _FIRST_ITEM)
    return examples.withColumn("own", own).withColumn(OWN_ITEMS, rank.cast("double")).drop("own")
