"""From raw rows to clean events: every refused row is kept with its reason, and counted."""
