"""A lake of a few invoice lines, and what tests ask of it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.events.stage import CLEAN
from insight.features.stage import BUILD_FEATURES
from insight.launch import open_run, run_stages
from insight.sessions.stage import SESSIONISE
from insight.settings import load_settings
from insight.sources.stage import INGEST
from insight.stages import Run, StageRecord
from insight.tables import Table

LAKE_NIGHT = (INGEST, CLEAN, SESSIONISE, BUILD_FEATURES)

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def land_invoices(folder: Path, day: str, lines: Sequence[str], *, header: str = HEADER) -> Path:
    """Write one day's file of the Online Retail source."""
    path = folder / "landing" / "online_retail" / f"{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def invoice(day: str, *, number: int = 1, item: str = "A", customer: str = "17850.0") -> str:
    """One sound line: two of an item at 1.50, at nine in the morning."""
    return f"{536000 + number},{item},THING {item},2,{day} 09:00:00,1.5,{customer},United Kingdom"


def open_night(spark: SparkSession, folder: Path, day: str, **overrides: Any) -> Run:
    """A run on the lake in ``folder``."""
    places = {
        "sources": ["online_retail"],
        "lake": str(folder / "lake"),
        "landing": str(folder / "landing"),
        "registry": str(folder / "registry"),
        "report": str(folder / "report"),
        "pseudonym_key_file": str(folder / "key"),
    }
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    settings = load_settings("local", overrides={**places, **named})
    return open_run(spark, settings, date.fromisoformat(day))


def run_night(spark: SparkSession, folder: Path, day: str, **overrides: Any) -> list[StageRecord]:
    """The stages of the lake for one date."""
    return run_stages(LAKE_NIGHT, open_night(spark, folder, day, **overrides))


def written_to_lake(folder: Path) -> list[str]:
    """What runs have left in the lake's folder, the lease apart, which every run takes."""
    lake = folder / "lake"
    return (
        sorted(path.name for path in lake.iterdir() if path.name != "_lease")
        if lake.exists()
        else []
    )


def content(run: Run, table: Table) -> tuple[int, str]:
    """Rows of a table and a hash of all of them, whatever their order."""
    run.lake.begin_stage()
    frame = run.lake.read(table)
    row = frame.agg(
        F.count(F.lit(1)), F.sum(F.xxhash64(*frame.columns).cast("decimal(38,0)"))
    ).first()
    assert row is not None
    return row[0], str(row[1])


def jobs_so_far(spark: SparkSession) -> int:
    """The number of jobs that Spark has begun."""
    return int(spark.sparkContext._jsc.sc().dagScheduler().numTotalJobs())
