"""The whole stage: Delta tables, two Horovod ranks, a published model."""

from datetime import date
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import pytest

from insight.delta import Lake
from insight.encoding.features import FEATURES, NULLABLE, transform_of
from insight.encoding.splits import learned_splits
from insight.encoding.tasks import YES_NO_TASKS
from insight.errors import DataQualityError, ModelNotFoundError, SettingsError, TableContractError
from insight.models.history import load_history
from insight.models.item_vectors import load_vectors_or_none
from insight.models.predictor import Predictor
from insight.promotion.inputs import KEY
from insight.promotion.judging import Exam
from insight.registry import Registry
from insight.settings import SequenceSettings, Settings, TextSettings, TrainingSettings
from insight.stages import Run
from insight.tables import FEATURE_STATISTICS, ITEM_VECTORS, ITEM_VOCABULARY, TRAINING_EXAMPLES
from insight.training.inputs import read_inputs
from insight.training.stage import TRAIN, train
from tests.training.examples import ITEMS, LENGTH, example_columns

NIGHT = date(2017, 11, 30)
WIDTH = len(FEATURES) + len(NULLABLE)
TRAINING = {
    "width": 8,
    "batch_size": 32,
    "max_epochs": 2,
    "negatives": 8,
    "target_positions": 4,
    "timeout_seconds": 240,
    "ranks": 2,
    "item_vectors": "frozen",
}


@pytest.fixture(scope="module")
def run(spark, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("night")
    settings = Settings(
        profile="test",
        lake=str(folder / "lake"),
        landing=str(folder / "landing"),
        registry=folder / "registry",
        report=folder / "report",
        pseudonym_key_file=folder / "key",
        sources=("shop",),
        sequences=SequenceSettings(length=LENGTH),
        text=TextSettings(encoder="minilm"),
        training=TrainingSettings.model_validate(TRAINING),
    )
    lake = Lake(spark, settings.lake, settings.landing, "r1", NIGHT)
    lake.begin_stage()
    run = Run(spark, settings, lake, NIGHT, "r1")
    _write_tables(run, _examples())
    return run


def _write_tables(run: Run, examples: pd.DataFrame, night: date = NIGHT, *, files: int = 4) -> None:
    where = f"run_date = '{night}'"
    for table, rows in (
        (TRAINING_EXAMPLES, examples),
        (ITEM_VOCABULARY, _vocabulary()),
        (ITEM_VECTORS, _vectors()),
        (FEATURE_STATISTICS, _statistics()),
    ):
        frame = run.spark.createDataFrame(rows.assign(run_date=night), table.schema)
        several = files if table is TRAINING_EXAMPLES else None
        run.lake.publish(frame, table, where=where, files=several)


def _examples() -> pd.DataFrame:
    splits = []
    counts = {"train": 160, "validation": 80, "recalibration": 48, "test": 40}
    for seed, (split, rows) in enumerate(counts.items()):
        columns = example_columns(rows, seed=seed)
        random = np.random.default_rng(seed)
        columns["features"] = random.normal(size=(rows, WIDTH)).astype(np.float32)
        frame = pd.DataFrame({name: list(values) for name, values in columns.items()})
        if split == "recalibration":
            # Lately nearly nobody buys, and who leaves is not known yet.
            frame = frame.assign(purchase=[1.0] + [0.0] * (rows - 1), has_churn=0.0)
        splits.append(frame.assign(split=split, cutoff_at=1_500_000_000 + seed * 86_400))
    return pd.concat(splits)[[c for c in TRAINING_EXAMPLES.column_names if c != "run_date"]]


def _vocabulary() -> pd.DataFrame:
    index = np.arange(2, ITEMS)
    return pd.DataFrame(
        {
            "item_id": [f"item-{i:02d}" for i in index],
            "item_index": index,
            "category": [f"kind-{i % 2}" for i in index],
            "category_index": 2 + index % 2,
            "event_count": ITEMS - index,
        }
    )


def _vectors() -> pd.DataFrame:
    """Of the first three items of the vocabulary, and of one outside."""
    found = {"item-02": [1.0, 0.0], "item-03": [0.0, 1.0], "item-04": [0.6, 0.8], "x": [1.0, 0.0]}
    return pd.DataFrame(
        {
            "item_id": list(found),
            "kind": "text",
            "content_hash": "h",
            "vector": list(found.values()),
            "encoder": "e",
            "encoder_version": "1",
        }
    )


def _statistics() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": list(FEATURES),
            "position": np.arange(len(FEATURES)),
            "transform": [transform_of(name) for name in FEATURES],
            "scaling": "standard",
            "mean": 0.0,
            "scale": 1.0,
            "has_mask": [name in NULLABLE for name in FEATURES],
        }
    )


