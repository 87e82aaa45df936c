"""Why rows were refused, by event, in the form that tests compare."""

from pyspark.sql import DataFrame


def reasons(judged: DataFrame) -> dict[str, str | None]:
    """Each event's reason; ids are taken to be different."""
    return {row["event_id"]: row["reason"] for row in judged.select("event_id", "reason").collect()}


def numbered(*expected: str | None) -> dict[str, str | None]:
    """The reasons of e0, e1, ... in order."""
    return {f"e{n}": reason for n, reason in enumerate(expected)}
