"""Past nights are trained and judged by the product's own code, and leave it as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from insight.delivery_time import DeliveryTime
from insight.errors import SettingsError, StageOrderError
from insight.examples.stage import known_of
from insight.point_in_time import EVER
from insight.rehearsal.folds import Fold
from insight.rehearsal.nights import open_fold
from insight.rehearsal.validate import validating
from insight.reuse import kept
from insight.stages import Run, StageRecord, run_stage
from insight.tables import EVENTS, ITEM_VOCABULARY, ITEMS, TRAINING_EXAMPLES, VALIDATION
from jobs.validate import main, summarise
from tests.frames import DAY
from tests.rehearsal.conftest import versions

HORIZON = timedelta(days=2)


@dataclass(frozen=True)
class Validated:
    """What two folds of three that were asked for said, and the versions before them."""

    run: Run
    records: list[StageRecord]
    before: Mapping[str, int]


@pytest.fixture(scope="module")
def validated(run: Run) -> Validated:
    before = versions(run, without=VALIDATION.name)
    records: list[StageRecord] = []
    run_stage(validating(2), run, records)
    return Validated(run, records, before)


def test_every_fold_judges_a_model_of_its_own_beside_the_baselines(validated: Validated) -> None:
    rows = validated.run.lake.read(VALIDATION).toPandas()
    assert {(row.fold, row.fold_date) for row in rows.itertuples()} == {
        (0, DAY),
        (1, DAY - HORIZON),
    }
    named = {"challenger", "recency_rule", "logistic_regression", "own_items"}
    for _, fold in rows.groupby("fold"):
        assert named < set(fold["contender"])
        assert "champion" not in set(fold["contender"])
    ours = rows[rows["contender"] == "challenger"]
    assert ours["model_version"].nunique() == 2
    for row in ours.itertuples():
        assert row.model_version.startswith(str(row.fold_date))
    assert (rows["low"] <= rows["value"]).mean() > 0.9


def test_nightly_tables_and_aliases_stay_untouched(validated: Validated) -> None:
    run = validated.run
    assert versions(run, without=VALIDATION.name) == validated.before
    assert validated.before[TRAINING_EXAMPLES.name] == -1
    assert not Path(run.settings.registry).exists()
    assert {record.table_name for record in validated.records if record.rows_written} == {
        VALIDATION.name,
        "stage",
    }


def test_a_fold_learns_nothing_of_what_comes_after_it(validated: Validated) -> None:
    run = validated.run
    run.lake.begin_stage()
    night = open_fold(run, Fold(1, DAY - HORIZON, DAY - 2 * HORIZON))
    night.lake.begin_stage()
    rows = night.lake.read(TRAINING_EXAMPLES).where(f"run_date = '{night.run_date}'")
    newest = rows.selectExpr("to_date(timestamp_seconds(max(cutoff_at))) AS newest").first()
    # A cut-off is the end of its day: midnight of the day after.
    assert newest is not None and newest["newest"] == DAY - 2 * HORIZON + timedelta(days=1)


def test_the_real_tables_are_read_pinned_and_never_written(validated: Validated) -> None:
    run = validated.run
    run.lake.begin_stage()
    night = open_fold(run, Fold(1, DAY - HORIZON, DAY - 2 * HORIZON))
    night.lake.begin_stage()
    assert night.lake.version(EVENTS) == run.lake.version(EVENTS)
    with pytest.raises(StageOrderError, match="a rehearsal that would write it"):
        night.lake.publish(run.lake.read(EVENTS), EVENTS, where="true")


def test_a_fold_before_the_first_night_knows_the_first_descriptions(validated: Validated) -> None:
    run = validated.run
    run.lake.begin_stage()
    assert run.lake.read(ITEMS).where(f"ingest_date < '{DAY}'").isEmpty()
    night = open_fold(run, Fold(1, DAY - HORIZON, DAY - 2 * HORIZON))
    night.lake.begin_stage()
    of_the_fold = f"run_date = '{night.run_date}'"
    listed = night.lake.read(ITEM_VOCABULARY).where(of_the_fold).select("category").distinct()
    assert [row["category"] for row in listed.collect()] == ["drinks"]
    with kept() as keep:
        known = known_of(night, DeliveryTime(DAY, late_days=7), keep)
        described = known.customers.select("customer_id", "gender", "valid_from").collect()
    assert described == [("c01", "f", EVER)]


def test_the_summary_shows_means_beside_the_baselines(
    validated: Validated, capsys: pytest.CaptureFixture[str]
) -> None:
    summarise(validated.run, validated.records)
    said = capsys.readouterr().out
    assert "Over 2 folds" in said and "±" in said
    for contender in ("challenger", "recency_rule", "own_items"):
        assert contender in said


def test_no_folds_are_refused(logs_as_before: None) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        validating(0)
    assert main(["--folds", "0", "--date", str(DAY)]) == 2
