"""Customers as known at past cut-offs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.examples.daily_state import days_as_known, holds
from insight.point_in_time import EVER, versions_as_of
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
        customer_daily: Daily state, with ``known_from``: the date from which a row is whole.
        events: Clean events, with ``known_on``: the date from which each counts.
        items: Versions of descriptions, with ``valid_from``.
        customers: Versions of descriptions, with ``valid_from``.
        exposures: Campaigns shown, with ``known_on``.
        sessions: What opens a visit.
        late_dates: Event dates with late events, and the date from which they are whole.
    """

    customer_daily: DataFrame
    events: DataFrame
    items: DataFrame
    customers: DataFrame
    exposures: DataFrame
    sessions: SessionSettings
    late_dates: Mapping[date, date] = field(default_factory=dict)

    def until(self, day: date) -> "Known":
        """The same without anything that happened, or was delivered, after a day.

        Daily state is made anew: a row of a day could hold what came later.
        """
        events = self.events.where(_until("event_date", day))
        told = F.col("valid_from") <= F.lit(day)
        days = to_customer_daily(per_visit_and_day(events, settings=self.sessions))
        return replace(
            self,
            customer_daily=days.withColumn("known_from", F.lit(EVER)),
            events=events,
            items=self.items.where(told),
            customers=self.customers.where(told),
            exposures=self.exposures.where(_until("exposure_date", day)),
            late_dates={},
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
    """Columns of customer_features, and ``events``, of every customer at every cut-off.

    As in scoring, a customer without any event about an item has features and no ``events``.
    """
    dates = list(as_of)
    days = days_as_known(
        known.customer_daily,
        known.events,
        late_dates=known.late_dates,
        as_of=dates,
        sessions=known.sessions,
    )
    features = per_customer_features(days, as_of=dates, holds=holds())
    sequences = per_customer_sequence(known.events, as_of=dates, length=length, known_on="known_on")
    affinities = per_customer_affinity(sequences, known.items)
    customers = versions_as_of(known.customers, key="customer_id", dates=dates)
    whole = with_last_events_and_description(features, affinities, customers)
    return whole.join(sequences, on=list(KEY), how="left")


def _until(happened: str, day: date) -> Column:
    """Whether a row had happened and was known at the end of a day."""
    return (F.col(happened) <= F.lit(day)) & (F.col("known_on") <= F.lit(day))
