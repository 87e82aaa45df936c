"""The rules of the house, held against the code; no exceptions are listed."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from insight.tables import TABLES
from insight.tables.document import FEATURES, PAGES, features_of
from jobs import validate
from jobs.nightly import NIGHT

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "insight").rglob("*.py"))
JOBS = sorted((ROOT / "jobs").glob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MAY_IMPORT_TENSORFLOW = {"models", "training", "scoring", "demand", "service"}
SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "base", "misc", "manager"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_modules_import_only_what_lies_below_them() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], check=False, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", [*SOURCES, *JOBS], ids=_name)
def test_every_room_has_a_name_that_says_something(path: Path) -> None:
    assert not SAY_NOTHING & set(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_only_jobs_print(path: Path) -> None:
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", [*SOURCES, *JOBS], ids=_name)
def test_tensorflow_stays_in_its_rooms(path: Path) -> None:
    heavy = {"tensorflow", "tf_keras", "keras", "horovod", "petastorm", "transformers"}
    used = {name.split(".")[0] for name in _imported(path)} & heavy
    room = path.relative_to(ROOT).parts[1]
    assert not used or room in MAY_IMPORT_TENSORFLOW, used


@pytest.mark.parametrize("path", [*SOURCES, *JOBS, *TESTS], ids=_name)
def test_files_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("path", [*SOURCES, *JOBS], ids=_name)
def test_functions_fit_a_screen(path: Path) -> None:
    for function in _functions(path):
        body = function.body
        documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        first = (body[1] if documented and len(body) > 1 else body[0]).lineno
        lines = (function.end_lineno or first) - first + 1
        assert lines <= 30, f"{function.name}: {lines} lines"


@pytest.mark.parametrize("path", [*SOURCES, *JOBS], ids=_name)
def test_functions_take_few_parameters(path: Path) -> None:
    for function in _functions(path):
        given = function.args
        names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        assert len([n for n in names if n not in ("self", "cls")]) <= 5, function.name


@pytest.mark.parametrize("path", [p for p in JOBS if p.stem != "__init__"], ids=_name)
def test_every_job_declares_what_it_reads_and_writes(path: Path) -> None:
    job = importlib.import_module(f"jobs.{path.stem}")
    assert isinstance(job.READS, tuple)
    assert isinstance(job.WRITES, tuple)


@pytest.mark.parametrize("path", JOBS, ids=_name)
def test_every_job_that_reads_settings_obeys_the_profile_of_the_environment(path: Path) -> None:
    text = path.read_text()
    by_itself = "load_settings(" in text
    assert by_itself == ('os.environ.get("INSIGHT_PROFILE", "local")' in text)


def test_each_table_has_one_writer() -> None:
    writers = [table.name for stage in NIGHT for table in stage.writes]
    writers += [table.name for table in validate.WRITES]
    assert len(writers) == len(set(writers))
    # The run log is written by what runs the stages.
    assert {table.name for table in TABLES} - set(writers) == {"run_log"}


def test_the_order_of_the_night_is_the_order_of_the_tables() -> None:
    written = {"run_log"}
    for stage in NIGHT:
        later = {t.name for t in stage.reads} - written - {t.name for t in stage.writes}
        assert not later, f"{stage.name} reads {later} before they are written"
        written |= {table.name for table in stage.writes}
    places = [TABLES.index(table) for stage in NIGHT for table in stage.writes]
    assert places == sorted(places)


def test_every_column_says_what_it_means() -> None:
    for table in TABLES:
        for column in table.columns:
            assert len(column.comment) > 3, f"{table.name}.{column.name}"


def test_every_feature_says_its_unit_and_window() -> None:
    for table in FEATURES:
        for column in features_of(table):
            assert column.unit and column.window, f"{table.name}.{column.name}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_pages_are_what_the_contracts_say(path: Path) -> None:
    assert path.read_text() == PAGES[path](), "run `make docs`"
