"""Who keeps the score of the night before, and who does not."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from insight.registry.trail import Decision, Kind
from insight.scoring import stage
from insight.scoring.carrying import is_due
from insight.tables import CUSTOMER_FEATURES, CUSTOMER_SCORES, CUSTOMER_SEQUENCES, RECOMMENDATIONS
from tests.memory_lake import MemoryLake
from tests.scoring.conftest import (
    NIGHT,
    Champion,
    champion_in,
    features_of,
    lake_of,
    sequence_of,
)

NEXT = NIGHT + timedelta(days=1)


@pytest.fixture
def scored(lake: MemoryLake, champion: Champion) -> MemoryLake:
    """The viewer was scored by v1 the night before; tonight v2 serves."""
    champion.version = "v2"
    lake.rows |= _first_night(lake.spark)
    return lake


@cache
def _first_night(spark: SparkSession) -> dict[str, list[Row]]:
    """What the score stage writes of the first night, worked out once for all tests."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        lake = lake_of(spark, champion_in(Path(folder)), patch)
        assert stage.score(lake.run_for(NIGHT)) is None
        return lake.rows


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
    before = dict.fromkeys(("viewer", "searcher", "sharer"), ("v1", NIGHT))
    assert _origins(scored, NIGHT) == before
    _next_day(
        scored,
        # A day older, and nothing else.
        features_of("viewer", NEXT, days_since_last_event=2),
        features_of("searcher", NEXT, days_since_last_event=0, searches_30d=1),
        # A value that moves from one feature to the next is a change.
        features_of("sharer", NEXT, category_entropy=0.5),
        features_of("newcomer", NEXT),
    )
    stage.score(scored.run_for(NEXT))
    anew = dict.fromkeys(("searcher", "sharer", "newcomer"), ("v2", NEXT))
    assert _origins(scored) == {"viewer": ("v1", NIGHT), **anew}


def test_another_event_is_a_change(scored: MemoryLake) -> None:
    _next_day(scored, features_of("viewer", NEXT), item="coffee")
    stage.score(scored.run_for(NEXT))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


@pytest.mark.parametrize(
    "settings",
    [
        {"scoring.rescore": "all"},
        {"scoring.max_age_days": 1},
        {"scoring.top_k": 3, "examples.active_days": 100},
    ],
)
def test_settings_that_score_anew(scored: MemoryLake, settings: dict[str, object]) -> None:
    _next_day(scored, features_of("viewer", NEXT))
    stage.score(scored.run_for(NEXT, **settings))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


def test_a_score_is_renewed_once_within_its_age_on_the_customers_own_night(
    scored: MemoryLake,
) -> None:
    origins = [NIGHT]
    for age in (1, 2, 3):
        day = NIGHT + timedelta(days=age)
        _next_day(scored, features_of("viewer", day), day=day)
        stage.score(scored.run_for(day, **{"scoring.max_age_days": 3}))
        origins.append(_origins(scored, day)["viewer"][1])
    renewed = origins[-1]
    assert NIGHT < renewed <= NIGHT + timedelta(days=3)
    assert set(origins) == {NIGHT, renewed}


def test_every_night_renews_an_equal_share_of_those_first_scored_together(
    spark: SparkSession,
) -> None:
    customers, max_age, nights = 7000, 7, 3 * 7
    names = spark.range(customers).select(F.md5(F.col("id").cast("string")).alias("customer_id"))
    dates = [NIGHT + timedelta(days=n) for n in range(1, nights + 1)]
    given = {f"scored_{n}": F.lit(day - timedelta(days=1)) for n, day in enumerate(dates)}
    scored = names.withColumns({**given, "first": F.lit(NIGHT)})
    # Who was scored the night before is due only on their own turn.
    turns = [is_due(f"scored_{n}", day, max_age_days=max_age) for n, day in enumerate(dates)]
    due = [is_due("first", day, max_age_days=max_age) for day in dates]
    rows = scored.select(F.array(*turns).alias("turns"), F.array(*due).alias("due")).collect()
    share = customers / max_age
    # Four standard deviations of a binomial count.
    spread = 4 * (share * (1 - 1 / max_age)) ** 0.5
    for number in range(nights):
        assert abs(sum(row["turns"][number] for row in rows) - share) < spread
    # Nobody waits longer than the age, the first time too, and nobody comes more often.
    for row in rows:
        turn = row["turns"].index(True)
        assert turn < max_age
        assert row["turns"] == [n % max_age == turn for n in range(nights)]
        assert row["due"] == [n >= turn for n in range(nights)]


def test_a_turn_without_a_run_is_taken_up_by_the_next(spark: SparkSession) -> None:
    names = spark.range(70).select(F.md5(F.col("id").cast("string")).alias("customer_id"))
    day = NIGHT + timedelta(days=30)
    given = names.withColumn("scored_on", F.lit(day - timedelta(days=7)))
    assert given.where(~is_due("scored_on", day, max_age_days=7)).count() == 0
    today = names.withColumn("scored_on", F.lit(day))
    assert today.where(is_due("scored_on", day, max_age_days=7)).count() == 0
    assert today.where(is_due("scored_on", day, max_age_days=1)).count() == 0


@pytest.mark.parametrize("kind", ["rolled_back", "archived"])
def test_what_a_version_out_of_service_said_is_not_kept(
    scored: MemoryLake, champion: Champion, kind: Kind
) -> None:
    champion.trail.append(Decision("v1", kind, str(NEXT), "wrong", "ann", "2024-04-01", {}))
    _next_day(scored, features_of("viewer", NEXT))
    stage.score(scored.run_for(NEXT))
    assert _origins(scored) == {"viewer": ("v2", NEXT)}


def test_what_was_rolled_back_later_is_kept_by_a_rerun_of_an_earlier_date(
    scored: MemoryLake, champion: Champion
) -> None:
    later = str(NEXT + timedelta(days=1))
    champion.trail.append(Decision("v1", "rolled_back", later, "wrong", "ann", "2024-04-02", {}))
    _next_day(scored, features_of("viewer", NEXT))
    stage.score(scored.run_for(NEXT))
    assert _origins(scored) == {"viewer": ("v1", NIGHT)}


def test_lists_of_another_version_than_the_scores_are_not_kept(scored: MemoryLake) -> None:
    lists = scored.read(RECOMMENDATIONS).withColumn("model_version", F.lit("v0"))
    scored.rows[RECOMMENDATIONS.name] = lists.collect()
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
    found = {}
    for day, ago in ((NEXT, 29), (NEXT + timedelta(days=1), 30)):
        bought = features_of("viewer", day, orders_30d=1, days_since_last_order=ago)
        _next_day(scored, bought, day=day)
        stage.score(scored.run_for(day, **{"examples.active_days": 30}))
        rows = scored.read(CUSTOMER_SCORES).where(f"score_date = '{day}'").collect()
        found[ago] = [(row["churn_probability"], row["scored_on"]) for row in rows]
    # The score is the earlier night's; that churn is not asked any more is tonight's.
    assert found == {29: [(0.5, NEXT)], 30: [(None, NEXT)]}
