"""Past nights trained and judged again, beside the lake: nothing of tonight's is touched."""
