"""Samples of public data sets, in their own formats, by declaration alone."""

import os
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.errors import SourceFormatError
from insight.events.rules import event_rules, with_reason
from insight.events.voices import feedback_rules
from insight.settings import CleanSettings
from insight.sources.inspection import check_columns
from tests.sources.feeds import canonical, facts_of, feed_of

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


def test_product_questions_are_feedback_with_answers(spark: SparkSession) -> None:
    night = date(2017, 1, 1)
    questions = canonical(
        spark, SHARED / "amazon_qa" / "qa_Appliances.json.gz", feed_of("amazon_qa"), night
    )
    row = questions.agg(
        F.count("*"),
        F.count("malformed"),
        F.count("feedback_text"),
        F.count("reply_text"),
        F.max("created_at").cast("date"),
        F.countDistinct("kind"),
    ).first()
    assert row is not None
    assert tuple(row) == (9_011, 0, 9_011, 9_011, night, 1)


def test_reviews_are_read_once_their_pages_are_written_anew(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed, night = feed_of("womens_clothing_reviews"), date(2017, 1, 1)
    (packed,) = (SHARED / "reviews").glob("*.parquet.brotli")
    facts = facts_of(spark, packed, feed)
    with pytest.raises(SourceFormatError, match="BROTLI compression, which Spark cannot read"):
        check_columns(facts, feed, allow_new=False)
    pq.write_table(pq.read_table(packed), tmp_path / "reviews.parquet")
    check_columns(facts_of(spark, tmp_path / "reviews.parquet", feed), feed, allow_new=False)
    reviews = canonical(spark, tmp_path / "reviews.parquet", feed, night)
    judged = with_reason(reviews, feedback_rules(CleanSettings(), run_date=night))
    assert judged.where("reason IS NULL").count() == 22_641
