"""Events whose id another event holds: counted by source, and refused if there are too many."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.identities import DIFFERS
from insight.logs import logger

log = logger(__name__)

ID_COLLISION = "id_collision"


@dataclass(frozen=True)
class Collision:
    """The kept rows of one source whose id another event holds.

    Args:
        target: Table being cleaned.
        source: Name of the source.
        rows: Number of these rows.
        of: Rows of the source that came.
        differs: Rows by the column in which they differ from the event that holds the id.
    """

    target: str
    source: str
    rows: int
    of: int
    differs: Mapping[str, int]

    def __str__(self) -> str:
        """For a person: shares and columns, no values."""
        named = ", ".join(f"{name} ({count})" for name, count in self.differs.items())
        return (
            f"{self.rows} of {self.of} rows ({self.rows / self.of:.1%}) with the id of another"
            f" event, different in {named}"
        )


def collisions(renamed: Mapping[str, DataFrame], raw: Mapping[str, DataFrame]) -> list[Collision]:
    """Count the kept rows that had to get an id of their own.

    Args:
        renamed: Kept rows with ``source`` and ``id_differs_in``, by the table's name.
        raw: The rows that came, by the table's name.
    """
    counted: dict[tuple[str, str], Counter[str]] = {}
    totals: Counter[tuple[str, str]] = Counter()
    for row in _per_group(renamed, DIFFERS):
        of_source = (row["target"], row["source"])
        totals[of_source] += row["count"]
        names = dict.fromkeys(row[DIFFERS].split(","), row["count"])
        counted.setdefault(of_source, Counter()).update(names)
    # Most nights have none, and the rows that came are not read again.
    came = {
        (row["target"], row["source"]): row["count"]
        for row in _per_group({name: raw[name] for name, _ in totals})
    }
    return [
        Collision(*of_source, rows, came[of_source], dict(counted[of_source].most_common()))
        for of_source, rows in sorted(totals.items())
    ]


def noted_collisions(found: Iterable[Collision], target: str) -> dict[str, int]:
    """Rows of a target by the rule, for data_quality; nothing if there are none."""
    rows = sum(each.rows for each in found if each.target == target)
    return {ID_COLLISION: rows} if rows else {}


def refuse_collisions(found: Iterable[Collision], run_date: date, *, max_share: float) -> None:
    """Stop before rows are published whose ids restart, or do not name rows.

    Raises:
        DataQualityError: A source has a larger share of them than the settings allow.
    """
    for each in found:
        subject = f"ids of source {each.source} in raw {each.target} of {run_date}"
        if each.rows <= max_share * each.of:
            log.warning("ids name two events", subject=subject, found=str(each))
            continue
        raise DataQualityError(
            subject,
            found=str(each),
            expected=f"at most {max_share:.1%} (setting clean.max_id_collision_share): an id names"
            " one event",
            next_step=f"declare row_ids: file in conf/sources/{each.source}.yml if ids restart in"
            " each file, feed if in each feed, none if they do not name rows, and run the date"
            " again with ingest.read_again=true (docs/sources.md); or have the shop make"
            " ids unique",
        )


def _per_group(frames: Mapping[str, DataFrame], *names: str) -> list[Row]:
    parts = [
        rows.select(F.lit(name).alias("target"), "source", *names) for name, rows in frames.items()
    ]
    if not parts:
        return []
    both = reduce(DataFrame.unionByName, parts)
    return both.groupBy("target", "source", *names).count().collect()
