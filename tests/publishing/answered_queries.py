"""Queries that only read, and the shapes of them that others are put into."""

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

READ_BY_BOTH = (
    *(shape.format(relation=RELATION) for shape in SHAPES),
    *(place.format(call="upper('x')") for place in PLACES),
    "SELECT * FROM customer_scores_latest ORDER BY churn_probability DESC LIMIT 5;",
    "SELECT title, count(*) AS customers FROM recommendations_latest WHERE rank <= 3 "
    "GROUP BY title ORDER BY customers DESC LIMIT 10",
    "SELECT score_date, count(*) AS customers, avg(purchase_probability) AS mean_purchase "
    "FROM customer_scores GROUP BY score_date",
    "SELECT run_date, reason, count(*) AS refused FROM quarantine GROUP BY run_date, reason "
    "ORDER BY refused DESC",
    "SELECT target, reason, count(*) AS refused, any_value(payload) AS for_instance "
    "FROM quarantine WHERE run_date = DATE'2024-03-31' GROUP BY target, reason",
    "SELECT run_date, stage, table_name, rows_read, rows_written, seconds FROM run_log "
    "ORDER BY logged_at DESC, sequence DESC LIMIT 40",
    "SELECT * FROM EVALUATION_LATEST WHERE slice = 'all'",
    "SELECT * FROM data_quality WHERE row_share BETWEEN 0.1 AND 1 AND rule LIKE 'k%'",
    "SELECT DISTINCT item_id, coalesce(title, 'none'), cast(known_from AS STRING) FROM items",
    "SELECT customer_id, rank() OVER (PARTITION BY score_date ORDER BY purchase_probability "
    "DESC) AS place, sum(1) OVER (ORDER BY score_date "
    "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM customer_scores",
    "SELECT score_date, model_version, count(*) FROM customer_scores "
    "GROUP BY GROUPING SETS ((score_date), (model_version), ())",
    "SELECT * FROM (SELECT task, metric, value FROM evaluation) "
    "PIVOT (max(value) FOR metric IN ('auc', 'log_loss'))",
    "SELECT count(*) FROM sessions s FULL OUTER JOIN items i ON s.session_id = i.item_id",
    "SELECT r.customer_id FROM recommendations r JOIN items USING (item_id) WHERE r.score > "
    "(SELECT avg(score) FROM recommendations q WHERE q.customer_id = r.customer_id)",
    "(SELECT item_id FROM items INTERSECT SELECT item_id FROM recommendations) ORDER BY 1",
    "SELECT date_trunc('month', logged_at), extract(hour FROM logged_at), current_date, "
    "count(*) FILTER (WHERE outcome = 'ok'), count(DISTINCT stage) FROM run_log GROUP BY ALL",
    "WITH customer_scores AS (SELECT 1 AS one) SELECT one FROM customer_scores",
    "SELECT * FROM range(3)",
    "VALUES (1, 'a'), (2, 'b')",
)

SPARK_DIALECT = (
    "SELECT explode(array(1, 2)) AS one, transform(array(1), x -> x + 1)",
    "SELECT /*+ BROADCAST(i) */ * FROM items i NATURAL JOIN recommendations",
    "SELECT e FROM items LATERAL VIEW OUTER explode(split(title, ' ')) words AS e",
    "FROM items SELECT item_id DISTRIBUTE BY item_id SORT BY item_id",
    "SELECT * FROM items TABLESAMPLE (50 PERCENT)",
    "SELECT * FROM evaluation UNPIVOT (amount FOR bound IN (low, high))",
    "SELECT * FROM stack(2, 1, 2) LIMIT 1 OFFSET 1",
    "TABLE items",
    "SELECT '${env:HOME}' AS text",
)

DUCKDB_DIALECT = (
    "FROM items",
    "SELECT * EXCLUDE (title), title.upper() FROM items QUALIFY row_number() OVER () = 1",
    "SELECT list_transform([1], lambda x: x + 1), [y FOR y IN [1, 2] IF y > 1], {'a': 1}.a",
    "SELECT columns('.*_id') FROM customer_scores USING SAMPLE 50%",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) FROM n",
    "SELECT * FROM customer_scores ASOF JOIN items ON known_from <= score_date",
    "SELECT unnest(generate_series(1, 3)), approx_quantile(1, 0.5), median(2)",
    "SELECT payload::JSON ->> '$.a' FROM quarantine",
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
