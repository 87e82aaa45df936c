"""The gate's operating curve: how often it replaces a champion, by the true difference.

Champion and challenger are simulated (bench/gate/shop.py); what compares them and decides is
the gate of every night. Baselines count as beaten.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain

from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from bench.gate.curve import (
    FORMER,
    RULES,
    WEEKLY,
    Night,
    Series,
    promoted_by,
    replaced_by,
    share_of,
)
from bench.gate.shop import CUSTOMERS
from bench.record import Measure, write
from insight.settings import PromotionSettings

DIFFERENCES = (-0.01, -0.005, -0.003, -0.001, 0.0, 0.001, 0.003, 0.005, 0.01)
SERIES_NIGHTS = 60
SERIES = (
    (WEEKLY, "all", 0.0),
    (WEEKLY, "all", 0.003),
    (WEEKLY, "all", 0.01),
    (WEEKLY, "two", -0.003),
    (1, "all", 0.0),
)
"""Days between attempts, pattern and true difference of every challenger."""
SMALL = 300
"""Customers of a small shop."""
SMALL_SHOPS = (
    (1.0, WEEKLY, 0.0),
    (1.0, WEEKLY, 0.01),
    (3.0, WEEKLY, 0.0),
    (3.0, WEEKLY, 0.01),
    (3.0, 30, 0.01),
    (3.0, WEEKLY, 0.02),
)
"""Factor on the margins, days between attempts and true difference."""
PROCESSES = 2
LEVEL = PromotionSettings().level

Outcome = dict[str, bool]


def main() -> int:
    """Simulate the nights, print the shares, keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nights", type=int, default=100, help="of each point of the curve")
    parser.add_argument("--series", type=int, default=50, help="of 60 nights each")
    parser.add_argument("--rounds", type=int, default=100, help="of the bootstrap")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    given = parser.parse_args()
    measures = []
    # One thread per process: threads of BLAS that wait for a core cost five times the work.
    with ProcessPoolExecutor(PROCESSES, initializer=threadpool_limits, initargs=(1,)) as pool:
        for found in chain(_curve(pool, given), _small(pool, given), _series(pool, given)):
            print(f"{found.name}: {found.value:.3f} ({found.note})", flush=True)
            measures.append(found)
    first = Night("all", 0.0, seed=0, rounds=given.rounds)
    settings: dict[str, object] = {
        name: policy.model_dump(mode="json") for name, policy in first.policies.items()
    }
    settings["attempts_that_share_data"] = first.attempts
    print(write("gate", measures, chosen={**vars(given), **settings}))
    return 0


def _curve(pool: ProcessPoolExecutor, given: argparse.Namespace) -> Iterator[Measure]:
    points = [("all", each) for each in DIFFERENCES]
    points += [("purchase", each) for each in DIFFERENCES if each]
    for pattern, difference in [*points, ("two", -0.003)]:
        count = given.nights * (3 if difference == 0 else 1)
        make = partial(Night, pattern, difference, rounds=given.rounds, customers=given.customers)
        nights = [make(seed=seed) for seed in range(count)]
        outcomes = list(pool.map(promoted_by, nights, chunksize=10))
        for rule in RULES:
            name = f"gate.{rule}.{pattern}.{difference:+.3f}"
            yield _measured(name, outcomes, rule, _target(rule, pattern, difference))


def _small(pool: ProcessPoolExecutor, given: argparse.Namespace) -> Iterator[Measure]:
    for margins, every_days, difference in SMALL_SHOPS:
        make = partial(
            Night,
            "all",
            difference,
            rounds=given.rounds,
            customers=SMALL,
            every_days=every_days,
            margins=margins,
        )
        nights = [make(seed=seed) for seed in range(2 * given.nights)]
        outcomes = list(pool.map(promoted_by, nights, chunksize=10))
        for rule in RULES:
            name = f"gate.{rule}.{SMALL}_customers.margins_{margins:g}.every_{every_days}"
            yield _measured(f"{name}.{difference:+.3f}", outcomes, rule, None)


def _series(pool: ProcessPoolExecutor, given: argparse.Namespace) -> Iterator[Measure]:
    for every_days, pattern, difference in SERIES:
        # Sixty attempts take as long as seven series of eight.
        count = given.series if every_days == WEEKLY else max(1, given.series // 6)
        make = partial(
            Night,
            pattern,
            difference,
            rounds=given.rounds,
            customers=given.customers,
            every_days=every_days,
        )
        many = [Series(make(seed=seed), SERIES_NIGHTS) for seed in range(count)]
        outcomes = list(pool.map(replaced_by, many, chunksize=1))
        for rule in RULES:
            name = f"gate.{rule}.series_every_{every_days}.{pattern}.{difference:+.3f}"
            target = (LEVEL, "lower") if rule == "better" and difference <= 0 else None
            yield _measured(name, outcomes, rule, target)


def _target(rule: str, pattern: str, difference: float) -> tuple[float, str] | None:
    """The share that a rule should stay below, or reach."""
    if rule == FORMER:
        return None
    if difference == -0.01 or (rule == "better" and difference <= 0):
        return LEVEL, "lower"
    if pattern == "all" and difference == 0.01:
        return 0.9, "higher"
    return None


def _measured(
    name: str, outcomes: Sequence[Outcome], rule: str, target: tuple[float, str] | None
) -> Measure:
    share = share_of(outcomes, rule)
    test = binomtest(round(share * len(outcomes)), len(outcomes))
    low, high = test.proportion_ci(0.95, method="wilson")
    note = f"95 % {low:.3f} to {high:.3f}, {len(outcomes)} runs"
    bound, better = target or (None, "lower")
    return Measure(name, share, "share", target=bound, better=better, note=note)


if __name__ == "__main__":
    sys.exit(main())
