"""Columns of feature tables: with the unit and the window that docs/features.md shows."""

from insight.tables.table import Column


def feature(name: str, kind: str, unit: str, window: str, meaning: str) -> Column:
    """A feature that every row has."""
    return Column(name, kind, meaning, unit=unit, window=window)


def feature_or_null(name: str, kind: str, unit: str, window: str, meaning: str) -> Column:
    """A feature that is null where it is not known."""
    return Column(name, kind, meaning, nullable=True, unit=unit, window=window)
