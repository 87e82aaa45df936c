"""A shop of a few hundred customers with habits, as landing files in Complete Journey's form."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = date(2024, 1, 1)

HOUSEHOLDS, BASKETS = "73100000000000", "84200000000000"
"""The raw ids of customers and orders begin so: no other number does, nor does a hash by chance."""

_FIRST_HOUSEHOLD, _FIRST_BASKET = int(f"{HOUSEHOLDS}00001"), int(f"{BASKETS}00001")

SMALL_NIGHT = {
    "examples.purchase_days": 3,
    "examples.churn_days": 7,
    "examples.active_days": 30,
    "examples.cutoff_step_days": 7,
    "examples.train_cutoffs": 6,
    "examples.min_item_events": 1,
    "examples.campaign_days": 5,
    "examples.campaign_window_days": 7,
    "examples.files": 2,
    "sequences.length": 12,
    "training.backend": "single",
    "training.ensemble": ["cnn"],
    "training.width": 16,
    "training.max_epochs": 6,
    "training.negatives": 32,
    "training.learning_rate": 0.01,
    "promotion.bootstrap_rounds": 50,
    "scoring.top_k": 5,
}
"""Settings for a night of seconds: short horizons, two narrow encoders, one rank."""


def land_small_shop(
    landing: Path, *, customers: int = 400, items: int = 60, days: int = 60, seed: int = 7
) -> list[date]:
    """Write one transactions file per day, products and demographics.

    Half of the customers buy often, half seldom; each buys mostly the same few items. Once a
    week is market day, when every second customer comes, whatever their habit: how long ago
    somebody last bought then says little, how often they buy says much. The last day but one
    is a market day, and so are all cut-offs before it. Every week half of them are sent a
    coupon, which every third customer mostly redeems and others seldom.

    Returns:
        The days landed.
    """
    random = np.random.default_rng(seed)
    habit = np.where(np.arange(customers) % 2 == 0, 0.4, 0.05)
    favourites = random.integers(0, items, (customers, 3))
    folder = landing / "complete_journey"
    dates = [FIRST_DAY + timedelta(days=n) for n in range(days)]
    for number, day in enumerate(dates):
        is_market_day = number % 7 == (days - 2) % 7
        comes = random.random(customers) < (0.5 if is_market_day else habit)
        rows = [
            _line(day, customer, item, basket=number * customers + customer)
            for customer in range(customers)
            if comes[customer]
            for item in _basket(random, favourites[customer], items)
        ]
        _write(folder / "transactions" / f"{day}.parquet", rows)
    for day in dates[3::7]:
        _land_campaign(folder, random, day, customers)
    _write(folder / "products" / f"{FIRST_DAY}.parquet", [_product(n) for n in range(items)])
    people = [_household(n) for n in range(0, customers, 3)]
    _write(folder / "demographics" / f"{FIRST_DAY}.parquet", people)
    return dates


def _basket(random: np.random.Generator, favourites: np.ndarray, items: int) -> list[int]:
    habitual = random.choice(favourites, size=2)
    # Sorted: the order of a set is no part of the data.
    return sorted({int(item) for item in (*habitual, random.integers(0, items))})


def _line(day: date, customer: int, item: int, *, basket: int) -> dict[str, object]:
    at = datetime(day.year, day.month, day.day, 9 + customer % 10, customer % 60, tzinfo=UTC)
    return {
        "household_id": _FIRST_HOUSEHOLD + customer,
        "store_id": 1,
        "basket_id": _FIRST_BASKET + basket,
        "product_id": item + 1000,
        "quantity": 1 + item % 3,
        "sales_value": (1 + item % 3) * (0.5 + item % 7),
        "retail_disc": 0.1 * (item % 2),
        "coupon_disc": 0.0,
        "coupon_match_disc": 0.0,
        "week": day.isocalendar().week,
        "transaction_timestamp": at,
    }


def _land_campaign(folder: Path, random: np.random.Generator, day: date, customers: int) -> None:
    """Who is sent a coupon on a day, and who redeems it two days later."""
    sent = [customer for customer in range(customers) if random.random() < 0.5]
    number = (day - FIRST_DAY).days
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    shown = {
        "campaign_id": number,
        "campaign_type": f"Type {'AB'[number % 2]}",
        "start_date": begins,
        "end_date": begins + timedelta(days=10),
    }
    rows = [{**shown, "household_id": _FIRST_HOUSEHOLD + customer} for customer in sent]
    _write(folder / "campaigns" / f"{day}.parquet", rows)
    later = begins + timedelta(days=2)
    redeemed = [
        {
            "household_id": _FIRST_HOUSEHOLD + customer,
            "coupon_upc": 1,
            "campaign_id": number,
            "redemption_date": later,
        }
        for customer in sent
        if random.random() < (0.7 if customer % 3 == 0 else 0.1)
    ]
    if redeemed:
        _write(folder / "redemptions" / f"{later.date()}.parquet", redeemed)


def _product(item: int) -> dict[str, object]:
    return {
        "product_id": item + 1000,
        "manufacturer_id": item % 5,
        "department": "GROCERY",
        "brand": ("National", "Private")[item % 2],
        "product_category": f"CATEGORY {item % 6}",
        "product_type": f"PRODUCT {item}",
        "package_size": "1 LB",
    }


def _household(customer: int) -> dict[str, object]:
    return {
        "household_id": _FIRST_HOUSEHOLD + customer,
        "age": "35-44",
        "income": "50-74K",
        "home_ownership": "Homeowner",
        "marital_status": "Married",
        "household_size": "2",
        "household_comp": "2 Adults No Kids",
        "kids_count": "0",
    }


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
