"""Two whole nights of a small shop, and the second of them run again: for every test here.

The first is submitted as people do it, with two Horovod ranks; the others share the session.
"""

import json
import subprocess
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
from tests.conftest import FEW_ROWS
from tests.small_shop import SMALL_NIGHT, land_small_shop

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Nights:
    """Two consecutive nights, the second run twice."""

    first: date
    second: date
    run: Run
    first_output: str
    first_log: str
    records: Mapping[str, list[StageRecord]]
    hashes: Mapping[str, dict[str, str]]


def _places(folder: Path) -> dict[str, str]:
    return {
        "lake": str(folder / "lake"),
        "landing": str(folder / "landing"),
        "registry": str(folder / "registry"),
        "report": str(folder / "report"),
        "pseudonym_key_file": str(folder / "key"),
    }


def _settings(folder: Path) -> Settings:
    return load_settings("local", overrides={**SMALL_NIGHT, **_places(folder)})


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
    output, log = _submit(first, folder)
    records, hashes = {}, {}
    for name in ("second", "second again"):
        run = open_run(spark, settings, second)
        records[name] = run_stages(NIGHT, run)
        hashes[name] = _content(run.lake)
    return Nights(first, second, run, output, log, records, hashes)


def _submit(night: date, folder: Path) -> tuple[str, str]:
    """Run a night by the command that README gives; what it printed, and its log."""
    settings = {**SMALL_NIGHT, **_places(folder), "training.backend": "horovod"}
    given = [f"--set={name}={json.dumps(value)}" for name, value in settings.items()]
    conf = [f"--conf={name}={value}" for name, value in FEW_ROWS.items()]
    command = ["./spark-submit.sh", *conf, "jobs/nightly.py", "--date", night.isoformat(), *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout, done.stderr