def test_two_ranks_train_a_challenger_and_a_rerun_changes_nothing(run):
    run.lake.begin_stage()
    assert TRAIN.work(run) is None
    registry = Registry(run.settings.registry)
    version = registry.challenger(NIGHT)
    assert version.facts["trained_through"] == "2017-07-16"
    assert version.facts["input_versions"]["training_examples"] >= 0
    assert version.facts["train_rows"] == 160
    assert 0 <= version.metrics["validation.purchase.auc"] <= 1
    assert version.metrics["recalibration.purchase.shift"] < -0.3
    assert "recalibration.churn.shift" not in version.metrics
    assert registry.champion_or_none(NIGHT) is None
    (history,) = version.folder.glob("member_*/history.json")
    epochs = load_history(history.parent)
    assert [each["epoch"] for each in epochs] == list(range(1, len(epochs) + 1))
    assert "examples_per_second" not in epochs[0]
    _predicts(version.folder)
    vectors = load_vectors_or_none(version.folder)
    expected = [[0, 0], [0, 0], [1, 0], [0, 1], [0.6, 0.8], [0, 0]]
    np.testing.assert_allclose(vectors[:6], expected, rtol=1e-6)

    run.lake.begin_stage()
    assert version.version in (train(run) or "")
    registry.promote(version.version, NIGHT, "test")
    run.lake.begin_stage()
    assert "0 days old" in (train(run) or "")


def _predicts(folder: Path) -> None:
    model = Predictor.load(folder)
    inputs = example_columns(5)
    inputs["features"] = np.zeros((5, WIDTH), np.float32)
    items, _ = model.top_items(model.predict(inputs), 3)
    assert items.shape == (5, 3)


def test_baselines_learn_from_the_rows_that_the_challenger_learns_from(run):
    run.lake.begin_stage()
    columns = [*KEY, *(f"{has}{task}" for task in YES_NO_TASKS for has in ("", "has_"))]
    splits = read_inputs(run, ranks=2).splits.values()
    files = [urlparse(url).path for split in splits for url in split.files]
    ours = pd.concat(pd.read_parquet(file, columns=columns) for file in files)
    examples = run.lake.read(TRAINING_EXAMPLES).where(f"run_date = '{NIGHT}'")
    exam = Exam(examples, None, None, None, None, NIGHT, learned_splits(run.settings))
    theirs = exam.learnt.select(*columns).toPandas()
    assert len(theirs) == 160 + 80 + 48
    pd.testing.assert_frame_equal(
        *(rows.sort_values(columns, ignore_index=True) for rows in (ours, theirs))
    )


def test_more_ranks_than_slots_are_refused_before_launch(run):
    training = run.settings.training.model_copy(update={"ranks": 4, "seed": 1})
    settings = run.settings.model_copy(
        update={"training": training, "registry": run.settings.registry.parent / "other"}
    )
    run.lake.begin_stage()
    with pytest.raises(SettingsError, match="4 ranks for 2 slots"):
        train(Run(run.spark, settings, run.lake, NIGHT, "r2"))


def test_fault_08_a_night_of_numbers_that_are_none_trains_nothing_and_the_champion_stays(run):
    registry = Registry(run.settings.registry)
    before = registry.champion_or_none(NIGHT), registry.decisions()
    other = date(2017, 12, 2)
    broken = _examples()
    broken["features"] = [np.full(WIDTH, np.inf, np.float32), *broken["features"][1:]]
    run.lake.begin_stage()
    _write_tables(run, broken, other)
    training = run.settings.training.model_copy(update={"every_days": 1})
    settings = run.settings.model_copy(update={"training": training})
    run.lake.begin_stage()
    with pytest.raises(DataQualityError, match="1 rows: features not finite"):
        train(Run(run.spark, settings, run.lake, other, "r4"))
    assert (registry.champion_or_none(NIGHT), registry.decisions()) == before
    with pytest.raises(ModelNotFoundError):
        registry.challenger(other)


def test_fault_07_fewer_row_groups_than_ranks_are_refused_before_launch(run):
    other = date(2017, 12, 4)
    run.lake.begin_stage()
    _write_tables(run, _examples(), other, files=1)
    training = run.settings.training.model_copy(update={"every_days": 1})
    settings = run.settings.model_copy(update={"training": training})
    run.lake.begin_stage()
    with pytest.raises(TableContractError, match="1 row groups for 2 ranks"):
        train(Run(run.spark, settings, run.lake, other, "r6"))


def test_training_begins_with_the_champions_weights_where_they_fit_and_says_so(run):
    registry = Registry(run.settings.registry)
    champion = registry.champion(NIGHT)
    other = date(2017, 12, 3)
    run.lake.begin_stage()
    _write_tables(run, _examples(), other)
    for width, began_with in ((8, champion.version), (4, None)):
        changes = {"warm_start": True, "every_days": 1, "width": width, "backend": "single"}
        training = run.settings.training.model_copy(update={**changes, "max_epochs": 1})
        settings = run.settings.model_copy(update={"training": training})
        run.lake.begin_stage()
        assert train(Run(run.spark, settings, run.lake, other, "r5")) is None
        assert registry.challenger(other).facts["warm_from"] == began_with


def test_a_date_without_examples_is_passed_over_and_says_why(run):
    run.lake.begin_stage()
    other = date(2017, 12, 1)
    settings = run.settings.model_copy(update={"registry": run.settings.registry.parent / "other"})
    reason = train(Run(run.spark, settings, run.lake, other, "r3"))
    assert reason is not None and reason.startswith("no examples of 2017-12-01: build_examples")
