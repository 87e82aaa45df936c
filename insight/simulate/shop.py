"""The simulated shop: who its customers are and what it sells. Nothing here happens in time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insight.settings import SimulateSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WEEK = np.array([0.95, 0.9, 0.92, 1.0, 1.15, 1.2, 0.88])
"""Visits per weekday, Monday first, around a mean of 1."""

YEAR_AMPLITUDE = 0.15
"""More visits in December, fewer in June, by this share."""

FAVOURITES = 3
"""Categories a customer mostly looks at."""


@dataclass(frozen=True)
class Customers:
    """Everyone who will ever shop, one entry each.

    Args:
        joins: Day number of the first possible visit.
        leaves: First day number without visits, for good.
        visit_rate: Mean visits on a mean day.
        buys: Probability that a visit ends with a purchase.
        hazard: Probability of leaving on any day; ``leaves`` is drawn from it.
        favourites: Category numbers, shape (customers, FAVOURITES).
        responds: Probability that an exposure to a campaign brings a visit.
    """

    joins: Ints
    leaves: Ints
    visit_rate: Floats
    buys: Floats
    hazard: Floats
    favourites: Ints
    responds: Floats


@dataclass(frozen=True)
class Items:
    """The catalogue: item i belongs to category i // per_category.

    Args:
        per_category: Items in each category.
        price: In the shop's currency.
        brand: Brand numbers.
        popularity: Cumulated share of interest within a category by rank, shape
            (per_category,): Zipf's law, the first item of a category first.
    """

    per_category: int
    price: Floats
    brand: Ints
    popularity: Floats


@dataclass(frozen=True)
class Shop:
    """Customers, items and the seed that made them."""

    seed: int
    customers: Customers
    items: Items


def open_shop(settings: SimulateSettings, *, days: int, visits_per_day: float) -> Shop:
    """Draw customers and items; the same settings give the same shop.

    Args:
        settings: Sizes, rates and the seed.
        days: How long it will be open.
        visits_per_day: The visit rates are scaled to bring so many on a mean day.
    """
    random = np.random.default_rng([settings.seed, 0])
    return Shop(
        settings.seed,
        _customers(random, settings, days=days, visits_per_day=visits_per_day),
        _items(random, settings),
    )


def season(day: int, *, weekday: int) -> float:
    """How busy a day is: its weekday and the time of year, around a mean of 1."""
    return float(WEEK[weekday] * (1 + YEAR_AMPLITUDE * np.cos(2 * np.pi * day / 365.25)))


def _customers(
    random: np.random.Generator, settings: SimulateSettings, *, days: int, visits_per_day: float
) -> Customers:
    count = settings.customers
    is_new = random.random(count) < settings.new_customer_share
    joins = np.where(is_new, random.integers(0, max(days, 1), count), 0)
    hazard = random.beta(1.0, 1 / settings.mean_hazard - 1, count)
    leaves = joins + random.geometric(hazard)
    # A few come daily, most seldom.
    appetite = random.gamma(0.7, 1.0, count) + 0.02
    present = np.clip(np.minimum(leaves, days) - joins, 0, None)
    scale = visits_per_day * max(days, 1) / (appetite @ present)
    return Customers(
        joins=joins,
        leaves=leaves,
        visit_rate=appetite * scale,
        buys=random.beta(1.2, 1.2 / settings.mean_conversion - 1.2, count),
        hazard=hazard,
        favourites=random.integers(0, settings.categories, (count, FAVOURITES)),
        responds=random.beta(1.0, 30.0, count),
    )


def _items(random: np.random.Generator, settings: SimulateSettings) -> Items:
    per_category = max(settings.items // settings.categories, 1)
    level = np.repeat(random.lognormal(2.5, 0.8, settings.categories), per_category)
    price = np.round(level * random.lognormal(0.0, 0.4, len(level)), 2)
    weight = 1.0 / np.arange(1, per_category + 1) ** settings.zipf_exponent
    return Items(
        per_category=per_category,
        price=np.maximum(price, 0.05),
        brand=random.integers(0, settings.brands, len(level)),
        popularity=np.cumsum(weight) / weight.sum(),
    )
