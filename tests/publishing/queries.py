"""Queries for both engines: shapes that are allowed, and statements that are not."""

from hypothesis import strategies as st

RELATION = "customer_scores"

SHAPES = (
    "SELECT * FROM {relation}",
    "SELECT count(*) AS n FROM {relation} HAVING count(*) > 0",
    "WITH a AS (SELECT * FROM {relation}), b AS (SELECT * FROM a) SELECT * FROM b",
    "SELECT 1 AS one WHERE 1 IN (SELECT 1 FROM {relation})",
    "SELECT 1 AS one WHERE EXISTS (SELECT * FROM {relation})",
    "SELECT (SELECT count(*) FROM {relation}) AS n",
    "SELECT CASE WHEN 1 = (SELECT count(*) FROM {relation}) THEN 1 END AS n",
    "SELECT 1 AS one UNION ALL SELECT count(*) FROM {relation}",
    "SELECT count(*) AS n FROM {relation} EXCEPT SELECT 2",
    "SELECT s.score_date FROM customer_scores s LEFT JOIN (SELECT 1 FROM {relation}) r ON true",
    "SELECT s.customer_id FROM customer_scores s, LATERAL (SELECT count(*) AS n FROM {relation}) r",
    "SELECT 1 AS one ORDER BY (SELECT count(*) FROM {relation})",
    "SELECT sum(1) OVER w FROM {relation} WINDOW w AS (PARTITION BY 1)",
)
"""Queries that read one relation, in different places of the query."""

PLACES = (
    "SELECT {call}",
    "SELECT customer_id FROM customer_scores WHERE CAST({call} AS STRING) = 'x'",
    "SELECT max(CAST({call} AS STRING)) FROM customer_scores GROUP BY customer_id",
    "SELECT customer_id FROM customer_scores ORDER BY {call}",
    "SELECT count(*) FROM customer_scores GROUP BY customer_id HAVING max({call}) IS NULL",
    "SELECT * FROM (VALUES ({call})) AS t(a)",
    "SELECT sum(1) OVER (PARTITION BY {call}) FROM customer_scores",
    "SELECT sum(1) OVER w FROM customer_scores WINDOW w AS (PARTITION BY {call})",
    "SELECT 1 WHERE 'x' IN (SELECT CAST({call} AS STRING))",
    "SELECT CASE WHEN {call} IS NULL THEN 1 END",
)
"""Queries that call one function, in different places of the query."""

BOTH_REFUSE = (
    "DELETE FROM {relation} WHERE true",
    "UPDATE {relation} SET customer_id = 'x'",
    "INSERT INTO {relation} SELECT * FROM {relation}",
    "TRUNCATE TABLE {relation}",
    "DROP TABLE {relation}",
    "DROP VIEW {relation}",
    "CREATE TABLE copied AS SELECT * FROM {relation}",
    "CREATE VIEW seen AS SELECT * FROM {relation}",
    "CREATE OR REPLACE TEMPORARY VIEW customer_scores AS SELECT 1 AS one",
    "ALTER TABLE {relation} RENAME TO other",
    "CREATE SCHEMA other",
    "EXPLAIN SELECT * FROM {relation}",
    "DESCRIBE {relation}",
    "SHOW TABLES",
    "SET a = 1",
    "USE other",
    "ANALYZE",
)
"""Statements of both engines; a syntax error of one of them is a refusal, too."""

SPARK_REFUSES = (
    "INSERT OVERWRITE DIRECTORY '{path}' USING csv SELECT * FROM {relation}",
    "INSERT OVERWRITE {relation} SELECT * FROM {relation}",
    "FROM {relation} INSERT INTO {relation} SELECT *",
    "WITH a AS (SELECT * FROM {relation}) INSERT INTO {relation} SELECT * FROM a",
    "MERGE INTO {relation} t USING {relation} s ON true WHEN MATCHED THEN DELETE",
    "CREATE TABLE copied USING csv LOCATION '{path}' AS SELECT * FROM {relation}",
    "ALTER TABLE {relation} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
    "FROM {relation} SELECT TRANSFORM (customer_id) USING 'touch {path}/x' AS (a STRING)",
    "SELECT * FROM {relation} VERSION AS OF 0",
    "SELECT * FROM IDENTIFIER('{relation}')",
    "SELECT * FROM table_changes('{relation}', 0)",
    "SELECT * FROM table_changes_by_path('{path}', 0)",
    "OPTIMIZE {relation}",
    "VACUUM {relation} RETAIN 0 HOURS",
    "RESTORE TABLE {relation} TO VERSION AS OF 0",
    "REORG TABLE {relation} APPLY (PURGE)",
    "GENERATE symlink_format_manifest FOR TABLE {relation}",
    "CONVERT TO DELTA parquet.`{path}`",
    "CREATE TABLE cloned SHALLOW CLONE {relation}",
    "DESCRIBE HISTORY {relation}",
    "DESCRIBE DETAIL {relation}",
    "SHOW CREATE TABLE {relation}",
    "SHOW FUNCTIONS",
    "SHOW CATALOGS",
    "ANALYZE TABLE {relation} COMPUTE STATISTICS",
    "MSCK REPAIR TABLE {relation}",
    "LOAD DATA INPATH '{path}' INTO TABLE {relation}",
    "CACHE TABLE {relation}",
    "CACHE LAZY TABLE cached AS SELECT * FROM {relation}",
    "UNCACHE TABLE {relation}",
    "CLEAR CACHE",
    "REFRESH TABLE {relation}",
    "REFRESH '{path}'",
    "RESET",
    "SET",
    "SET -v",
    "SET TIME ZONE 'Asia/Tokyo'",
    "ADD JAR '{path}/x.jar'",
    "ADD FILE '{path}/x'",
    "LIST JARS",
    "CREATE FUNCTION f AS 'a.B' USING JAR '{path}/x.jar'",
    "CREATE TEMPORARY FUNCTION f AS 'a.B'",
    "COMMENT ON TABLE {relation} IS 'x'",
    "SET CATALOG spark_catalog",
    "DROP DATABASE default CASCADE",
    "EXPLAIN EXTENDED SELECT * FROM {relation}",
    "SELECT 1; DELETE FROM {relation}",
)

