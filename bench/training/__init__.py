"""How fast the reader reads and ranks learn, beside what else could do it."""
