"""Row 23: a truncated or bit-flipped Parquet file."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError, TableDamagedError
from insight.launch import run_stages
from insight.sessions.stage import SESSIONISE
from insight.tables import EVENTS, SESSIONS
from tests.small_lake import invoice, land_invoices, open_night, run_night, written_to_lake
from tests.small_shop import land_small_shop

DAY = "2010-12-01"


def test_fault_23_a_truncated_landing_file_is_named_and_nothing_is_written(
    spark: SparkSession, tmp_path: Path
) -> None:
    day = land_small_shop(tmp_path / "landing", customers=4, items=5, days=2)[0]
    path = tmp_path / "landing" / "complete_journey" / "transactions" / f"{day}.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceFormatError, match=f"{day}.parquet") as refused:
        run_night(spark, tmp_path, str(day), sources=["complete_journey"])
    assert "deliver the file again" in refused.value.next_step
    assert written_to_lake(tmp_path) == []


def test_fault_23_a_flipped_bit_in_the_lake_stops_the_stage_that_reads_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY)])
    run_night(spark, tmp_path, DAY)
    run = open_night(spark, tmp_path, DAY)
    before = run.lake.version(SESSIONS)
    (file,) = (tmp_path / "lake" / "events").rglob("event_date=*/*/*.parquet")
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 0b100
    file.write_bytes(damaged)
    with pytest.raises(TableDamagedError, match=file.name):
        run_stages((SESSIONISE,), run)
    run.lake.begin_stage()
    assert run.lake.version(SESSIONS) == before
    assert run.lake.version(EVENTS) >= 0
