"""What the pages that people read have in common: style, drawings, words, and how they land."""
