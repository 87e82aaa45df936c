"""Customers as known at past cut-offs, and the proof that nothing later was looked at."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import LeakageError
from insight.point_in_time import versions_as_of
from insight.settings import SessionSettings
from insight.snapshots.affinity import per_customer_affinity
from insight.snapshots.customers import per_customer_features, with_last_events_and_description
from insight.snapshots.sequences import per_customer_sequence
from insight.snapshots.visits import per_visit_and_day, to_customer_daily

_KEY = ("customer_id", "feature_date")


@dataclass(frozen=True)
class Known:
    """What snapshots are made of.

    Args:
        customer_daily: Daily state.
        events: Clean events.
        items: Versions of descriptions, with ``valid_from``.
        customers: Versions of descriptions, with ``valid_from``.
        sessions: What opens a visit.
    """

    customer_daily: DataFrame
    events: DataFrame
    items: DataFrame
    customers: DataFrame
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
        )

    def sampled(self, *, share: float) -> "Known":
        """A part of the customers, the same on every run."""
        drawn = F.pmod(F.xxhash64("customer_id"), F.lit(10_000)) < round(share * 10_000)
        daily, events = self.customer_daily.where(drawn), self.events.where(drawn)
        return replace(self, customer_daily=daily, events=events)

    def restricted_to(self, customers: DataFrame) -> "Known":
        """What is known of some customers only, by ``customer_id``."""
        daily, events = (
            each.join(customers, on="customer_id", how="left_semi")
            for each in (self.customer_daily, self.events)
        )
        return replace(self, customer_daily=daily, events=events)


def per_customer_snapshot(known: Known, *, as_of: Iterable[date], length: int) -> DataFrame:
    """Columns of customer_features, and ``events``, of every customer at every cut-off."""
    dates = list(as_of)
    features = per_customer_features(known.customer_daily, as_of=dates)
    sequences = per_customer_sequence(known.events, as_of=dates, length=length)
    affinities = per_customer_affinity(sequences, known.items)
    customers = versions_as_of(known.customers, key="customer_id", dates=dates)
    whole = with_last_events_and_description(features, affinities, customers)
    return whole.join(sequences, on=list(_KEY), how="inner")


def refuse_peeking(known: Known, *, as_of: date, length: int) -> None:
    """Make snapshots of one cut-off with and without what came after it: they must be equal.

    Args:
        known: All that is known now.
        as_of: A cut-off with as much after it as there is.
        length: Events per sequence.

    Raises:
        LeakageError: A feature is another once the future is taken away.
    """
    seen = per_customer_snapshot(known, as_of=[as_of], length=length)
    blind = per_customer_snapshot(known.until(as_of), as_of=[as_of], length=length)
    compared = [name for name in seen.columns if name not in _KEY]
    both = seen.alias("seen").join(blind.alias("blind"), on=list(_KEY), how="full_outer")
    differs = [
        F.count_if(~F.col(f"seen.{name}").eqNullSafe(F.col(f"blind.{name}"))).alias(name)
        for name in compared
    ]
    counts = both.agg(*differs).first()
    assert counts is not None
    leaks = {name: count for name, count in counts.asDict().items() if count}
    if leaks:
        named = ", ".join(f"{name} ({count} customers)" for name, count in sorted(leaks.items()))
        raise LeakageError(
            f"customer features at {as_of}",
            found=f"other values once later events are taken away: {named}",
            expected="features that know nothing after their date",
            next_step="bound the feature by feature_date in insight/snapshots; nothing was"
            " published, and no model was trained on it",
        )
