"""Which files a night takes, and when it waits for more."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.errors import EmptyInputError, SourceFormatError
from insight.sources.declaration import Feed
from insight.sources.deliveries import Delivery, feed_files, new_deliveries, refuse_empty_day
from insight.sources.inspection import FileFacts, inspect_files
from insight.sources.read_files import read_files
from insight.stages import Run
from tests.small_lake import invoice, land_invoices, open_night
from tests.small_shop import land_small_shop

DAY = "2010-12-01"


def _deliveries(run: Run) -> list[Delivery]:
    return new_deliveries(run, feed_files(run, read_files(run.lake)))


def test_files_still_being_written_are_left_for_later(spark: SparkSession, tmp_path: Path) -> None:
    path = land_invoices(tmp_path, DAY, [invoice(DAY)])
    for name in (f".{DAY}.csv", f"_{DAY}.csv"):
        (path.parent / name).write_text("half a li")
    deliveries = _deliveries(open_night(spark, tmp_path, DAY))
    assert {fact.file.rpartition("/")[2] for d in deliveries for fact in d.files} == {path.name}


def test_a_file_that_two_feeds_read_is_looked_into_once(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []

    def inspect(spark: SparkSession, files: Sequence[str], feed: Feed) -> list[FileFacts]:
        asked.append(files)
        return inspect_files(spark, files, feed)

    monkeypatch.setattr("insight.sources.deliveries.inspect_files", inspect)
    land_invoices(tmp_path, DAY, [invoice(DAY)])
    invoices, descriptions = _deliveries(open_night(spark, tmp_path, DAY))
    assert (len(asked), invoices.files) == (1, descriptions.files)


def test_a_text_in_another_encoding_is_refused_above_a_share_of_its_lines(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = land_invoices(tmp_path, DAY, [])
    lines = [path.read_text(), *(f"{invoice(DAY, number=number)}\n" for number in range(98))]
    accents = invoice(DAY, number=99, item="CR\u00c8ME") + "\n"
    path.write_bytes("".join(lines).encode() + accents.encode("latin-1"))
    delivery, _ = _deliveries(open_night(spark, tmp_path, DAY))
    assert delivery.files[0].decoding.invalid == 1
    path.write_bytes("".join([*lines, accents]).encode("latin-1") + accents.encode("latin-1"))
    with pytest.raises(SourceFormatError, match=r"2 of 101 lines.*\{encoding: ISO-8859-1\}"):
        _deliveries(open_night(spark, tmp_path, DAY))
    run = open_night(spark, tmp_path, DAY, ingest__max_undecodable_share=0.02)
    assert [d.files[0].decoding.invalid for d in _deliveries(run)] == [2, 2]


def test_coupons_do_not_stand_for_a_days_trade(spark: SparkSession, tmp_path: Path) -> None:
    day = land_small_shop(tmp_path / "landing", customers=4, items=5, days=1)[0]
    folder = tmp_path / "landing" / "complete_journey"
    at = pa.array([datetime(day.year, day.month, day.day, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    coupon = {"household_id": [1], "coupon_upc": [1], "campaign_id": [1], "redemption_date": at}
    (folder / "redemptions").mkdir()
    pq.write_table(pa.table(coupon), folder / "redemptions" / f"{day}.parquet")
    run = open_night(spark, tmp_path, str(day), sources=["complete_journey"])
    refuse_empty_day(run, _deliveries(run))
    (folder / "transactions" / f"{day}.parquet").unlink()
    with pytest.raises(EmptyInputError, match="events of complete_journey"):
        refuse_empty_day(run, _deliveries(run))


def test_a_source_that_brings_no_events_is_not_waited_for(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY)])
    run = open_night(spark, tmp_path, DAY, sources=["online_retail", "amazon_qa"])
    refuse_empty_day(run, _deliveries(run))
