"""Samples of public data sets, in their own formats, by declaration alone."""

import os
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.events.rules import event_rules, with_reason
from insight.settings import CleanSettings
from tests.sources.feeds import canonical, feed_of

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("INSIGHT_SHARED_DATA", ROOT.parent / "shared" / "data"))
SAMPLES = SHARED / "fixtures"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"no samples in {SAMPLES}; set INSIGHT_SHARED_DATA"
)


@pytest.mark.parametrize(
    ("source", "position", "file", "rows", "first"),
    [
        ("retailrocket", 1, "retailrocket_sample.csv", 10_080, "2015-09-11 20:49:49"),
        ("yoochoose", 0, "sample_yoochoose.dat", 1_913, "2014-04-06 20:21:58.444"),
        ("diginetica", 0, "sample_train-item-views.csv", 12_391, "2016-05-09 00:08:46.309"),
    ],
)
def test_every_line_of_a_sample_is_a_sound_view(
    spark: SparkSession, source: str, position: int, file: str, rows: int, first: str
) -> None:
    night = date(2017, 1, 1)
    events = canonical(spark, SAMPLES / file, feed_of(source, position), night)
    judged = with_reason(events, event_rules(CleanSettings(), run_date=night)).cache()
    assert judged.count() == rows
    assert judged.where("reason IS NOT NULL").count() == 0
    assert judged.where("event_type = 'view' AND customer_id IS NOT NULL").count() == rows
    row = judged.select(F.col("event_at").cast("string")).first()
    assert row is not None and row[0] == first
    judged.unpersist()
