"""What real deliveries have besides people's events: bots, repeats, late and broken rows."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from insight.settings import SimulateSettings
from insight.simulate.shop import Ints, Shop
from insight.simulate.visits import DAY_MS, NOBODY, VIEW, Events

BOT_PREFIX = "bot-"


def bot_events(
    shop: Shop, random: np.random.Generator, settings: SimulateSettings, *, human: int
) -> Events:
    """Regular as clockwork, day and night, through the whole catalogue.

    A bot's customer number is above those of people.

    Args:
        shop: Whose items they look at.
        random: This day's.
        settings: How many bots, and their share of all events.
        human: Number of people's events that day.
    """
    share = settings.bot_share
    count = int(human * share / (1 - share)) if settings.bots else 0
    bot = np.arange(count) % max(settings.bots, 1)
    step = DAY_MS / max(count // max(settings.bots, 1), 1)
    at_ms = np.minimum((np.arange(count) // max(settings.bots, 1)) * step, DAY_MS - 1)
    return Events(
        at_ms=at_ms.astype(np.int64),
        kind=np.full(count, VIEW),
        customer=bot + len(shop.customers.joins),
        item=random.integers(0, len(shop.items.price), count),
        visit=np.full(count, NOBODY),
        campaign=np.full(count, NOBODY),
        units=np.ones(count, np.int64),
    )


def with_repeats(
    table: pa.Table, random: np.random.Generator, settings: SimulateSettings
) -> pa.Table:
    """Adds rows delivered twice, and near repeats: another id, some milliseconds later."""
    again = _drawn(random, table.num_rows, settings.duplicate_share)
    near = _drawn(random, table.num_rows, settings.near_duplicate_share)
    twins = table.take(near)
    later = pc.add(twins["event_time_ms"], pa.array(random.integers(1, 900, len(near))))
    ids = pc.binary_join_element_wise(twins["event_id"], pa.scalar("n"), "-")
    twins = _replaced(_replaced(twins, "event_time_ms", later), "event_id", ids)
    return pa.concat_tables([table, table.take(again), twins])


def with_broken_rows(
    table: pa.Table, random: np.random.Generator, settings: SimulateSettings
) -> pa.Table:
    """Breaks a share of the rows about an item, each in one of the ways of ``BREAKS`` in turn."""
    about_items = np.flatnonzero(table["item"].is_valid())
    rows = about_items[_drawn(random, len(about_items), settings.broken_share)]
    way = np.full(table.num_rows, -1)
    way[rows] = np.arange(len(rows)) % len(BREAKS)
    for number, (column, broken) in enumerate(BREAKS.values()):
        hit = pa.array(way == number)
        table = _replaced(table, column, pc.if_else(hit, broken(table[column]), table[column]))
    return table


def lags(random: np.random.Generator, rows: int, settings: SimulateSettings) -> Ints:
    """Days from an event to its delivery: mostly 0, else 1 and more, seldom beyond a week."""
    is_late = random.random(rows) < settings.late_share
    days = np.minimum(random.geometric(0.5, rows), settings.late_days_at_most)
    return np.where(is_late, days, 0)


def _constant(value: object) -> Callable[[pa.ChunkedArray], pa.Scalar]:
    return lambda column: pa.scalar(value, column.type)


BREAKS: dict[str, tuple[str, Callable[[pa.ChunkedArray], object]]] = {
    "seconds for milliseconds": ("event_time_ms", lambda column: pc.divide(column, 1000)),
    "in 1970": ("event_time_ms", _constant(12_345)),
    "in the future": ("event_time_ms", lambda column: pc.add(column, 400 * DAY_MS)),
    "no time": ("event_time_ms", _constant(None)),
    "no item": ("item", _constant(None)),
    "unknown type": ("event_type", _constant("hover")),
    "negative price": ("price", pc.negate),
    "absurd price": ("price", _constant(1e308)),
    "no units": ("quantity", _constant(0.0)),
    "control characters": ("item", _constant("i-\x00\x07")),
}
"""Name of the fault to the column it breaks and what becomes of it."""


def _drawn(random: np.random.Generator, rows: int, share: float) -> Ints:
    """Row numbers, each at most once, in order."""
    return np.sort(random.choice(rows, int(rows * share), replace=False))


def _replaced(table: pa.Table, name: str, values: object) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)