FILE_FORMATS = ("text", "csv", "json", "parquet", "orc", "delta", "binaryFile", "avro")

SPARK_RELATIONS = (
    *(f"{kind}.`{{path}}`" for kind in FILE_FORMATS),
    "spark_catalog.default.customer_scores",
    "default.customer_scores",
    "global_temp.customer_scores",
    "unpublished",
    "`text.{path}`",
    "IDENTIFIER('text.`{path}`')",
    "table_changes('customer_scores', 0)",
    "sql_keywords()",
    "customer_scores VERSION AS OF 0",
)

SPARK_CALLS = (
    "reflect('java.lang.System', 'getenv', 'HOME')",
    "java_method('java.lang.System', 'getProperty', 'user.home')",
    "IDENTIFIER('reflect')('java.lang.System', 'getenv', 'HOME')",
    "`reflect`('java.lang.System', 'getenv', 'HOME')",
    "spark_catalog.default.reflect('java.lang.System', 'getenv', 'HOME')",
    "input_file_name()",
    "default.lower('x')",
    "no_such_function('x')",
)

DUCKDB_REFUSES = (
    "COPY {relation} TO '{path}/x.csv'",
    "COPY (SELECT * FROM {relation}) TO '{path}/x.parquet' (FORMAT parquet)",
    "EXPORT DATABASE '{path}'",
    "IMPORT DATABASE '{path}'",
    "ATTACH '{path}/x.db' AS other",
    "DETACH memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "CALL duckdb_settings()",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SET VARIABLE a = 1",
    "CREATE MACRO f(a) AS a",
    "CREATE SEQUENCE s",
    "CREATE TYPE t AS ENUM ('a')",
    "CREATE SECRET s (TYPE s3)",
    "CREATE INDEX i ON {relation} (customer_id)",
    "MERGE INTO {relation} t USING {relation} s ON true WHEN MATCHED THEN DELETE",
    "WITH a AS (INSERT INTO {relation} SELECT * FROM {relation} RETURNING *) SELECT * FROM a",
    "WITH a AS (DELETE FROM {relation} RETURNING *) SELECT * FROM a",
    "PREPARE p AS SELECT * FROM {relation}",
    "EXECUTE p",
    "BEGIN",
    "CHECKPOINT",
    "VACUUM",
    "EXPLAIN ANALYZE SELECT * FROM {relation}",
    "SUMMARIZE {relation}",
    "PIVOT {relation} ON customer_id USING count(*)",
    "SELECT 1; DELETE FROM {relation}",
    "SELECT 1; SELECT 2",
    "SELECT * FROM (DESCRIBE {relation})",
    "",
)

# fmt: off
FILE_READERS = (
    "read_text", "read_blob", "read_csv", "read_csv_auto", "read_json", "read_parquet",
    "parquet_scan", "parquet_metadata", "read_ndjson", "glob", "sniff_csv", "seq_scan",
)
# fmt: on

DUCKDB_RELATIONS = (
    *(f"{reader}('{{path}}')" for reader in FILE_READERS),
    "'{path}/x.csv'",
    '"{path}/x.parquet"',
    "system.main.read_text('{path}')",
    "main.customer_scores",
    "memory.main.customer_scores",
    "information_schema.tables",
    "pg_catalog.pg_tables",
    "sqlite_master",
    "unpublished",
    "python_variable",
    "duckdb_settings()",
    "duckdb_secrets()",
    "pragma_version()",
    "query('SELECT 1')",
    "query_table('customer_scores')",
    "checkpoint()",
    "enable_logging()",
    "json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
)

DUCKDB_CALLS = (
    "getenv('HOME')",
    "current_setting('allowed_paths')",
    "getvariable('a')",
    "write_log('x')",
    "nextval('s')",
    "sleep_ms(1)",
    "pg_catalog.pg_sleep(1)",
    "pg_get_viewdef(1)",
    "no_such_function('x')",
)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Up to three allowed shapes around a query; ``{relation}`` stays as it is."""
    return st.recursive(
        inner,
        lambda queries: st.builds(
            lambda outer, query: outer.replace("{relation}", f"({query}) AS nested"),
            st.sampled_from([shape for shape in SHAPES if "WINDOW" not in shape]),
            queries,
        ),
        max_leaves=3,
    )
