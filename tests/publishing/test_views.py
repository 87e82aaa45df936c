"""Spark and DuckDB give the same answer to the same question."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from insight.delta import Lake
from insight.errors import StageOrderError, TableDamagedError
from insight.publishing.duckdb_lake import register_duckdb
from insight.publishing.views import register_views, tables_named_in
from insight.tables import RECOMMENDATIONS, SESSIONS

Ask = Callable[[str], list[tuple]]


@pytest.fixture(scope="module", params=["spark", "duckdb"])
def ask(request: pytest.FixtureRequest, lake: Lake) -> Ask:
    if request.param == "spark":
        register_views(lake.spark, lake.root)
        return lambda sql: [tuple(row) for row in lake.spark.sql(sql).collect()]
    connection = duckdb.connect()
    register_duckdb(connection, lake.root)
    return lambda sql: connection.execute(sql).fetchall()


def test_the_latest_scores_are_those_of_the_newest_night(ask: Ask) -> None:
    rows = ask(
        "SELECT customer_id, purchase_probability, churn_probability, CAST(score_date AS STRING) "
        "FROM customer_scores_latest ORDER BY customer_id"
    )
    assert rows == [
        ("c1", 0.95, 0.05, "2024-03-31"),
        ("c2", 0.5, 0.5, "2024-03-31"),
        ("c3", 1.0, None, "2024-03-31"),
    ]


def test_the_latest_recommendations_carry_the_titles_known_that_night(ask: Ask) -> None:
    rows = ask(
        'SELECT customer_id, "rank", item_id, title, category FROM recommendations_latest '
        'ORDER BY customer_id, "rank"'.replace('"', "")
    )
    assert rows == [
        ("c1", 1, "i1", "Green <tea> & cups", "Tea"),
        ("c1", 2, "i2", None, "Coffee"),
        ("c2", 1, "i1", "Green <tea> & cups", "Tea"),
    ]


def test_the_latest_evaluation_is_of_the_newest_night(ask: Ask) -> None:
    assert ask("SELECT count(*), max(row_count) FROM evaluation_latest") == [(6, 1234)]


def test_history_stays_queryable(ask: Ask) -> None:
    by_night = "SELECT count(*) FROM customer_scores WHERE score_date < DATE '2024-03-31'"
    assert ask(by_night) == [(2,)]


def test_an_empty_table_can_be_queried(ask: Ask) -> None:
    assert ask("SELECT count(*), max(event_count) FROM sessions") == [(0, None)]


def test_times_are_utc(ask: Ask) -> None:
    earliest = "SELECT CAST(hour(min(logged_at)) AS INT), minute(min(logged_at)) FROM run_log"
    assert ask(earliest) == [(2, 1)]


def test_columns_come_in_the_order_of_the_contract(lake: Lake) -> None:
    connection = duckdb.connect()
    register_duckdb(connection, lake.root)
    columns = [row[0] for row in connection.execute("DESCRIBE recommendations").fetchall()]
    assert columns == RECOMMENDATIONS.column_names


def test_only_the_tables_a_query_names_are_opened() -> None:
    named = tables_named_in("select * from RECOMMENDATIONS_LATEST join sessions using (x)")
    assert {table.name for table in named} == {
        "recommendations",
        "customer_scores",
        "items",
        "sessions",
    }
    assert tables_named_in("SELECT 1") == []


def test_a_view_without_its_tables_is_left_out(lake: Lake, spark: SparkSession) -> None:
    assert register_views(spark, lake.root, [RECOMMENDATIONS]) == ["recommendations"]


def test_a_lake_without_tables_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(StageOrderError, match="no tables"):
        register_duckdb(duckdb.connect(), str(tmp_path))
    with pytest.raises(StageOrderError, match="none of the tables asked for"):
        register_views(spark, str(tmp_path), [SESSIONS])


def test_a_damaged_log_is_named(tmp_path: Path) -> None:
    log = tmp_path / "sessions" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text('{"metaData": {"id"')
    with pytest.raises(TableDamagedError, match="sessions"):
        register_duckdb(duckdb.connect(), str(tmp_path))
