"""What README tells people to type works."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.launch import parse_arguments
from insight.settings import load_settings
from jobs.query import ask_duckdb, ask_spark
from tests.jobs.conftest import Nights

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line for block in _blocks("sh") for line in block.splitlines() if line]
MAKE = [command for command in COMMANDS if command.startswith("make")]
SUBMITTED = [command for command in COMMANDS if command.startswith("./spark-submit.sh")]
SPARK_SQL = [shlex.split(c)[2].removeprefix("SQL=") for c in MAKE if c.startswith("make query")]
DUCKDB_SQL = [shlex.split(c)[-1] for c in COMMANDS if "--engine duckdb" in c]


def test_every_command_of_readme_is_looked_at() -> None:
    asked_directly = [c for c in COMMANDS if c.startswith(".venv/bin/python jobs/query.py")]
    assert sorted(COMMANDS) == sorted([*MAKE, *SUBMITTED, *asked_directly])
    assert MAKE and SUBMITTED and SPARK_SQL and DUCKDB_SQL


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_what_to_do(command: str) -> None:
    planned = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert planned.returncode == 0, planned.stderr


@pytest.mark.parametrize("command", SUBMITTED)
def test_a_submitted_job_exists_and_takes_its_arguments(command: str) -> None:
    _, job, *arguments = shlex.split(command)
    assert (ROOT / job).is_file()
    parsed = parse_arguments(arguments)
    load_settings(parsed.profile, conf=ROOT / "conf")


@pytest.mark.parametrize("sql", SPARK_SQL)
def test_spark_answers(sql: str, spark: SparkSession, nights: Nights) -> None:
    columns, _ = ask_spark(sql, nights.run.settings, 10)
    assert columns


@pytest.mark.parametrize("sql", DUCKDB_SQL)
def test_duckdb_answers(sql: str, nights: Nights) -> None:
    columns, rows = ask_duckdb(sql, nights.run.settings, 10)
    assert columns and rows


@pytest.mark.parametrize("code", _blocks("python"))
def test_the_notebook_lines_run(
    code: str, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(code.replace("var/lake", nights.run.settings.lake), {})
    assert "item_id" in capsys.readouterr().out
