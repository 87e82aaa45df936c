"""How fast customers are scored, beside what else could do it."""
