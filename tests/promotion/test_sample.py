"""Large shops are judged on some customers, with all their rows; small ones on everybody."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.promotion.sample import keep_fitted_rows, keep_judged_rows


def _customers(rows: DataFrame, split: str) -> set[str]:
    kept = rows.where(f"split = '{split}'").select("customer_id").collect()
    return {row["customer_id"] for row in kept}


def test_a_split_that_is_not_too_large_stays_as_it_is(examples: DataFrame) -> None:
    # 400 rows in each split.
    assert keep_judged_rows(examples, most_rows=400) is examples


def test_one_row_too_many_draws_customers_in_one_split_alone(examples: DataFrame) -> None:
    kept = keep_judged_rows(examples, most_rows=100)
    # A hundred expected; four deviations of a binomial draw of a quarter are 35.
    assert 65 < len(_customers(kept, "test")) < 135
    for split in ("train", "validation"):
        assert len(_customers(kept, split)) == 400


def test_whole_customers_are_drawn_and_the_same_ones_for_everybody(examples: DataFrame) -> None:
    test = examples.where("split = 'test'")
    twice = test.unionByName(test.withColumn("cutoff_at", F.col("cutoff_at") + 1))
    per_customer = keep_judged_rows(twice, most_rows=200).groupBy("customer_id").count().collect()
    assert {row["count"] for row in per_customer} == {2}
    # A quarter of the customers in either frame; an eighth of them lies within that quarter.
    drawn = {row["customer_id"] for row in per_customer}
    assert drawn == _customers(keep_judged_rows(examples, most_rows=100), "test")
    assert _customers(keep_judged_rows(examples, most_rows=50), "test") < drawn


def test_the_judged_are_not_the_customers_whom_the_baseline_learns_from(
    examples: DataFrame,
) -> None:
    test = examples.where("split = 'test'")
    judged = _customers(keep_judged_rows(test, most_rows=100), "test")
    fitted = _customers(keep_fitted_rows(test, most_rows=100), "test")
    # Independent draws of a quarter share a quarter of their members.
    assert len(judged & fitted) < len(judged) / 2
