"""The proof that nothing later was looked at: what is known is made again without the future."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import LeakageError
from insight.examples.campaigns import showings_of
from insight.examples.snapshots import KEY, Known, per_customer_snapshot
from insight.settings import ExampleSettings
from insight.snapshots.campaigns import with_campaign_context


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
    _refuse_difference(f"customer features at {as_of}", seen, blind, key=KEY)


def refuse_peeking_at_campaigns(known: Known, settings: ExampleSettings, *, as_of: date) -> None:
    """The same for what is known of the campaigns that are shown on the day after a cut-off.

    Args:
        known: All that is known now.
        settings: Days in which a campaign is answered.
        as_of: A cut-off with campaigns before and after it.

    Raises:
        LeakageError: A number is another once the future is taken away.
    """
    told = ("customer_id", "campaign_id", "feature_date", "kind")
    showings = showings_of(known, settings)
    asked = showings.where(F.col("feature_date") == F.lit(as_of)).select(*told)
    seen = with_campaign_context(asked, showings)
    blind = with_campaign_context(asked, showings_of(known.until(as_of), settings))
    _refuse_difference(f"campaigns shown after {as_of}", seen, blind, key=told)


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
        named = ", ".join(f"{name} ({count} customers)" for name, count in sorted(leaks.items()))
        raise LeakageError(
            subject,
            found=f"other values once later events are taken away: {named}",
            expected="features that know nothing after their date",
            next_step="bound the feature by feature_date in insight/snapshots; nothing was"
            " published, and no model was trained on it",
        )
