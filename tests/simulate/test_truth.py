"""The true probabilities, against what the shop then does many times over."""

import numpy as np
import pytest

from insight.settings import SimulateSettings
from insight.simulate.shop import Customers, open_shop, season
from insight.simulate.truth import no_purchase_probability
from insight.simulate.visits import PURCHASE, Campaign, open_for_a_day

NO_CAMPAIGN = Campaign(0, category=0, exposed=np.array([], int), clicked=np.array([], int))


def _customers(**columns: float) -> Customers:
    given = {"joins": 0, "leaves": 100, "visit_rate": 0.5, "buys": 0.2, "hazard": 0.0} | columns
    one = {name: np.array([value]) for name, value in given.items()}
    return Customers(**one, favourites=np.zeros((1, 3), int), responds=np.zeros(1))


def test_without_leaving_it_is_a_poisson_process() -> None:
    found = no_purchase_probability(_customers(), day=0, weekdays=[1, 2])
    visits = 0.5 * (season(1, weekday=1) + season(2, weekday=2))
    assert found == pytest.approx(np.exp(-0.2 * visits))


def test_one_who_may_leave_buys_less() -> None:
    found = no_purchase_probability(_customers(hazard=0.25), day=0, weekdays=[1])
    stays = np.exp(-0.5 * 0.2 * season(1, weekday=1))
    assert found == pytest.approx(0.25 + 0.75 * stays)


def test_one_who_has_left_buys_nothing() -> None:
    assert no_purchase_probability(_customers(leaves=3), day=3, weekdays=[1]) == 1.0


def test_one_who_joins_later_buys_from_then_on() -> None:
    found = no_purchase_probability(_customers(joins=2, hazard=0.5), day=0, weekdays=[1, 2])
    assert found == pytest.approx(np.exp(-0.5 * 0.2 * season(2, weekday=2)))


def test_the_shop_does_what_the_truth_says() -> None:
    settings = SimulateSettings(customers=30_000, items=80, categories=4, new_customer_share=0)
    shop = open_shop(settings, days=10, visits_per_day=9_000)
    expected = 1 - no_purchase_probability(shop.customers, day=0, weekdays=range(1, 6))
    random = np.random.default_rng(3)
    buyers: set[int] = set()
    for day in range(1, 6):
        events = open_for_a_day(shop, random, day=day, weekday=day, campaign=NO_CAMPAIGN)
        buyers |= set(events.customer[events.kind == PURCHASE].tolist())
    # Whoever had left by the first day is known to have left.
    here = shop.customers.leaves > 0
    assert len(buyers) == pytest.approx(expected[here].sum(), rel=0.03)
    likely = np.argsort(expected)[-3_000:]
    bought = np.isin(likely, list(buyers)).mean()
    assert bought == pytest.approx(expected[likely].mean(), abs=0.03)
