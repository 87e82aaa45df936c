"""The analysts' views: every table of the lake by its name, and the newest predictions.

The SQL is one text for Spark and for DuckDB, so that both give the same answer.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from insight.errors import StageOrderError
from insight.tables import (
    CUSTOMER_SCORES,
    EVALUATION,
    ITEMS,
    RECOMMENDATIONS,
    TABLES,
    Table,
)


@dataclass(frozen=True)
class View:
    """A named query over the lake's tables.

    Args:
        name: Its name.
        description: What one row is, for people.
        needs: Tables it reads; without any of them there is no view.
        sql: A SELECT that Spark and DuckDB both understand.
    """

    name: str
    description: str
    needs: tuple[Table, ...]
    sql: str


_NEWEST_NIGHT = (
    "score_date = least((SELECT max(score_date) FROM customer_scores),"
    " (SELECT max(score_date) FROM recommendations))"
)
"""Two tables are two commits: a night that died between them must not show in one view alone."""


VIEWS: tuple[View, ...] = (
    View(
        "customer_scores_latest",
        "Who will buy and who is leaving, as of the newest night: one row per customer.",
        (CUSTOMER_SCORES, RECOMMENDATIONS),
        f"SELECT * FROM customer_scores WHERE {_NEWEST_NIGHT}",
    ),
    View(
        "recommendations_latest",
        "What to show to whom, as of the newest night: one row per customer and rank, "
        "with the item's title and category as known then.",
        (RECOMMENDATIONS, CUSTOMER_SCORES, ITEMS),
        f"""
        WITH newest AS (
          SELECT * FROM recommendations WHERE {_NEWEST_NIGHT}
        ), described AS (
          SELECT item_id, title, category,
            row_number() OVER (PARTITION BY item_id ORDER BY known_from DESC) AS age
          FROM items WHERE known_from <= (SELECT max(score_date) FROM recommendations)
        )
        SELECT newest.customer_id, newest.rank, newest.item_id, described.title,
          described.category, newest.score, newest.model_version, newest.scored_on,
          newest.score_date
        FROM newest LEFT JOIN described
          ON newest.item_id = described.item_id AND described.age = 1
        """,
    ),
    View(
        "evaluation_latest",
        "The newest comparison of challenger, champion and baselines.",
        (EVALUATION,),
        "SELECT * FROM evaluation WHERE run_date = (SELECT max(run_date) FROM evaluation)",
    ),
)


def tables_named_in(sql: str) -> list[Table]:
    """The tables that a query names, itself or through a view; opening a table takes time."""
    words = {word.lower() for word in re.findall(r"\w+", sql)}
    through_views = {table.name for view in VIEWS if view.name in words for table in view.needs}
    return [table for table in TABLES if table.name in words | through_views]


def views_over(tables: Collection[str]) -> list[View]:
    """The views for which all tables are there."""
    return [view for view in VIEWS if all(table.name in tables for table in view.needs)]


def register_views(
    spark: SparkSession, lake_root: str, tables: Collection[Table] = TABLES
) -> list[str]:
    """Make the lake's tables and the latest views known to ``spark.sql``.

    Args:
        spark: The session; the views live as long as it does.
        lake_root: Folder of the lake.
        tables: Tables to register, where they exist.

    Returns:
        The names that can now be queried.

    Raises:
        StageOrderError: None of the tables exists.
    """
    found = []
    for table in tables:
        path = f"{lake_root}/{table.name}"
        if DeltaTable.isDeltaTable(spark, path):
            spark.read.format("delta").load(path).createOrReplaceTempView(table.name)
            found.append(table.name)
    if not found and tables:
        raise nothing_to_query(lake_root, tables)
    for view in views_over(found):
        spark.sql(view.sql).createOrReplaceTempView(view.name)
        found.append(view.name)
    return found


def nothing_to_query(lake_root: str, tables: Collection[Table]) -> StageOrderError:
    """The error for a lake without the tables asked for."""
    wanted = ", ".join(table.name for table in tables)
    return StageOrderError(
        f"lake {lake_root}",
        found="none of the tables asked for" if len(tables) < len(TABLES) else "no tables",
        expected=wanted if len(tables) < len(TABLES) else "the tables that a night writes",
        next_step="run jobs/nightly.py first, or name another lake with --profile",
    )
