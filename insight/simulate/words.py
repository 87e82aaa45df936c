"""The simulated shop's language: names, descriptions, searches, and what customers write."""

import numpy as np
import pyarrow as pa

from insight.simulate.shop import Ints, Shop

_MAKES = ("oak", "steel", "linen", "glass", "wool", "cotton", "clay", "paper", "cork", "brass")
_LOOKS = ("small", "large", "round", "striped", "plain", "bright", "soft", "heavy", "folding")
_THINGS = ("lamp", "shirt", "kettle", "chair", "basket", "blanket", "notebook", "mirror", "bowl")
_PLACES = ("kitchen", "garden", "bedroom", "office", "hall", "bath", "nursery", "workshop")

_REVIEWS = {
    1: "Broke after a week. The {thing} is not worth its price.",
    2: "The {thing} looks nice, but came late and scratched.",
    3: "It is a {thing}. Does what it should.",
    4: "Good {thing}, I would buy it again.",
    5: "Lovely {thing}! Exactly as described, and fast delivery.",
}
_TICKETS = (
    "Where is my order {order}? It was due days ago.",
    "How do I send back the {thing} from order {order}?",
    "The {thing} arrived damaged. Can I have a new one?",
    "I was charged twice for order {order}.",
    "Does the {thing} come in another colour?",
)


def category_name(number: int) -> str:
    """``kitchen lamps``, with a number once the names run out."""
    place, thing = _PLACES[number % len(_PLACES)], _THINGS[number // len(_PLACES) % len(_THINGS)]
    again = number // (len(_PLACES) * len(_THINGS))
    return f"{place} {thing}s" + (f" {again + 1}" if again else "")


def item_texts(shop: Shop, items: Ints) -> tuple[list[str], list[str]]:
    """Titles and descriptions: words that an item shares with others of its kind."""
    titles, texts = [], []
    for item in items.tolist():
        category = category_name(item // shop.items.per_category)
        place, thing = category.split(" ")[:2]
        make, look = _MAKES[item * 7 % len(_MAKES)], _LOOKS[item * 11 % len(_LOOKS)]
        titles.append(f"{look} {make} {thing.removesuffix('s')}")
        texts.append(f"A {look} {thing.removesuffix('s')} of {make} for the {place}.")
    return titles, texts


def search_texts(random: np.random.Generator, count: int, shop: Shop) -> pa.Array:
    """What people type: a kind of item, with or without what it is made of."""
    categories = len(shop.items.price) // shop.items.per_category
    kinds = [category_name(number) for number in range(categories)]
    texts = pa.array([*kinds, *(f"{make} {kind}" for kind in kinds for make in _MAKES[:3])])
    return texts.take(pa.array(random.integers(0, len(texts), count)))


def feedback_texts(random: np.random.Generator, ratings: Ints, orders: list[str]) -> list[str]:
    """A review where there is a rating, a ticket where it is 0."""
    things = random.choice(_THINGS, len(ratings)).tolist()
    topics = random.integers(0, len(_TICKETS), len(ratings)).tolist()
    texts = []
    for rating, thing, topic, order in zip(ratings.tolist(), things, topics, orders, strict=True):
        template = _REVIEWS[rating] if rating else _TICKETS[topic]
        texts.append(template.format(thing=thing, order=order))
    return texts
