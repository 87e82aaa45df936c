"""Arithmetic on many customers' events sorted by time, in arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from insight.money import group_totals
from insight.tables.events import EVENT_TYPES

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

VIEW, SEARCH, CART, PURCHASE, RETURN, CLICK = range(len(EVENT_TYPES))

_DAY = 86_400_000_000
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Timeline:
    """Events sorted by customer and time; a group is a run of them, named by where it begins.

    Args:
        customers: The customers, sorted into ``customer`` by number.
        customer: Number of each event's customer, shape (events,).
        micros: Microseconds since 1970, as all arrays of shape (events,).
        kind: Position in EVENT_TYPES.
        order_key: Names an order within its customer; 0 where nothing is bought.
        units: Thousandths of units bought.
        amount: Millionths of the currency.
        discount: Millionths of the currency.
        coupon: Of the discount, what a coupon gave.
        campaign: Campaign number of a click, -1 elsewhere.
        campaigns: Their names by number.
        opens: Whether an event opens a visit.
    """

    customers: pa.Array
    customer: Ints
    micros: Ints
    kind: Ints
    order_key: Ints
    units: Ints
    amount: Ints
    discount: Ints
    coupon: Ints
    campaign: Ints
    campaigns: Sequence[str]
    opens: Flags

    @classmethod
    def of(
        cls, rows: pa.Table, *, gap_minutes: int, split_at_midnight: bool, split_at_campaign: bool
    ) -> "Timeline":
        """From unsorted rows, one per event of a known customer.

        A silence longer than the gap opens a new visit; one exactly as long does not.
        """
        names = rows["customer_id"].combine_chunks().dictionary_encode()
        customer = np.asarray(names.indices, dtype=np.int64)
        columns = {name: np.asarray(rows[name], dtype=np.int64) for name in _INTEGERS}
        campaigns, campaign = _numbered(rows["campaign_id"])
        # A click comes before what it brings; between others of one moment nothing differs.
        order = np.lexsort((campaign, columns["kind"] != CLICK, columns["micros"], customer))
        sorted_ = {name: values[order] for name, values in columns.items()}
        customer, campaign = customer[order], campaign[order]
        opens = _changes(customer)
        opens[1:] |= np.diff(sorted_["micros"]) > gap_minutes * 60_000_000
        if split_at_midnight:
            opens |= _changes(sorted_["micros"] // _DAY)
        if split_at_campaign:
            opens |= _other_campaign(campaign, opens)
        return cls(
            customers=names.dictionary,
            customer=customer,
            **sorted_,
            campaign=campaign,
            campaigns=campaigns,
            opens=opens,
        )

    def side_by_side(self) -> pa.RecordBatch:
        """Visits and days as two columns of structs, the shorter one filled up with nulls."""
        columns = [_structs(self.visits()), _structs(self.days())]
        length = max(len(column) for column in columns)
        filled = [
            pa.concat_arrays([column, pa.nulls(length - len(column), column.type)])
            for column in columns
        ]
        return pa.RecordBatch.from_arrays(filled, names=["visit", "day"])

    def visits(self) -> dict[str, pa.Array]:
        """The fields of a visit, one entry each."""
        begins = self._visits
        ends = np.append(begins[1:], len(self.micros)) - 1
        started, ended = self.micros[begins], self.micros[ends]
        clicks = self._first(CLICK, np.arange(len(self.micros)), begins)
        clicked = clicks != _NEVER
        campaign = self.campaign[np.where(clicked, clicks, 0)]
        named = np.asarray(self.campaigns, dtype=object)[np.where(clicked, campaign, 0)]
        return {
            "customer_id": self.customers.take(pa.array(self.customer[begins])),
            "started_at": _timestamps(started),
            "ended_at": _timestamps(ended),
            "duration_seconds": pa.array(ended // 1_000_000 - started // 1_000_000),
            "event_count": pa.array(ends - begins + 1),
            **{f"{name}_count": pa.array(self._count(kind, begins)) for name, kind in _COUNTED},
            "amount": pa.array(self._sum(self.amount, PURCHASE, begins)),
            "campaign_id": pa.array(named, pa.string(), mask=~clicked),
            **{
                f"seconds_to_{name}": self._seconds_to(kind, begins)
                for name, kind in (("view", VIEW), ("cart", CART), ("purchase", PURCHASE))
            },
        }

    def days(self) -> dict[str, pa.Array]:
        """The fields of a customer's day with events, one entry each."""
        begins = self._days
        ends = np.append(begins[1:], len(self.micros))
        bought = self.kind == PURCHASE
        hour = self.micros % _DAY // 3_600_000_000
        quarters = {name: self._total(hour // 6 == n, begins) for n, name in enumerate(_QUARTERS)}
        counts = {f"{name}_count": self._count(kind, begins) for name, kind in _DAILY_COUNTED}
        numbers = {
            "event_count": ends - begins,
            **counts,
            "discounted_count": self._total(bought & (self.discount > 0), begins),
            "coupon_count": self._total(bought & (self.coupon > 0), begins),
            "order_count": self._total(self._opens_order, begins),
            "session_count": self._total(self.opens, begins),
            **self._carts(begins),
            **quarters,
            "unit_thousandths": self._sum(self.units, PURCHASE, begins),
            "amount": self._sum(self.amount, PURCHASE, begins),
            "discount": self._sum(self.discount, PURCHASE, begins),
            "returned_amount": self._sum(self.amount, RETURN, begins),
        }
        days = (self.micros[begins] // _DAY).astype(np.int32)
        return {
            "customer_id": self.customers.take(pa.array(self.customer[begins])),
            **{name: pa.array(values) for name, values in numbers.items()},
            "last_event_at": _timestamps(self.micros[ends - 1]),
            "event_date": pa.array(days).cast(pa.date32()),
        }

    @cached_property
    def _visits(self) -> Ints:
        return np.flatnonzero(self.opens)

    @cached_property
    def _day_begins(self) -> Flags:
        return _changes(self.customer) | _changes(self.micros // _DAY)

    @cached_property
    def _days(self) -> Ints:
        return np.flatnonzero(self._day_begins)

    @cached_property
    def _opens_order(self) -> Flags:
        """Whether an event is the first line of an order on its customer's day."""
        lines = np.flatnonzero(self.kind == PURCHASE)
        day = np.searchsorted(self._days, lines, side="right")
        order = np.lexsort((lines, self.order_key[lines], day))
        is_first = _changes(day[order]) | _changes(self.order_key[lines][order])
        opens = np.zeros(len(self.kind), bool)
        opens[lines[order][is_first]] = True
        return opens

    def _carts(self, begins: Ints) -> dict[str, Ints]:
        """Each day's parts of visits with a cart, and those without a purchase.

        A visit is looked at until midnight only: what it comes to on the day after is not known
        when the day's features are made, and must not change them.
        """
        parts = np.flatnonzero(self.opens | self._day_begins)
        carted = self._count(CART, parts) > 0
        left = carted & (self._count(PURCHASE, parts) == 0)
        day = np.searchsorted(begins, parts, side="right") - 1
        marks = {"cart_session_count": carted, "abandoned_cart_count": left}
        return {
            name: np.bincount(day, weights=mark, minlength=len(begins)).astype(np.int64)
            for name, mark in marks.items()
        }

    def _total(self, values: Ints | Flags, begins: Ints) -> Ints:
        if not len(begins):
            return np.zeros(0, np.int64)
        return np.add.reduceat(values, begins, dtype=np.int64)

    def _count(self, kind: int, begins: Ints) -> Ints:
        return self._total(self.kind == kind, begins)

    def _sum(self, values: Ints, kind: int, begins: Ints) -> Ints:
        return group_totals(np.where(self.kind == kind, values, 0), begins)

    def _first(self, kind: int, values: Ints, begins: Ints) -> Ints:
        """The least value of a kind of event in each group; ``_NEVER`` without one."""
        return np.minimum.reduceat(np.where(self.kind == kind, values, _NEVER), begins)

    def _seconds_to(self, kind: int, begins: Ints) -> pa.Array:
        first = self._first(kind, self.micros, begins)
        seconds = first // 1_000_000 - self.micros[begins] // 1_000_000
        return pa.array(seconds, mask=first == _NEVER)


_INTEGERS = ("micros", "kind", "order_key", "units", "amount", "discount", "coupon")
_COUNTED = (("view", VIEW), ("search", SEARCH), ("cart", CART), ("purchase", PURCHASE))
_DAILY_COUNTED = (*_COUNTED, ("return", RETURN), ("campaign_click", CLICK))
_QUARTERS = ("night_count", "morning_count", "afternoon_count")


def _changes(values: Ints) -> Flags:
    """Whether each value differs from the one before; the first one does."""
    changes = np.ones(len(values), bool)
    changes[1:] = values[1:] != values[:-1]
    return changes


def _numbered(names: pa.ChunkedArray) -> tuple[list[str], Ints]:
    """Names in order, and each entry's number among them; -1 for null."""
    known = sorted(set(names.drop_null().unique().to_pylist()))
    if not known:
        return [""], np.full(len(names), -1)
    positions = pa.compute.index_in(names, value_set=pa.array(known))
    return known, np.asarray(positions.fill_null(-1), dtype=np.int64)


def _other_campaign(campaign: Ints, opens: Flags) -> Flags:
    """Clicks on another campaign than the visit's last click; the first click of one, too."""
    places = np.arange(len(campaign))
    is_click = campaign >= 0
    last_click = np.maximum.accumulate(np.where(is_click, places, -1))
    before = np.concatenate([[-1], last_click[:-1]])[: len(campaign)]
    visit_begins = np.maximum.accumulate(np.where(opens, places, 0))
    same = (before >= visit_begins) & (campaign[np.maximum(before, 0)] == campaign)
    other: Flags = is_click & ~same
    return other


def _timestamps(micros: Ints) -> pa.Array:
    return pa.array(micros).cast(pa.timestamp("us", tz="UTC"))


def _structs(fields: dict[str, pa.Array]) -> pa.StructArray:
    return pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
