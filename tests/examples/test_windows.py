"""Train, validation and test are windows one after the other."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insight.examples.windows import Cutoffs, split_by_time, split_campaigns, too_little_history
from insight.settings import ExampleSettings

RUN_DATE = date(2024, 3, 31)
SETTINGS = ExampleSettings(purchase_days=7, churn_days=10, train_cutoffs=3, cutoff_step_days=5)


def test_each_label_window_ends_where_the_next_begins() -> None:
    cutoffs = split_by_time(SETTINGS, run_date=RUN_DATE, first_event_date=date(2023, 1, 1))
    assert cutoffs == Cutoffs(
        train=(date(2024, 2, 20), date(2024, 2, 25), date(2024, 3, 1)),
        validation=date(2024, 3, 11),
        test=date(2024, 3, 21),
    )
    assert list(cutoffs.split_of.values()) == ["train"] * 3 + ["validation", "test"]


def test_too_little_history_names_the_days_there_are_and_those_needed() -> None:
    # Two windows of ten days before validation on 11 March, and two after it.
    first = date(2024, 2, 20)
    enough = {"run_date": RUN_DATE, "first_event_date": first}
    assert split_by_time(SETTINGS, **enough) is not None  # type: ignore[arg-type]
    late = first + timedelta(days=1)
    assert split_by_time(SETTINGS, run_date=RUN_DATE, first_event_date=late) is None
    said = too_little_history(SETTINGS, run_date=RUN_DATE, first_event_date=late)
    assert "40 days of events (from 2024-02-21 to 2024-03-31), 41 needed" in said
    assert "1 more to come" in said
    none = too_little_history(SETTINGS, run_date=RUN_DATE, first_event_date=None)
    assert none == "too little history: no events, 41 days of them needed"
    longer = SETTINGS.model_copy(update={"campaign_days": 14, "campaign_window_days": 14})
    said = too_little_history(longer, run_date=RUN_DATE, first_event_date=late, with_campaigns=True)
    assert "40 days of events" in said and "49 needed" in said


def test_the_shorter_horizon_is_over_by_the_test_cutoff() -> None:
    wanted = {"run_date": RUN_DATE, "first_event_date": date(2023, 1, 1), "recalibrate": True}
    cutoffs = split_by_time(SETTINGS, **wanted)  # type: ignore[arg-type]
    assert cutoffs is not None and cutoffs.recalibration == date(2024, 3, 14)
    assert list(cutoffs.split_of.values())[-3:] == ["validation", "recalibration", "test"]
    assert cutoffs.labels_end == {date(2024, 3, 14): cutoffs.test}


def test_a_horizon_of_some_days_covers_the_tests_days_of_the_week() -> None:
    days = SETTINGS.model_copy(update={"purchase_days": 3})
    wanted = {"run_date": RUN_DATE, "first_event_date": date(2023, 1, 1), "recalibrate": True}
    cutoffs = split_by_time(days, **wanted)  # type: ignore[arg-type]
    assert cutoffs is not None and cutoffs.recalibration == cutoffs.test - timedelta(days=7)


@pytest.mark.parametrize("horizons", [(10, 10), (3, 7), (8, 14)])
def test_nothing_is_recalibrated_where_validation_is_as_new(horizons: tuple[int, int]) -> None:
    purchase, churn = horizons
    close = SETTINGS.model_copy(update={"purchase_days": purchase, "churn_days": churn})
    cutoffs = split_by_time(
        close, run_date=RUN_DATE, first_event_date=date(2023, 1, 1), recalibrate=True
    )
    assert cutoffs is not None
    assert (cutoffs.recalibration, cutoffs.labels_end) == (None, {})


def test_no_weekly_label_for_training_comes_after_a_campaign_of_the_test() -> None:
    long = SETTINGS.model_copy(update={"campaign_days": 10, "campaign_window_days": 40})
    first = date(2023, 1, 1)
    cutoffs = split_by_time(long, run_date=RUN_DATE, first_event_date=first, with_campaigns=True)
    days = [RUN_DATE - timedelta(days=age) for age in range(100)]
    split_of = split_campaigns(long, run_date=RUN_DATE, shown=dict.fromkeys(days, 1))
    tested = min(day for day, split in split_of.items() if split == "test")
    assert cutoffs is not None and cutoffs.test == date(2024, 3, 21)
    assert max(cutoffs.train) + timedelta(days=SETTINGS.churn_days) == cutoffs.validation
    assert cutoffs.validation < tested


def test_a_train_cutoff_has_one_label_window_of_history_behind_it() -> None:
    first = date(2024, 2, 20)
    enough = split_by_time(SETTINGS, run_date=RUN_DATE, first_event_date=first)
    assert enough is not None and enough.train == (date(2024, 3, 1),)
    short = split_by_time(SETTINGS, run_date=RUN_DATE, first_event_date=first + timedelta(days=1))
    assert short is None


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 10),
    st.integers(1, 30),
    st.integers(0, 400),
)
def test_no_label_window_reaches_into_the_next(
    purchase: int, churn: int, cutoffs: int, step: int, history: int
) -> None:
    chosen = ExampleSettings(
        purchase_days=purchase, churn_days=churn, train_cutoffs=cutoffs, cutoff_step_days=step
    )
    first = RUN_DATE - timedelta(days=history)
    found = split_by_time(chosen, run_date=RUN_DATE, first_event_date=first)
    horizon = timedelta(days=max(purchase, churn))
    if found is None:
        assert RUN_DATE - 4 * horizon < first
        return
    assert 1 <= len(found.train) <= cutoffs
    assert first + horizon <= min(found.train)
    assert max(found.train) + horizon == found.validation
    assert found.validation + horizon == found.test
    assert found.test + horizon == RUN_DATE


def test_answers_to_campaigns_of_one_split_are_in_before_the_next_begins() -> None:
    chosen = ExampleSettings(campaign_days=10, campaign_window_days=5, campaign_cutoffs=2)
    # The test window is (16, 21] March, the validation window (1, 6] March.
    shown = {
        date(2024, 3, 22): 9,
        date(2024, 3, 21): 1,
        date(2024, 3, 18): 5,
        date(2024, 3, 17): 3,
        date(2024, 3, 16): 9,
        date(2024, 3, 6): 4,
        date(2024, 3, 1): 9,
        date(2024, 2, 20): 7,
        date(2023, 1, 1): 8,
        date(2023, 6, 1): 6,
    }
    assert split_campaigns(chosen, run_date=RUN_DATE, shown=shown) == {
        date(2024, 3, 17): "test",
        date(2024, 3, 18): "test",
        date(2024, 3, 6): "validation",
        date(2024, 2, 20): "train",
        date(2023, 1, 1): "train",
    }


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 9),
    st.sets(st.integers(0, 300), max_size=60),
)
def test_no_answer_to_a_campaign_is_looked_for_in_a_later_split(
    days: int, window: int, cutoffs: int, ages: set[int]
) -> None:
    chosen = ExampleSettings(
        campaign_days=days, campaign_window_days=window, campaign_cutoffs=cutoffs
    )
    shown = {RUN_DATE - timedelta(days=age): age for age in ages}
    found = split_campaigns(chosen, run_date=RUN_DATE, shown=shown)
    of = {name: [day for day in found if found[day] == name] for name in found.values()}
    assert all(len(cut) <= cutoffs for cut in of.values())
    horizon = timedelta(days=days)
    for earlier, later in (("train", "validation"), ("validation", "test"), ("train", "test")):
        if earlier in of and later in of:
            assert max(of[earlier]) + horizon <= min(of[later])
    assert all(day + horizon <= RUN_DATE for day in found)
