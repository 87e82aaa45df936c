"""One event, delivered with one id more than once: one survivor, whoever reads it first."""

from datetime import date
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.events.repeats import COMPARED, with_repetition_reason
from insight.events.rules import event_rules, with_reason
from insight.local_frames import local_frame
from insight.settings import CleanSettings
from tests.frames import DAY, at, events, raw_events

EARLIER = date(2024, 3, 9)


def _judged(rows: DataFrame, known: DataFrame | None = None) -> DataFrame:
    known = raw_events(rows.sparkSession) if known is None else known
    reasoned = with_reason(rows, event_rules(CleanSettings(), run_date=DAY))
    return with_repetition_reason(reasoned, known.select(*COMPARED), seconds=1.0)


def test_the_first_delivery_survives_then_the_first_file(spark: SparkSession) -> None:
    def line(name: str, file: str, **changes: Any) -> dict[str, Any]:
        return {"event_id": name, "order_id": name, "source_file": file, **changes}

    rows = raw_events(
        spark,
        line("by date", "1.csv"),
        line("by date", "2.csv", file_date=EARLIER, event_at=at("2024-03-09 12:00")),
        line("by file", "2.csv"),
        line("by file", "1.csv"),
        line("by file", "2.csv"),
        line("in the lake", "1.csv"),
        # A guest's event has an id as well.
        line("guest", "1.csv", customer_id=None),
        line("guest", "2.csv", customer_id=None),
        line("alone", "1.csv"),
        # A refused copy is no reason to refuse the sound one, whichever came first.
        line("refused", "1.csv", price=None, file_date=EARLIER, event_at=at("2024-03-09 12:00")),
        line("refused", "2.csv"),
        line("refused", "3.csv", quantity=0.0),
        line("refused", "4.csv"),
    )
    known = events(
        spark, {"event_id": "in the lake", "order_id": "x", "event_at": at("2024-03-10 12:00")}
    )
    actual = _judged(rows, known).select("event_id", "file_date", "source_file", "reason")
    expected = local_frame(
        spark,
        [
            ("by date", DAY, "1.csv", "repeated"),
            ("by date", EARLIER, "2.csv", None),
            ("by file", DAY, "1.csv", None),
            ("by file", DAY, "2.csv", "repeated"),
            ("by file", DAY, "2.csv", "repeated"),
            ("in the lake", DAY, "1.csv", "repeated"),
            ("guest", DAY, "1.csv", None),
            ("guest", DAY, "2.csv", "repeated"),
            ("alone", DAY, "1.csv", None),
            ("refused", EARLIER, "1.csv", "no_price"),
            ("refused", DAY, "2.csv", None),
            ("refused", DAY, "3.csv", "quantity_not_positive"),
            ("refused", DAY, "4.csv", "repeated"),
        ],
        "event_id string, file_date date, source_file string, reason string",
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_of_one_id_with_two_contents_the_same_one_survives_whoever_reads_them(
    spark: SparkSession,
) -> None:
    def lines(night: date) -> list[dict[str, Any]]:
        return [
            {"event_id": f"id {n}", "order_id": str(n), "price": price, "ingest_date": night}
            for n in range(20)
            for price in (1.0, 2.0, 3.0)
        ]

    survivors = []
    # Whichever night reads them, and in whichever order.
    for turned in (lines(DAY), lines(date(2024, 3, 11))[::-1]):
        rows = raw_events(spark, *turned).repartition(3)
        rows = rows.withColumn("original", F.struct(*rows.columns))
        kept = _judged(rows).where("reason IS NULL").collect()
        survivors.append({row["event_id"]: row["price"] for row in kept})
    assert survivors[0] == survivors[1]
    assert len(survivors[0]) == 20


def test_every_row_is_judged_once(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        *({"event_id": "one"} for _ in range(4)),
        *({"event_id": "two", "order_id": "o"} for _ in range(3)),
    )
    known = events(spark, {"event_id": "one", "event_at": at("2024-03-10 12:00")})
    counts = _judged(rows, known).groupBy("event_id", "reason").count().collect()
    assert {tuple(row) for row in counts} == {
        ("one", "repeated", 4),
        ("two", None, 1),
        ("two", "repeated", 2),
    }
