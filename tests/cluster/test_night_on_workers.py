"""A night by spark-submit on a standalone cluster: workers get environment and code by mail."""

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.small_shop import SMALL_NIGHT, land_small_shop
from tests.standalone import standalone_cluster

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
FITTING = {
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    "spark.cores.max": "2",
    "spark.sql.shuffle.partitions": "4",
}
ABROAD = """
import os, sys
from insight.spark import build_session

spark = build_session("where am I")

def told(_):
    import horovod, insight, tensorflow
    files = [each.__file__ for each in (insight, horovod, tensorflow)]
    yield [os.path.abspath(path) for path in (sys.prefix, *files)]

print("TOLD", spark.sparkContext.range(2, numSlices=2).mapPartitions(told).collect())
"""


def _bare_environment(folder: Path) -> dict[str, str]:
    """What a worker knows: Java, and nothing of this repository."""
    kept = {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}
    return kept | {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}


def _submit(master: str, *job: str) -> subprocess.CompletedProcess[str]:
    conf = [part for name, value in FITTING.items() for part in ("--conf", f"{name}={value}")]
    environment = os.environ | {"INSIGHT_MASTER": master, "SPARK_LOCAL_IP": "127.0.0.1"}
    return subprocess.run(
        ["./spark-submit.sh", *conf, *job],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    bare = _bare_environment(folder)
    with standalone_cluster(folder, cores=1, memory="2g", environment=bare) as url:
        yield url, folder


def test_executors_run_what_was_shipped(cluster, tmp_path):
    url, folder = cluster
    script = tmp_path / "where.py"
    script.write_text(ABROAD)
    done = _submit(url, str(script))
    assert done.returncode == 0, done.stderr[-3000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    for paths in json.loads(line.removeprefix("TOLD ").replace("'", '"')):
        assert all(path.startswith(str(folder / "work")) for path in paths), paths


def test_a_night_trains_on_two_ranks_and_scores_there(cluster, tmp_path):
    url, _ = cluster
    dates = land_small_shop(tmp_path / "landing")
    night = dates[-1]
    settings = SMALL_NIGHT | {
        **{name: str(tmp_path / name) for name in ("lake", "landing", "registry", "report")},
        "pseudonym_key_file": str(tmp_path / "key"),
        "generate_local_key": True,
        "training.backend": "horovod",
        "training.ensemble": [],
        "training.ranks": 2,
    }
    given = [f"--set={name}={json.dumps(value)}" for name, value in settings.items()]
    done = _submit(url, "jobs/nightly.py", "--date", str(night), "--profile", "local", *given)
    assert done.returncode == 0, done.stderr[-5000:]
    assert _scored(tmp_path / "lake", night) == 400


def _scored(lake: Path, night: date) -> int:
    [(customers,)] = duckdb.sql(
        f"SELECT count(DISTINCT customer_id) FROM "
        f"read_parquet('{lake}/customer_scores/**/*.parquet', hive_partitioning = true) "
        f"WHERE score_date = DATE '{night}'"
    ).fetchall()
    return int(customers)
