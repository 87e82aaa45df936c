"""A query reads published tables and views; whatever else it asks for is refused, unexecuted."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import SparkSession

from insight.delta import Lake
from insight.errors import QueryRefusedError
from insight.publishing import duckdb_query, spark_query
from insight.publishing.views import register_views
from tests.conftest import FEW_ROWS
from tests.publishing.answered_queries import (
    DUCKDB_DIALECT,
    PLACES,
    READ_BY_BOTH,
    RELATION,
    SHAPES,
    SPARK_DIALECT,
    nested,
)
from tests.publishing.refused_queries import (
    BOTH_REFUSE,
    DUCKDB_CALLS,
    DUCKDB_REFUSES,
    DUCKDB_RELATIONS,
    SPARK_CALLS,
    SPARK_REFUSES,
    SPARK_RELATIONS,
)

Check = Callable[[str], object]

python_variable = "a name that DuckDB would look up in the caller's frame"

FEW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def contents(root: Path) -> str:
    """A hash of every path below a folder and of what the files hold."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def root(lake: Lake) -> Path:
    return Path(lake.root.removeprefix("file:")).parent


@pytest.fixture(scope="module", autouse=True)
def _nothing_changes(root: Path) -> Iterator[None]:
    """No test of this file leaves a trace in the lake or beside it."""
    (root / "pseudonym.key").write_text("5ec2e7")
    before = contents(root)
    yield
    assert contents(root) == before


@pytest.fixture(scope="module")
def session(lake: Lake) -> SparkSession:
    session = spark_query.read_only_session(lake.spark)
    for name, value in FEW_ROWS.items():
        session.conf.set(name, value)
    register_views(session, lake.root)
    # The catalogue has a view of its own, which is not published.
    session.range(1).createOrReplaceTempView("unpublished")
    return session


@pytest.fixture(scope="module")
def by_spark(session: SparkSession) -> Check:
    return lambda sql: spark_query.read_only_query(session, sql)


@pytest.fixture(scope="module")
def by_duckdb(lake: Lake) -> Iterator[Check]:
    with duckdb_query.read_only_duckdb(lake.root) as (connection, _):
        yield lambda sql: duckdb_query.read_only_query(connection, sql)


@pytest.mark.parametrize("sql", READ_BY_BOTH)
def test_both_engines_answer_what_only_reads(sql: str, by_spark: Check, by_duckdb: Check) -> None:
    by_spark(sql)
    by_duckdb(sql)


@pytest.mark.parametrize("sql", SPARK_DIALECT)
def test_spark_answers_in_its_own_dialect(sql: str, by_spark: Check) -> None:
    by_spark(sql)


@pytest.mark.parametrize("sql", DUCKDB_DIALECT)
def test_duckdb_answers_in_its_own_dialect(sql: str, by_duckdb: Check) -> None:
    by_duckdb(sql)


@pytest.mark.parametrize("statement", [*BOTH_REFUSE, *SPARK_REFUSES])
@pytest.mark.parametrize("relation", [RELATION, "delta.`{path}/lake/customer_scores`"])
def test_spark_refuses_statements_that_do_not_only_read(
    statement: str, relation: str, by_spark: Check, root: Path
) -> None:
    sql = statement.format(relation=relation, path=root).format(path=root)
    with pytest.raises((QueryRefusedError, ParseException)):
        by_spark(sql)


@pytest.mark.parametrize("statement", [*BOTH_REFUSE, *DUCKDB_REFUSES])
def test_duckdb_refuses_statements_that_do_not_only_read(
    statement: str, by_duckdb: Check, root: Path
) -> None:
    with pytest.raises((QueryRefusedError, duckdb.ParserException)):
        by_duckdb(statement.format(relation=RELATION, path=root))


