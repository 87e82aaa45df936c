"""Examples of campaigns: who was shown one, as known the day before, and whether they answered."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.examples.labels import with_campaign_labels
from insight.examples.snapshots import Known, per_customer_snapshot
from insight.examples.windows import split_campaigns
from insight.settings import ExampleSettings
from insight.snapshots.campaigns import per_showing, with_campaign_context


def split_showings(
    showings: DataFrame, settings: ExampleSettings, *, run_date: date
) -> dict[date, str]:
    """The cut-offs at which campaigns are asked about, and their split."""
    # A row per day of history at most.
    counts = showings.groupBy("feature_date").count().collect()
    shown = {row["feature_date"]: row["count"] for row in counts}
    return split_campaigns(settings, run_date=run_date, shown=shown)


def per_campaign_example(
    known: Known, showings: DataFrame, *, split_of: Mapping[date, str], length: int
) -> DataFrame:
    """Labelled snapshots, one per customer and campaign shown on the day after a cut-off.

    Args:
        known: What snapshots are made of.
        showings: From ``showings_of``.
        split_of: The cut-offs.
        length: Events per sequence.
    """
    at_cutoffs = showings.where(F.col("feature_date").isin(list(split_of)))
    asked = with_campaign_context(at_cutoffs, showings)
    shown = known.restricted_to(at_cutoffs.select("customer_id").distinct())
    return with_campaign_labels(per_customer_snapshot(shown, as_of=split_of, length=length), asked)


def showings_of(known: Known, settings: ExampleSettings) -> DataFrame:
    """Every campaign shown to a customer, and when it was answered."""
    return per_showing(known.exposures, known.events, answer_days=settings.campaign_days)
