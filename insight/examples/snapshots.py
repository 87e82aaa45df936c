"""Customers as known at past cut-offs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.point_in_time import versions_as_of
from insight.settings import SessionSettings
from insight.snapshots.affinity import per_customer_affinity
from insight.snapshots.customers import per_customer_features, with_last_events_and_description
from insight.snapshots.sequences import per_customer_sequence
from insight.snapshots.visits import per_visit_and_day, to_customer_daily

KEY = ("customer_id", "feature_date")
"""Of a snapshot."""


@dataclass(frozen=True)
class Known:
    """What snapshots are made of.

    Args:
        customer_daily: Daily state.
        events: Clean events.
        items: Versions of descriptions, with ``valid_from``.
        customers: Versions of descriptions, with ``valid_from``.
        exposures: Campaigns shown.
        sessions: What opens a visit.
    """

    customer_daily: DataFrame
    events: DataFrame
    items: DataFrame
    customers: DataFrame
    exposures: DataFrame
    sessions: SessionSettings

    def until(self, day: date) -> "Known":
        """The same without anything that happened after a day.

        Daily state is made anew: a row of a day could hold what came later.
        """
        events = self.events.where(F.col("event_date") <= F.lit(day))
        told = F.col("valid_from") <= F.lit(day)
        return replace(
            self,
            customer_daily=to_customer_daily(per_visit_and_day(events, settings=self.sessions)),
            events=events,
            items=self.items.where(told),
            customers=self.customers.where(told),
            exposures=self.exposures.where(F.col("exposure_date") <= F.lit(day)),
        )

    def sampled(self, *, share: float) -> "Known":
        """A part of the customers, the same on every run."""
        drawn = F.pmod(F.xxhash64("customer_id"), F.lit(10_000)) < round(share * 10_000)
        return self._of_customers(lambda each: each.where(drawn))

    def restricted_to(self, customers: DataFrame) -> "Known":
        """What is known of some customers only, by ``customer_id``."""
        return self._of_customers(
            lambda each: each.join(customers, on="customer_id", how="left_semi")
        )

    def _of_customers(self, some: Callable[[DataFrame], DataFrame]) -> "Known":
        daily, events, exposures = map(some, (self.customer_daily, self.events, self.exposures))
        return replace(self, customer_daily=daily, events=events, exposures=exposures)


def per_customer_snapshot(known: Known, *, as_of: Iterable[date], length: int) -> DataFrame:
    """Columns of customer_features, and ``events``, of every customer at every cut-off."""
    dates = list(as_of)
    features = per_customer_features(known.customer_daily, as_of=dates)
    sequences = per_customer_sequence(known.events, as_of=dates, length=length)
    affinities = per_customer_affinity(sequences, known.items)
    customers = versions_as_of(known.customers, key="customer_id", dates=dates)
    whole = with_last_events_and_description(features, affinities, customers)
    return whole.join(sequences, on=list(KEY), how="inner")
