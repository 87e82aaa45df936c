"""The proof that nothing later was looked at: what is known is made again without the future."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import LeakageError
from insight.examples.campaigns import showings_of
from insight.examples.snapshots import KEY, Known, per_customer_snapshot
from insight.logs import logger
from insight.settings import ExampleSettings
from insight.snapshots.campaigns import with_campaign_context

log = logger(__name__)


def refuse_peeking(known: Known, *, as_of: date, length: int) -> None:
    """Make snapshots of one cut-off with and without what came after it: they must be equal.

    What came after it is what happened later, and what was delivered later.

    Args:
        known: All that is known now.
        as_of: A cut-off with as much after it as there is.
        length: Events per sequence.

    Raises:
        LeakageError: A feature is another once the future is taken away.
    """
    seen = per_customer_snapshot(known, as_of=[as_of], length=length)
    blind = per_customer_snapshot(known.until(as_of), as_of=[as_of], length=length)
    _refuse_difference(f"customer features at {as_of}", seen, blind, key=KEY)


def refuse_peeking_at_campaigns(
    known: Known, settings: ExampleSettings, *, cutoffs: Iterable[date]
) -> None:
    """The same for campaigns shown on the day after a cut-off: the one that most were shown after.

    Args:
        known: All that is known now.
        settings: Days in which a campaign is answered.
        cutoffs: Days after which campaigns are asked about.

    Raises:
        LeakageError: A campaign is another, or what is known of it, without the future.
    """
    showings = showings_of(known, settings)
    asked = showings.where(F.col("feature_date").isin(list(cutoffs)))
    counted = asked.groupBy("feature_date").count()
    busiest = counted.orderBy(F.desc("count"), F.desc("feature_date")).first()
    if busiest is None:
        log.warning("no campaign was shown to the customers drawn: none is made again")
        return
    as_of = busiest["feature_date"]
    at_cutoff, told = F.col("feature_date") == F.lit(as_of), ("kind", "feature_date")
    # What is shown is known on the day it is shown, all else on the day before. A showing that
    # was delivered later is asked about, but nothing of that day tells of it.
    next_day = as_of + timedelta(days=1)
    shown = showings_of(known.until(next_day), settings)
    key = ("customer_id", "campaign_id")
    on_time = asked.where(at_cutoff & (F.col("known_on") <= F.lit(next_day)))
    seen = with_campaign_context(on_time.select(*key, *told), showings)
    before = showings_of(known.until(as_of), settings)
    blind = with_campaign_context(shown.where(at_cutoff).select(*key, *told), before)
    _refuse_difference(f"campaigns shown after {as_of}", seen, blind, key=key)


def _refuse_difference(
    subject: str, seen: DataFrame, blind: DataFrame, *, key: Sequence[str]
) -> None:
    compared = [name for name in seen.columns if name not in key]
    both = seen.alias("seen").join(blind.alias("blind"), on=list(key), how="full_outer")
    differs = [
        F.count_if(~F.col(f"seen.{name}").eqNullSafe(F.col(f"blind.{name}"))).alias(name)
        for name in compared
    ]
    counts = both.agg(*differs).first()
    assert counts is not None
    leaks = {name: count for name, count in counts.asDict().items() if count}
    if leaks:
        named = ", ".join(f"{name} ({count} rows)" for name, count in sorted(leaks.items()))
        raise LeakageError(
            subject,
            found=f"other values once later events are taken away: {named}",
            expected="features that know nothing after their date",
            next_step="bound the feature by feature_date and known_on in insight/snapshots and "
            "insight/examples; nothing was published, and no model was trained on it",
        )