@FEW
@given(shape=nested(st.sampled_from(SHAPES)), relation=st.sampled_from(SPARK_RELATIONS))
def test_spark_refuses_other_relations_anywhere(
    shape: str, relation: str, by_spark: Check, root: Path
) -> None:
    by_spark(shape.replace("{relation}", RELATION))
    key = root / "pseudonym.key"
    with pytest.raises(QueryRefusedError):
        by_spark(shape.replace("{relation}", relation.format(path=key)))


@settings(FEW, max_examples=100)
@given(shape=nested(st.sampled_from(SHAPES)), relation=st.sampled_from(DUCKDB_RELATIONS))
def test_duckdb_refuses_other_relations_anywhere(
    shape: str, relation: str, by_duckdb: Check, root: Path
) -> None:
    by_duckdb(shape.replace("{relation}", RELATION))
    key = root / "pseudonym.key"
    with pytest.raises(QueryRefusedError):
        by_duckdb(shape.replace("{relation}", relation.format(path=key)))


@FEW
@given(
    place=st.sampled_from(PLACES), call=st.sampled_from(SPARK_CALLS), shape=st.sampled_from(SHAPES)
)
def test_spark_refuses_functions_that_leave_the_query(
    place: str, call: str, shape: str, by_spark: Check
) -> None:
    with pytest.raises(QueryRefusedError):
        by_spark(shape.replace("{relation}", f"({place.format(call=call)}) AS inner_query"))


@settings(FEW, max_examples=100)
@given(
    place=st.sampled_from(PLACES), call=st.sampled_from(DUCKDB_CALLS), shape=st.sampled_from(SHAPES)
)
def test_duckdb_refuses_functions_that_leave_the_query(
    place: str, call: str, shape: str, by_duckdb: Check
) -> None:
    with pytest.raises(QueryRefusedError):
        by_duckdb(shape.replace("{relation}", f"({place.format(call=call)}) AS inner_query"))


def test_spark_puts_no_environment_into_a_query(session: SparkSession) -> None:
    (row,) = spark_query.read_only_query(session, "SELECT '${system:user.home}' AS a").collect()
    assert row.a == "${system:user.home}"


def test_a_name_of_a_cte_is_no_name_outside_of_it(by_spark: Check, by_duckdb: Check) -> None:
    sql = "SELECT * FROM (WITH unpublished AS (SELECT 1) SELECT * FROM unpublished), unpublished"
    for check in (by_spark, by_duckdb):
        with pytest.raises(QueryRefusedError, match="unpublished"):
            check(sql)


def test_a_name_with_a_dot_is_not_a_path_of_two_names(by_spark: Check, root: Path) -> None:
    key = root / "pseudonym.key"
    by_spark(f"WITH `text.{key}` AS (SELECT 1 AS one) SELECT one FROM `text.{key}`")
    with pytest.raises(QueryRefusedError, match="the relation text"):
        by_spark(f"WITH `text.{key}` AS (SELECT 1 AS one) SELECT value FROM text.`{key}`")


def test_a_table_of_the_catalogue_is_not_a_published_one(by_spark: Check, lake: Lake) -> None:
    # `customers` is published, but this lake has none.
    with pytest.raises(AnalysisException, match="customers"):
        by_spark("SELECT * FROM customers")
    lake.spark.range(1).createOrReplaceGlobalTempView("customers")
    try:
        with pytest.raises(QueryRefusedError, match="relation global_temp"):
            by_spark("SELECT * FROM global_temp.customers")
    finally:
        lake.spark.catalog.dropGlobalTempView("customers")


def test_duckdb_is_locked_beneath_the_check(lake: Lake, root: Path) -> None:
    key = root / "pseudonym.key"
    with duckdb_query.read_only_duckdb(lake.root) as (connection, names):
        assert {"customer_scores", "customer_scores_latest", "sessions"} <= set(names)
        for sql in (
            f"FROM read_text('{key}')",
            f"COPY (SELECT 1) TO '{root}/written.csv'",
            f"ATTACH '{root}/written.db'",
            f"FROM read_parquet('{lake.root}/customer_scores/**/*.parquet')",
            "SET enable_external_access = true",
            "FROM python_variable",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
