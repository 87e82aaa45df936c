"""Folds are nights one after the other, never a random split."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from insight.examples.windows import split_by_time
from insight.rehearsal.folds import Fold, do_not_overlap, past_folds
from insight.settings import ExampleSettings

NIGHT = date(2024, 3, 31)


def test_each_test_window_ends_where_the_newer_one_begins() -> None:
    chosen = ExampleSettings(purchase_days=7, churn_days=10)
    assert past_folds(chosen, run_date=NIGHT, count=3) == (
        Fold(0, NIGHT, date(2024, 3, 21)),
        Fold(1, date(2024, 3, 21), date(2024, 3, 11)),
        Fold(2, date(2024, 3, 11), date(2024, 3, 1)),
    )


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 8), st.integers(0, 3))
def test_no_day_is_in_two_test_windows(purchase: int, churn: int, count: int, first: int) -> None:
    chosen = ExampleSettings(purchase_days=purchase, churn_days=churn)
    folds = past_folds(chosen, run_date=NIGHT, count=count, first=first)
    tested = [
        fold.test_cutoff + timedelta(days=n)
        for fold in folds
        for n in range(1, (fold.run_date - fold.test_cutoff).days + 1)
    ]
    assert len(set(tested)) == len(tested) == count * max(purchase, churn)
    for fold in folds:
        cutoffs = split_by_time(chosen, run_date=fold.run_date, first_event_date=date(2000, 1, 1))
        assert cutoffs is not None and cutoffs.test == fold.test_cutoff


def test_windows_that_share_a_day_are_noticed() -> None:
    newer, older = Fold(0, NIGHT, date(2024, 3, 21)), Fold(1, date(2024, 3, 22), date(2024, 3, 12))
    assert not do_not_overlap([newer, older])
    assert not do_not_overlap([older, newer])


def test_no_fold_lies_before_the_earliest_run_date() -> None:
    chosen = ExampleSettings(purchase_days=7, churn_days=30)
    found = past_folds(chosen, run_date=date(1971, 3, 5), count=1_000_000_000)
    assert [fold.run_date for fold in found] == [
        date(1971, 3, 5),
        date(1971, 2, 3),
        date(1971, 1, 4),
    ]
