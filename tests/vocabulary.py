"""Rows of the item vocabulary, a small table with a key, a check and two dates."""

from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from insight.tables import ITEM_VOCABULARY
from tests.frames import frame

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)


def vocabulary_row(index: int, day: date = FIRST, **changes: Any) -> dict[str, Any]:
    row = {
        "item_id": f"item {index}",
        "item_index": index,
        "category": "drinks",
        "category_index": 2,
        "event_count": 5,
        "run_date": day,
    }
    return {**row, **changes}


def vocabulary_rows(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    return frame(spark, ITEM_VOCABULARY, *rows)
