"""Who keeps the score of the night before, and who does not."""

from datetime import date, timedelta

import pytest
from pyspark.sql import Row

from insight.registry.trail import Decision
from insight.scoring import stage
from insight.tables import CUSTOMER_FEATURES, CUSTOMER_SCORES, CUSTOMER_SEQUENCES, RECOMMENDATIONS
from tests.memory_lake import MemoryLake
from tests.scoring.conftest import NIGHT, Champion, features_of, sequence_of

NEXT = NIGHT + timedelta(days=1)


@pytest.fixture
def scored(lake: MemoryLake, champion: Champion) -> MemoryLake:
    """The first night is scored; on the next another champion serves."""
    assert stage.score(lake.run_for(NIGHT)) is None
    champion.version = "v2"
    return lake


def _next_day(lake: MemoryLake, *features: Row, item: str = "tea", day: date = NEXT) -> None:
    lake.rows[CUSTOMER_FEATURES.name] = list(features)
    lake.rows[CUSTOMER_SEQUENCES.name] = [sequence_of("viewer", day, item=item)]


def _origins(lake: MemoryLake, day: date = NEXT) -> dict[str, tuple[str, date]]:
    """By customer: version and date of the score; those of the lists are the same."""
    found = []
    for table in (CUSTOMER_SCORES, RECOMMENDATIONS):
        rows = lake.read(table).where(f"score_date = '{day}'").collect()
        found.append({row["customer_id"]: (row["model_version"], row["scored_on"]) for row in rows})
    scores, lists = found
    assert scores == lists
    return scores


def test_who_has_not_changed_keeps_score_version_and_date(scored: MemoryLake) -> None:
    _next_day(
        scored,
        # A day older, and nothing else.
        features_of("viewer", NEXT, days_since_last_event=2),
        features_of("searcher", NEXT, days_since_last_event=0, searches_30d=1),
        features_of("newcomer", NEXT),
    )
    stage.score(scored.run_for(NEXT))
    anew = ("v2", NEXT)
    assert _origins(scored) == {"viewer": ("v1", NIGHT), "searcher": anew, "newcomer": anew}


@pytest.mark.parametrize(
    ("features", "item"),
    [
        pytest.param({}, "coffee", id="another event"),
        pytest.param({"orders_7d": 1}, "tea", id="another count"),
        pytest.param({"category_share": 0.5}, "tea", id="known now"),
    ],
)
def test_what_changes_a_customer(
    scored: MemoryLake, features: dict[str, object], item: str
) -> None:
    _next_day(scored, features_of("viewer", NEXT, days_since_last_event=2, **features), item=item)
    stage.score(scored.run_for(NEXT))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


def test_a_value_that_moves_from_one_feature_to_the_next_is_a_change(scored: MemoryLake) -> None:
    for day, known in ((NIGHT, "category_share"), (NEXT, "category_entropy")):
        _next_day(scored, features_of("viewer", day, **{known: 0.5}), day=day)
        stage.score(scored.run_for(day))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


@pytest.mark.parametrize(
    "settings", [{"scoring.rescore": "all"}, {"scoring.max_age_days": 1}, {"scoring.top_k": 3}]
)
def test_settings_that_score_anew(scored: MemoryLake, settings: dict[str, object]) -> None:
    _next_day(scored, features_of("viewer", NEXT))
    stage.score(scored.run_for(NEXT, **settings))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


def test_a_score_carried_over_ages_from_the_day_it_was_given(scored: MemoryLake) -> None:
    kept = {}
    for age in (1, 2, 3):
        day = NIGHT + timedelta(days=age)
        _next_day(scored, features_of("viewer", day), day=day)
        stage.score(scored.run_for(day, **{"scoring.max_age_days": 3}))
        kept[age] = _origins(scored, day)["viewer"][1] == NIGHT
    assert kept == {1: True, 2: True, 3: False}


@pytest.mark.parametrize("kind", ["rolled_back", "archived"])
def test_what_a_version_out_of_service_said_is_not_kept(
    scored: MemoryLake, champion: Champion, kind: str
) -> None:
    champion.trail.append(Decision("v1", kind, str(NEXT), "wrong", "ann", "2024-04-01", {}))  # type: ignore[arg-type]
    _next_day(scored, features_of("viewer", NEXT))
    stage.score(scored.run_for(NEXT))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


def test_scores_without_lists_are_of_a_night_that_died(scored: MemoryLake) -> None:
    del scored.rows[RECOMMENDATIONS.name]
    _next_day(scored, features_of("viewer", NEXT))
    stage.score(scored.run_for(NEXT))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


def test_an_older_date_scored_later_takes_nothing_from_the_newer(scored: MemoryLake) -> None:
    before = NIGHT - timedelta(days=1)
    _next_day(scored, features_of("viewer", before), day=before)
    stage.score(scored.run_for(before))
    assert _origins(scored, before) == {"viewer": ("v2", before)}
    assert _origins(scored, NIGHT)["viewer"] == ("v1", NIGHT)


def test_who_has_not_bought_for_long_can_leave_no_more(scored: MemoryLake) -> None:
    ago = {"days_since_last_order": 29}
    _next_day(scored, features_of("viewer", NIGHT, **ago), day=NIGHT)
    for day, days in ((NIGHT, 29), (NEXT, 30)):
        _next_day(scored, features_of("viewer", day, days_since_last_order=days), day=day)
        stage.score(scored.run_for(day, **{"examples.active_days": 30}))
    assert _origins(scored) == {"viewer": ("v2", NIGHT)}
    rows = scored.read(CUSTOMER_SCORES).where("customer_id = 'viewer'").orderBy("score_date")
    assert [row["churn_probability"] for row in rows.collect()] == [0.5, None]
