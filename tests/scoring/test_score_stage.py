"""The score stage on a lake in memory, with a model that only counts."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.delta import Lake
from insight.encoding.features import FEATURES, FeatureStatistics
from insight.errors import DataQualityError, TableContractError, VocabularyMismatchError
from insight.local_frames import local_frame
from insight.scoring import stage
from insight.stages import Run
from insight.tables import (
    CUSTOMER_FEATURES,
    CUSTOMER_SCORES,
    CUSTOMER_SEQUENCES,
    EVENTS,
    RECOMMENDATIONS,
)
from tests.frames import at, events
from tests.memory_lake import MemoryLake
from tests.scoring.conftest import NIGHT, features_of, placing


def test_who_has_only_searched_is_scored_too(lake: MemoryLake) -> None:
    assert stage.score(lake.run_for(NIGHT)) is None
    scored = lake.read(CUSTOMER_SCORES).collect()
    counts = {row["customer_id"]: row["unknown_item_count"] for row in scored}
    assert counts == {"viewer": 1, "searcher": 0, "sharer": 0}
    assert {row["campaign_probability"] for row in scored} == {0.0}


def test_what_was_bought_before_the_sequence_begins_is_not_recommended_and_a_view_is(
    lake: MemoryLake,
) -> None:
    past = {"item_id": "tea", "event_at": at("2023-05-01 12:00"), "customer_id": "sharer"}
    bought = events(
        lake.spark,
        past,
        # The viewer's sequence holds a view of the tea; this is another customer's purchase.
        {**past, "event_type": "view", "event_at": at("2024-03-30 12:00"), "customer_id": "viewer"},
    )
    lake.rows[EVENTS.name] = bought.collect()
    everybody = {"viewer", "searcher", "sharer"}
    asked = {
        "a grocer": {},
        "never again": {"scoring.recommend_seen": False},
        "not within a month": {"scoring.recommend_seen": False, "scoring.seen_days": 30},
        "nor what was looked at": {
            "scoring.recommend_seen": False,
            "scoring.seen_by": ["view", "purchase"],
        },
    }
    found = {}
    for name, settings in asked.items():
        stage.score(lake.run_for(NIGHT, **settings))
        found[name] = {row["customer_id"] for row in lake.rows[RECOMMENDATIONS.name]}
    assert found == {
        "a grocer": everybody,
        "never again": everybody - {"sharer"},
        "not within a month": everybody,
        "nor what was looked at": {"searcher"},
    }


def test_fault_32_one_missing_and_one_twice_is_refused(
    lake: MemoryLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = stage.customers_of

    def one_twice(run: Run) -> DataFrame:
        viewer = customers(run).where("customer_id = 'viewer'")
        return viewer.unionByName(viewer)

    monkeypatch.setattr(stage, "customers_of", one_twice)
    with pytest.raises(DataQualityError) as refused:
        stage.score(lake.run_for(NIGHT))
    assert "2 customers without a score, 1 customers scored more than once" in refused.value.found
    assert CUSTOMER_SCORES.name not in lake.rows


def test_a_rerun_shows_the_model_the_same_customers_side_by_side(
    lake: MemoryLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last bits of what a model says depend on a customer's place in the batch.
    monkeypatch.setattr(stage, "scorer_of", placing)
    rows = [features_of(f"c{n}", days_since_last_event=1) for n in range(40)]
    places = []
    for order in (rows, rows[::-1], rows[1::2] + rows[::2]):
        lake.rows = {CUSTOMER_FEATURES.name: order, CUSTOMER_SEQUENCES.name: []}
        stage.score(lake.run_for(NIGHT))
        scored = lake.rows[CUSTOMER_SCORES.name]
        places.append({row["customer_id"]: row["purchase_probability"] for row in scored})
    assert places[0] == places[1] == places[2]
    assert len(set(places[0].values())) > 10


@pytest.mark.parametrize(
    ("column", "value"), [("purchase_probability", 1.2), ("churn_probability", float("nan"))]
)
def test_fault_32_a_score_that_is_no_probability_is_refused(
    spark: SparkSession, tmp_path: Path, column: str, value: float
) -> None:
    sound = {"string": "none", "double": 0.5, "int": 0, "bigint": 0, "date": NIGHT}
    scores = {each.name: sound[each.type] for each in CUSTOMER_SCORES.columns} | {column: value}
    lake = Lake(spark, str(tmp_path / "lake"), str(tmp_path / "landing"), "r1", NIGHT)
    lake.begin_stage()
    frame = local_frame(spark, [scores], CUSTOMER_SCORES.schema)
    with pytest.raises(TableContractError, match=column):
        lake.publish(frame, CUSTOMER_SCORES, where=f"score_date = '{NIGHT}'")
    lake.begin_stage()
    assert lake.read(CUSTOMER_SCORES).isEmpty()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"names": ("colour", *FEATURES[1:])}, "colour"),
        ({"transforms": ("none",) * len(FEATURES)}, "orders_7d"),
        ({"has_mask": (False,) * len(FEATURES)}, "days_since_last_order"),
    ],
    ids=["gone", "transformed otherwise", "without a mask"],
)
def test_fault_30_a_model_of_other_features_is_refused(
    lake: MemoryLake, tmp_path: Path, change: dict[str, tuple[object, ...]], named: str
) -> None:
    replace(FeatureStatistics.load(tmp_path), **change).save(tmp_path)  # type: ignore[arg-type]
    with pytest.raises(VocabularyMismatchError, match="features of model v1") as refused:
        stage.score(lake.run_for(NIGHT))
    assert named in refused.value.found
    assert CUSTOMER_SCORES.name not in lake.rows


def test_features_that_came_later_do_not_stop_a_model(lake: MemoryLake, tmp_path: Path) -> None:
    known = FeatureStatistics.load(tmp_path)
    fewer = {
        name: getattr(known, name)[1:]
        for name in ("names", "transforms", "mean", "scale", "has_mask")
    }
    replace(known, **fewer).save(tmp_path)
    assert stage.score(lake.run_for(NIGHT)) is None
