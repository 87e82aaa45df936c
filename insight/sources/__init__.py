"""From any source's files to canonical raw rows, by declaration."""
