"""Writes the simulated shop's days as landing files; each day depends on the seed alone."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from insight.settings import SimulateSettings
from insight.simulate.dirt import bot_events, lags, with_broken_rows, with_repeats
from insight.simulate.rows import (
    customer_rows,
    event_rows,
    exposure_rows,
    feedback_rows,
    item_rows,
    truth_rows,
)
from insight.simulate.shop import Shop, open_shop
from insight.simulate.truth import no_purchase_probability
from insight.simulate.visits import DAY_MS, Campaign, Events, mean_visit_events, open_for_a_day

SOURCE = "simulated"

_DAYS_STREAM = 1
"""Keeps the days' random numbers apart from the shop's."""

_EXPOSED = 0.02
"""Share of the customers who are shown a day's campaign."""

_COUNTED = 0.02
"""Share of the items whose stock is counted on a day."""

_PURCHASE_DAYS, _CHURN_DAYS = 7, 30


@dataclass(frozen=True)
class Calendar:
    """The days the shop is open."""

    first: date
    days: int

    def date_of(self, number: int) -> date:
        return self.first + timedelta(days=number)


@dataclass(frozen=True)
class Places:
    """Where the files go.

    Args:
        landing: The landing folder; the files lie below ``simulated``.
        truth: A folder outside it: the pipeline must never read what is there.
    """

    landing: Path
    truth: Path

    @property
    def folder(self) -> Path:
        return self.landing / SOURCE


def simulate(settings: SimulateSettings, calendar: Calendar, places: Places, *, events: int) -> int:
    """Write every day's landing files, and the truth beside them.

    Args:
        settings: The shop's sizes, rates and seed.
        calendar: When it is open.
        places: Where to.
        events: About how many events people make in all; bots and repeats come on top.

    Returns:
        The number of event rows written.
    """
    visits = events / mean_visit_events(settings.mean_conversion)
    shop = open_shop(settings, days=calendar.days, visits_per_day=visits / calendar.days)
    work = partial(_deliver_day, shop, settings, calendar, places)
    with ProcessPoolExecutor(settings.processes) as pool:
        return sum(pool.map(work, range(calendar.days)))


def _deliver_day(
    shop: Shop, settings: SimulateSettings, calendar: Calendar, places: Places, day: int
) -> int:
    random = np.random.default_rng([settings.seed, _DAYS_STREAM, day])
    today = calendar.date_of(day)
    campaign = _campaign(shop, random, day)
    people = open_for_a_day(shop, random, day=day, weekday=today.weekday(), campaign=campaign)
    bots = bot_events(shop, random, settings, human=len(people))
    events = _in_order(people, bots)
    rows = event_rows(shop, events, random, today)
    late = lags(random, len(events), settings) + events.at_ms // DAY_MS
    rows = rows.append_column("delivered_after_days", pa.array(late))
    rows = with_broken_rows(with_repeats(rows, random, settings), random, settings)
    written = _write_events(rows, calendar, places.folder, day)
    _write(exposure_rows(shop, campaign, today), places.folder, "exposures", today)
    _write(feedback_rows(shop, events, random, today), places.folder, "feedback", today)
    _write_dimensions(shop, random, calendar, places.folder, day)
    _write_truth(shop, calendar, places.truth, day)
    return written


def _campaign(shop: Shop, random: np.random.Generator, day: int) -> Campaign:
    """One campaign a week, shown to other customers every day."""
    who = shop.customers
    here = np.flatnonzero((who.joins <= day) & (day < who.leaves))
    exposed = here[random.random(len(here)) < _EXPOSED]
    clicked = exposed[random.random(len(exposed)) < who.responds[exposed]]
    categories = len(shop.items.price) // shop.items.per_category
    number = day // 7
    return Campaign(number, category=number * 31 % categories, exposed=exposed, clicked=clicked)


def _in_order(*parts: Events) -> Events:
    names = vars(parts[0])
    both = Events(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in names})
    return both.take(np.argsort(both.at_ms, kind="stable"))


def _write_events(rows: pa.Table, calendar: Calendar, folder: Path, day: int) -> int:
    """One file for the day, and one for each later day that gets some of its rows."""
    after = rows["delivered_after_days"].to_numpy()
    rows = rows.drop_columns(["delivered_after_days"])
    written = 0
    for lag in range(int(after.max(initial=0)) + 1):
        part = rows.filter(pa.array(after == lag))
        if day + lag >= calendar.days or (lag and not part.num_rows):
            continue
        name = f"events/{calendar.date_of(day + lag)}"
        _write(part, folder, name, f"from-{calendar.date_of(day)}")
        written += part.num_rows
    return written


def _write_dimensions(
    shop: Shop, random: np.random.Generator, calendar: Calendar, folder: Path, day: int
) -> None:
    """The whole catalogue on the first day, then the items whose stock was counted."""
    items = np.arange(len(shop.items.price))
    if day:
        items = items[random.random(len(items)) < _COUNTED]
    stock = random.poisson(40.0, len(items))
    today = calendar.date_of(day)
    _write(item_rows(shop, stock, items), folder, "items", today)
    joined = np.flatnonzero(shop.customers.joins == day)
    _write(customer_rows(shop, joined), folder, "customers", today)


def _write_truth(shop: Shop, calendar: Calendar, truth: Path, day: int) -> None:
    """Weekly, counted back from the last day."""
    if (calendar.days - 1 - day) % 7:
        return
    who = shop.customers
    ahead = [calendar.date_of(day + n).weekday() for n in range(1, _CHURN_DAYS + 1)]
    nothing = {
        days: no_purchase_probability(who, day=day, weekdays=ahead[:days])
        for days in (_PURCHASE_DAYS, _CHURN_DAYS)
    }
    known = np.flatnonzero(who.joins <= day)
    rows = truth_rows(shop, known, 1 - nothing[_PURCHASE_DAYS][known], nothing[_CHURN_DAYS][known])
    _write(rows, truth, SOURCE, calendar.date_of(day))


def _write(rows: pa.Table, folder: Path, feed: str, name: object) -> None:
    path = folder / feed / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="zstd", compression_level=1)
