"""What happens in the simulated shop on one day: visits, and the events of each."""

from dataclasses import dataclass

import numpy as np

from insight.simulate.shop import FAVOURITES, Flags, Floats, Ints, Shop, season

TYPES = ("view", "search", "cart", "purchase", "return", "campaign_click")
VIEW, SEARCH, CART, PURCHASE, RETURN, CLICK = range(len(TYPES))

NOBODY = -1
"""A guest, an event without an item, a visit without a campaign."""

DAY_MS = 86_400_000
_STOPS = 0.28
"""Probability that a view is the visit's last."""
_STRAY = 0.2
"""Share of views outside a customer's favourite categories."""
_GUESTS = 0.1
"""Share of visits without a login."""
_SEARCHES = 0.3
"""Share of visits that begin with a search."""
_ABANDONS = 0.15
"""Share of visits without a purchase that leave something in the cart."""
_RETURNS = 0.04
"""Share of purchases sent back."""


def mean_visit_events(conversion: float) -> float:
    """Events of a mean visit, where that share of visits buys."""
    carts = conversion + (1 - conversion) * _ABANDONS
    return 1 / _STOPS + _SEARCHES + carts + conversion * (1 + _RETURNS)


@dataclass(frozen=True)
class Events:
    """Events of one day, one entry each.

    Args:
        at_ms: Milliseconds since midnight UTC.
        kind: Index into TYPES.
        customer: Customer number or NOBODY.
        item: Item number or NOBODY.
        visit: Number of the visit within the day.
        campaign: Campaign number or NOBODY.
        units: Units put in the cart, bought or returned.
    """

    at_ms: Ints
    kind: Ints
    customer: Ints
    item: Ints
    visit: Ints
    campaign: Ints
    units: Ints

    def __len__(self) -> int:
        return len(self.at_ms)

    def take(self, rows: Ints) -> "Events":
        """These rows, in this order."""
        return Events(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True)
class Campaign:
    """One day's campaign and who saw it."""

    number: int
    category: int
    exposed: Ints
    clicked: Ints


def open_for_a_day(
    shop: Shop, random: np.random.Generator, *, day: int, weekday: int, campaign: Campaign
) -> Events:
    """All human events of the visits begun on a day, in order of time; some end after midnight."""
    who = shop.customers
    is_here = (who.joins <= day) & (day < who.leaves)
    rate = who.visit_rate * is_here * season(day, weekday=weekday)
    own = np.repeat(np.arange(len(rate)), random.poisson(rate))
    customer = np.concatenate([own, campaign.clicked])
    is_click = np.arange(len(customer)) >= len(own)
    # A click alone sells nothing: purchases are as likely as the visit rate says, no more.
    buys = (random.random(len(customer)) < who.buys[customer]) & ~is_click
    return _events(shop, random, _Visits(customer, buys, is_click, campaign))


@dataclass(frozen=True)
class _Visits:
    customer: Ints
    buys: Flags
    is_click: Flags
    campaign: Campaign


def _events(shop: Shop, random: np.random.Generator, visits: _Visits) -> Events:
    count = len(visits.customer)
    views = random.geometric(_STOPS, count)
    leaves_cart = ~visits.buys & (random.random(count) < _ABANDONS)
    searches = random.random(count) < _SEARCHES
    steps = (
        (CLICK, visits.is_click.astype(np.int64)),
        (SEARCH, searches.astype(np.int64)),
        (VIEW, views),
        (CART, (visits.buys | leaves_cart).astype(np.int64)),
        (PURCHASE, visits.buys.astype(np.int64)),
        (RETURN, (visits.buys & (random.random(count) < _RETURNS)).astype(np.int64)),
    )
    number = np.concatenate([np.repeat(np.arange(count), times) for _, times in steps])
    kind = np.concatenate([np.full(times.sum(), kind) for kind, times in steps])
    order = np.lexsort((_STEP_RANK[kind], number))
    number, kind = number[order], kind[order]
    item = _items(shop, random, visits, number, kind)
    at_ms = _times(random, number, visits.buys)
    is_guest = (random.random(count) < _GUESTS) & ~visits.buys & ~visits.is_click
    events = Events(
        at_ms=at_ms,
        kind=kind,
        customer=np.where(is_guest, NOBODY, visits.customer)[number],
        item=item,
        visit=number,
        campaign=np.where(visits.is_click, visits.campaign.number, NOBODY)[number],
        units=np.where(kind >= CART, 1 + (random.random(len(kind)) < 0.2), 1),
    )
    return events.take(np.argsort(at_ms, kind="stable"))


_STEP_RANK = np.array([2, 1, 3, 4, 5, 0])
"""Where each of TYPES stands within a visit: a click opens it, a return ends it."""


def _items(
    shop: Shop, random: np.random.Generator, visits: _Visits, number: Ints, kind: Ints
) -> Ints:
    """What each event is about: views wander, the rest is about the item viewed last."""
    per = shop.items.per_category
    categories = len(shop.items.price) // per
    favourite = random.integers(0, FAVOURITES, len(number))
    category = shop.customers.favourites[visits.customer[number], favourite]
    strays = random.random(len(number)) < _STRAY
    category = np.where(strays, random.integers(0, categories, len(number)), category)
    category = np.where(visits.is_click[number], visits.campaign.category, category)
    rank = np.searchsorted(shop.items.popularity, random.random(len(number)))
    item = category * per + np.minimum(rank, per - 1)
    # Carts, purchases and returns follow a view of the same visit.
    last_view = np.maximum.accumulate(np.where(kind == VIEW, np.arange(len(kind)), 0))
    item = np.where(kind >= CART, item[last_view], item)
    return np.where((kind == SEARCH) | (kind == CLICK), NOBODY, item)


def _times(random: np.random.Generator, number: Ints, buys: Flags) -> Ints:
    """A visit begins by day rather than by night, and its events come in bursts.

    It may run past midnight, but for one that buys: the day's true purchase probability would
    be another day's.
    """
    count = len(buys)
    peaks: Floats = np.where(
        random.random(count) < 0.4, random.normal(12.5, 2.0, count), random.normal(19.5, 2.2, count)
    )
    start = ((peaks % 24) * 3_600_000).astype(np.int64)
    # Mostly seconds apart, now and then minutes; never the half-hour that ends a visit.
    gap = np.minimum(random.lognormal(2.6, 1.1, len(number)) * 1000, 1_500_000).astype(np.int64)
    first = np.ones(len(number), bool)
    first[1:] = number[1:] != number[:-1]
    gap[first] = 0
    elapsed = np.cumsum(gap)
    elapsed -= np.maximum.accumulate(np.where(first, elapsed, 0))
    lasts = np.zeros(count, np.int64)
    lasts[number] = elapsed
    latest = np.where(buys, DAY_MS - 1 - lasts, DAY_MS - 1)
    return np.clip(start, 0, latest)[number] + elapsed
