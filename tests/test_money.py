"""Amounts: exact to the millionth, and never a number that wrapped around."""

from decimal import Decimal

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.money import MOST, from_millionths, group_totals, to_millionths, to_money


def test_a_number_becomes_an_amount_half_a_millionth_away_from_zero(spark: SparkSession) -> None:
    cases = {
        0.0034: "0.0034",
        1.255: "1.255",
        3 * 0.335: "1.005",
        0.0000005: "0.000001",
        -0.0000005: "-0.000001",
        0.00000049: "0",
        999_999_999_999.9999: "999999999999.9999",
        1e12: None,
        float("inf"): None,
        float("nan"): None,
    }
    rows = local_frame(spark, [(number,) for number in cases], "number double")
    amount = to_money(F.col("number"))
    whole = to_millionths(amount)
    found = rows.select(amount, whole, from_millionths(whole)).collect()
    expected = [None if text is None else Decimal(text) for text in cases.values()]
    assert [row[0] for row in found] == expected
    assert [row[1] for row in found] == [v if v is None else int(v * 10**6) for v in expected]
    assert [row[2] for row in found] == expected


def test_a_total_that_no_table_holds_is_null_and_never_wraps_around(spark: SparkSession) -> None:
    most = MOST * 10**6 - 1
    # Twenty of the largest amounts are more than twice what a bigint holds.
    values = np.array([1, 2, most, 0, most, 1, *[most] * 20])
    totals = group_totals(values, np.array([0, 2, 4, 6])).tolist()
    assert totals[:3] == [3, most, most + 1]
    rows = local_frame(spark, [(total,) for total in totals], "total bigint")
    found = [row[0] for row in rows.select(from_millionths(F.col("total"))).collect()]
    assert found == [Decimal("0.000003"), Decimal("999999999999.999999"), None, None]
    assert len(group_totals(values[:0], values[:0])) == 0
