"""The 20 best of 50,000 items for each customer, without what they have seen: beside faiss."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from bench.record import Measure
from insight.encoding.sequences import GAP_COUNT, PRICE_COUNT, TYPE_COUNT
from insight.encoding.tasks import NEXT_ACTIONS, YES_NO_TASKS
from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.blend import ALONE
from insight.models.customer_model import CustomerModel
from insight.models.member import Encoded, Member
from insight.models.predictor import Predictions, Predictor
from insight.models.shape import ModelShape
from insight.models.weights import set_weights, weights_of

ITEMS, CUSTOMERS, WIDTH, SEEN, BEST = 50_000, 4_096, 64, 50, 20
ROUNDS, SEED = 5, 20240101

Lists = np.ndarray


def searching_rates() -> Iterator[Measure]:
    """Customers a CPU-second of either on one thread, the median of some rounds; equal lists."""
    faiss.omp_set_num_threads(1)
    with threadpool_limits(1):
        yield from _searched()


def _searched() -> Iterator[Measure]:
    random = np.random.default_rng(SEED)
    queries = random.normal(size=(CUSTOMERS, WIDTH)).astype(np.float32)
    items = random.normal(size=(ITEMS + FIRST_KNOWN, WIDTH)).astype(np.float32)
    seen = random.integers(FIRST_KNOWN, len(items), (CUSTOMERS, SEEN))
    ours = _product(queries, items, seen)
    theirs = _faiss(queries, items, seen)
    found, expected = ours(), theirs()
    # Sums of another order may swap neighbours: the sets are compared.
    equal = np.mean(np.sort(found, axis=1) == np.sort(expected, axis=1))
    assert equal > 0.999, equal
    rates = {"product": _rate(ours), "faiss": _rate(theirs)}
    note = ", ".join(f"{name} {rate:.0f} customers a CPU-second" for name, rate in rates.items())
    ratio = rates["product"] / rates["faiss"]
    yield Measure("scoring.topk_over_faiss", ratio, "", 1.5, "higher", note)


def _product(queries: np.ndarray, items: np.ndarray, seen: np.ndarray) -> Callable[[], Lists]:
    """A version whose items are these, without anything else to add to their scores."""
    shape = ModelShape(
        len(items), 3, TYPE_COUNT, GAP_COUNT, PRICE_COUNT, 8, SEEN, width=WIDTH, encoder_length=SEEN
    )
    model = CustomerModel(shape, np.zeros(len(items), np.int64))
    weights = weights_of(model)
    table = next(name for name in weights if name.endswith("/items"))
    set_weights(model, {**weights, table: items})
    said = Encoded(
        np.zeros((CUSTOMERS, len(YES_NO_TASKS)), np.float32),
        np.zeros((CUSTOMERS, len(NEXT_ACTIONS)), np.float32),
        queries,
        np.zeros((CUSTOMERS, SEEN), np.float32),
        np.zeros((CUSTOMERS, shape.category_count), np.float32),
    )
    predictions = Predictions({}, said.next_action, (said,), seen, seen)
    predictor = Predictor([Member(model, {}, ALONE)])
    return lambda: predictor.top_items(predictions, BEST, seen=seen)[0]


def _faiss(queries: np.ndarray, items: np.ndarray, seen: np.ndarray) -> Callable[[], Lists]:
    """Enough neighbours that the best are among them when the seen ones are taken out."""
    index = faiss.IndexFlatIP(WIDTH)
    index.add(items[FIRST_KNOWN:])

    def search() -> Lists:
        _, found = index.search(queries, BEST + SEEN)
        found += FIRST_KNOWN
        is_seen = (found[:, :, None] == seen[:, None, :]).any(axis=2)
        kept = np.argsort(is_seen, axis=1, kind="stable")[:, :BEST]
        return np.take_along_axis(found, kept, axis=1)

    return search


def _rate(search: Callable[[], Lists]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        search()
        seconds.append(time.process_time() - began)
    return CUSTOMERS / median(seconds)
