"""The simulated shop's rows, as its export would hold them."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from insight.simulate.dirt import BOT_PREFIX
from insight.simulate.shop import Flags, Floats, Ints, Shop
from insight.simulate.visits import CART, NOBODY, PURCHASE, RETURN, SEARCH, TYPES, Campaign, Events
from insight.simulate.words import category_name, feedback_texts, item_texts, search_texts

_MILLIS = 86_400_000
_EPOCH = date(1970, 1, 1)


def event_rows(shop: Shop, events: Events, random: np.random.Generator, day: date) -> pa.Table:
    """One row per event; ids count within the day."""
    has_item = events.item != NOBODY
    price = np.where(has_item, shop.items.price[events.item], np.nan)
    drawn = np.where(events.kind == PURCHASE, random.random(len(events)), 1.0)
    discounted, has_coupon = drawn < 0.25, drawn < 0.1
    discount = np.where(discounted, np.round(price * events.units * 0.1, 2), np.nan)
    is_ordered = (events.kind == PURCHASE) | (events.kind == RETURN)
    query = search_texts(random, (events.kind == SEARCH).sum(), shop)
    return pa.table(
        {
            "event_id": _numbered(f"e{day:%Y%m%d}-", np.arange(len(events))),
            "event_time_ms": (day - _EPOCH).days * _MILLIS + events.at_ms,
            "event_type": pa.array(TYPES).take(pa.array(events.kind)),
            "user": user_names(shop, events.customer),
            "item": _numbered("i", events.item, events.item != NOBODY),
            "order_id": _numbered(f"o{day:%Y%m%d}-", events.visit, is_ordered),
            "quantity": _where(events.kind >= CART, events.units.astype(np.float64)),
            "price": _where(has_item, price),
            "discount": _where(discounted, discount),
            "coupon": _where(has_coupon, discount),
            "query": _spread(query, events.kind == SEARCH),
            "campaign": _numbered("c", events.campaign, events.campaign != NOBODY),
        }
    )


def user_names(shop: Shop, customer: Ints) -> pa.Array:
    """``u12`` for a customer, ``bot-3`` for a bot, null for a guest."""
    people = len(shop.customers.joins)
    names = _numbered("u", customer, customer != NOBODY)
    return pc.if_else(pa.array(customer >= people), _numbered(BOT_PREFIX, customer - people), names)


def exposure_rows(shop: Shop, campaign: Campaign, day: date) -> pa.Table:
    """One row per customer who was shown the day's campaign, at five in the morning."""
    count = len(campaign.exposed)
    at_ms = (day - _EPOCH).days * _MILLIS + 5 * 3_600_000
    return pa.table(
        {
            "exposure_id": _numbered(f"x{day:%Y%m%d}-", np.arange(count)),
            "exposed_at_ms": np.full(count, at_ms),
            "user": user_names(shop, campaign.exposed),
            "campaign": _texts([f"c{campaign.number}"] * count),
            "channel": pa.array(["email", "social", "banner"]).take(pa.array(np.arange(count) % 3)),
            "category": _texts([category_name(campaign.category)] * count),
        }
    )


def feedback_rows(shop: Shop, events: Events, random: np.random.Generator, day: date) -> pa.Table:
    """Reviews and tickets of the day's buyers, and mentions by nobody the shop knows."""
    bought = np.flatnonzero((events.kind == PURCHASE) & (events.customer != NOBODY))
    writes = bought[random.random(len(bought)) < 0.08]
    count = len(writes)
    kind = random.choice(3, count, p=[0.6, 0.3, 0.1])
    rating = np.where(
        kind == 1, 0, random.choice([1, 2, 3, 4, 5], count, p=[0.1, 0.1, 0.15, 0.3, 0.35])
    )
    orders = _numbered(f"o{day:%Y%m%d}-", events.visit[writes])
    is_mention = kind == 2
    return pa.table(
        {
            "feedback_id": _numbered(f"f{day:%Y%m%d}-", np.arange(count)),
            "created_at_ms": (day - _EPOCH).days * _MILLIS + events.at_ms[writes],
            "kind": pa.array(["review", "ticket", "mention"]).take(pa.array(kind)),
            "user": user_names(shop, np.where(is_mention, NOBODY, events.customer[writes])),
            "item": _numbered("i", events.item[writes]),
            "rating": _where(kind == 0, rating.astype(np.float64)),
            "text": _texts(feedback_texts(random, rating, orders.to_pylist())),
        }
    )


def item_rows(shop: Shop, stock: Ints, items: Ints) -> pa.Table:
    """Items with their texts, prices and stock."""
    per = shop.items.per_category
    titles, texts = item_texts(shop, items)
    return pa.table(
        {
            "item": _numbered("i", items),
            "title": _texts(titles),
            "text": _texts(texts),
            "category": _texts([category_name(number) for number in items // per]),
            "brand": _numbered("brand ", shop.items.brand[items]),
            "price": shop.items.price[items],
            "stock": stock,
        }
    )


def customer_rows(shop: Shop, customers: Ints) -> pa.Table:
    """What customers told of themselves: every third told nothing."""
    told = customers[customers % 3 > 0]
    ages = pa.array(["18-24", "25-34", "35-44", "45-54", "55+"])
    countries = pa.array(["DE", "FR", "GB", "US"])
    return pa.table(
        {
            "user": user_names(shop, told),
            "age_band": ages.take(pa.array(told * 7919 % 5)),
            "gender": pa.array(["f", "m", None]).take(pa.array(told * 104_729 % 3)),
            "country": countries.take(pa.array(told * 15_485_863 % 4)),
        }
    )


def truth_rows(shop: Shop, customers: Ints, purchase: Floats, churn: Floats) -> pa.Table:
    """True probabilities of customers, for evaluation alone."""
    return pa.table(
        {
            "user": user_names(shop, customers),
            "purchase_7d_probability": purchase,
            "churn_30d_probability": churn,
        }
    )


def _texts(values: Sequence[str]) -> pa.Array:
    """Text also where there is none: a day without items still has columns of their types."""
    return pa.array(values, pa.string())


def _numbered(prefix: str, numbers: Ints, present: Flags | None = None) -> pa.Array:
    absent = None if present is None else ~present
    text = pc.cast(pa.array(numbers, mask=absent), pa.string())
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "")


def _where(present: Flags, values: Floats) -> pa.Array:
    return pa.array(values, mask=~present)


def _spread(texts: pa.Array, present: Flags) -> pa.Array:
    """The texts in order where there is one, null elsewhere."""
    position = np.cumsum(present) - 1
    return texts.take(pa.array(position, mask=~present))
