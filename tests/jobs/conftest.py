"""Two whole nights of a small shop, and the second of them run again: for every test here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.delta import Lake
from insight.launch import open_run, run_stages
from insight.settings import Settings, load_settings
from insight.stages import Run, StageRecord
from insight.tables import CUSTOMER_FEATURES, CUSTOMER_SCORES, EVALUATION, EVENTS, RECOMMENDATIONS
from jobs.nightly import NIGHT
from tests.small_shop import SMALL_NIGHT, land_small_shop


@dataclass(frozen=True)
class Nights:
    """Two consecutive nights, the second run twice."""

    first: date
    second: date
    run: Run
    records: Mapping[str, list[StageRecord]]
    hashes: Mapping[str, dict[str, str]]


def _settings(folder: Path) -> Settings:
    places = {
        "lake": str(folder / "lake"),
        "landing": str(folder / "landing"),
        "registry": str(folder / "registry"),
        "report": str(folder / "report"),
        "pseudonym_key_file": str(folder / "key"),
    }
    return load_settings("local", overrides={**SMALL_NIGHT, **places})


def _content(lake: Lake) -> dict[str, str]:
    lake.begin_stage()
    tables = (EVENTS, CUSTOMER_FEATURES, CUSTOMER_SCORES, RECOMMENDATIONS, EVALUATION)
    hashes = {}
    for table in tables:
        frame = lake.read(table)
        total = frame.agg(F.sum(F.xxhash64(*frame.columns).cast("decimal(38,0)"))).first()
        hashes[table.name] = str(total)
    return hashes


@pytest.fixture(scope="session")
def nights(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("shop")
    settings = _settings(folder)
    days = land_small_shop(folder / "landing")
    first, second = days[-2], days[-1]
    records, hashes = {}, {}
    for name, night in (("first", first), ("second", second), ("second again", second)):
        run = open_run(spark, settings, night)
        records[name] = run_stages(NIGHT, run)
        hashes[name] = _content(run.lake)
    return Nights(first, second, run, records, hashes)
