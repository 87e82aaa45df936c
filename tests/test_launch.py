"""The command line of every job: what it refuses, and the exit code a scheduler sees."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark.sql import SparkSession
from structlog.testing import capture_logs

from insight import launch as launching
from insight.errors import RunConflictError, SettingsError
from insight.launch import launch, open_run, settings_hash
from insight.local_frames import local_frame
from insight.settings import load_settings
from insight.stages import Run, Stage, StageRecord
from insight.tables import RUN_LOG
from tests.small_lake import open_night

DAY = "2024-03-10"


def _never(run: Run) -> str | None:
    raise AssertionError(f"ran for {run.run_date}")


def _conflict(run: Run) -> str | None:
    raise RunConflictError("table events", found="a", expected="b", next_step="c")


def _surprise(run: Run) -> str | None:
    raise RuntimeError("a bug of ours")


def _stage(work: object) -> Stage:
    return Stage(name="test", reads=(), writes=(), work=work)  # type: ignore[arg-type]


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """Arguments that keep a run inside its own folder."""
    names = ("lake", "landing", "registry", "report", "pseudonym_key_file")
    return [part for name in names for part in ("--set", f"{name}={tmp_path / name}")]


@pytest.mark.parametrize("day", ["2024-02-30", "yesterday", "9999-12-31", "2024-3-1", "10'; DROP"])
def test_a_wrong_date_ends_with_two_and_starts_nothing(
    day: str, places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch(_stage(_never), arguments=["--date", day, *places]) == 2
    assert "argument --date" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("training.rank=1", "setting training.rank"),
        ("training.ranks=none", "setting training.ranks"),
        ("training.ranks=[1", "argument --set training.ranks"),
        ("clean.earliest_event_date=2024-02-30", "argument --set clean.earliest_event_date"),
        ("sources=[]", "setting sources"),
    ],
)
def test_a_mistaken_setting_ends_with_two_and_starts_nothing(
    setting: str,
    named: str,
    places: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["--date", DAY, *places, "--set", setting]
    assert launch(_stage(_never), arguments=arguments) == 2
    assert named in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["--date"], ["--date", DAY, "--set", "lake"]])
def test_a_command_line_that_says_too_little_ends_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        launch(_stage(_never), arguments=arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize(("work", "code"), [(_conflict, 1), (_surprise, 1), (lambda run: None, 0)])
def test_the_exit_code_tells_whether_a_retry_can_help(
    work: object,
    code: int,
    places: list[str],
    spark: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launching, "build_session", lambda name: spark)
    assert launch(_stage(work), arguments=["--date", DAY, *places]) == code


def test_a_run_is_for_one_date_under_a_name_of_its_own(spark: SparkSession, tmp_path: Path) -> None:
    first, second = (open_night(spark, tmp_path, DAY) for _ in range(2))
    assert first.run_date == second.run_date == date(2024, 3, 10)
    assert first.run_id != second.run_id


def test_equal_settings_have_equal_hashes_and_others_do_not() -> None:
    one, same = (load_settings("local") for _ in range(2))
    other = load_settings("local", overrides={"sessions.gap_minutes": 31})
    assert settings_hash(one) == settings_hash(same) != settings_hash(other)


def test_the_run_log_tells_of_a_stage_that_failed(spark: SparkSession, tmp_path: Path) -> None:
    run = open_night(spark, tmp_path, DAY)
    run.lake.append(local_frame(spark, [], RUN_LOG.schema), RUN_LOG)
    skips = Stage(name="skips", reads=(), writes=(), work=lambda run: "nothing new")
    with pytest.raises(RunConflictError):
        launching.run_stages((skips, _stage(_conflict), _stage(_never)), run)
    run.lake.begin_stage()
    rows = run.lake.read(RUN_LOG).orderBy("sequence").collect()
    assert [(row["stage"], row["outcome"]) for row in rows] == [
        ("skips", "skipped"),
        ("test", "RunConflictError"),
    ]
    assert rows[0]["detail"] == "nothing new"
    assert rows[1]["detail"].startswith("table events: found a")
    assert {row["run_id"] for row in rows} == {run.run_id}


class _LakeOfAnotherRun:
    """A lake whose lease another run has taken over."""

    lease = object()

    def has_tables(self) -> bool:
        return True

    def append(self, frame: object, table: object) -> None:
        raise RunConflictError("table run_log", found="no lease", expected="one", next_step="c")


def test_a_run_that_lost_its_lease_drops_its_run_log_and_keeps_its_own_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = SimpleNamespace()
    lake, day = _LakeOfAnotherRun(), date.fromisoformat(DAY)
    run = Run(session, load_settings("local"), lake, day, "run")  # type: ignore[arg-type]

    def fail(stage: Stage, run: Run, records: list[StageRecord]) -> None:
        now = datetime(2024, 3, 11, tzinfo=UTC)
        records.append(StageRecord("test", "stage", 0, 0, -1, 1.0, "failed", None, now))
        stage.work(run)

    monkeypatch.setattr(launching, "run_stage", fail)
    monkeypatch.setattr(launching, "local_frame", lambda session, rows, schema: rows)
    # The real table's schema is parsed by Spark.
    monkeypatch.setattr(launching, "RUN_LOG", SimpleNamespace(schema=None))
    with capture_logs() as logged, pytest.raises(RuntimeError, match="a bug of ours"):
        launching.run_stages((_stage(_surprise),), run)
    (line,) = logged
    assert (line["event"], line["log_level"], line["rows"]) == (
        "run log rows dropped",
        "warning",
        1,
    )
    assert "found no lease" in line["message"]
    # After a night that ended well nothing else would show that the lease was lost.
    with pytest.raises(RunConflictError, match="table run_log: found no lease"):
        launching.run_stages((_stage(lambda run: None),), run)


def test_a_wrong_profile_names_those_there_are(spark: SparkSession) -> None:
    with pytest.raises(SettingsError, match="cluster"):
        open_run(spark, load_settings("clutser"), date(2024, 3, 10))


def test_a_backend_that_is_none_ends_the_night_before_it_begins(spark: SparkSession) -> None:
    misspelt = load_settings("local", overrides={"training.backend": "horovd"})
    with pytest.raises(SettingsError, match="one of horovod, horovodrun, single"):
        open_run(spark, misspelt, date(2024, 3, 10))
