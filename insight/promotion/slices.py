"""Parts of the test rows that a mean over all may hide.

New and returning customers, big spenders, customers without an event about an item, countries.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.encoding.features import FeatureStatistics
from insight.encoding.tasks import YES_NO_TASKS
from insight.encoding.vocabulary import PADDING
from insight.metrics.arrays import Booleans
from insight.point_in_time import keep_as_of
from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.measurements import Measurement, Ring

SLICE_COLUMNS = ("active_days", "spent", "item_events", "country")
METRICS = frozenset({"auc", "log_loss", "ece", "ndcg10", "hr10"})

_NEW_DAYS = 1
"""Who was active on no more days than that is new."""
_BIG_SHARE = 0.1
_COUNTRIES = 5
_FEWEST = 20
"""Rows of each answer that a slice needs to be judged."""


def with_slice_columns(
    examples: DataFrame, statistics: FeatureStatistics, customers: DataFrame, *, as_of: date
) -> DataFrame:
    """Adds days of activity, what was spent in the last year, length of sequence, and country.

    Args:
        examples: With ``customer_id``, ``features`` and ``item_indices``.
        statistics: Which feature stands where, and how it was scaled.
        customers: Descriptions of customers.
        as_of: Whose country is not known by then has none.
    """
    described = keep_as_of(customers, key="customer_id", as_of=as_of)
    countries = described.select("customer_id", F.coalesce("country", F.lit("")).alias("country"))
    joined = examples.join(countries, on="customer_id", how="left")
    return (
        joined.withColumn("active_days", _as_it_was("active_days_365d", statistics))
        .withColumn("spent", _as_it_was("amount_365d", statistics))
        .withColumn("item_events", F.size(F.filter("item_indices", lambda item: item != PADDING)))
        .fillna("", subset=["country"])
    )


def slices_of(rows: pd.DataFrame) -> dict[str, Booleans]:
    """Each slice by name, as a mask of shape (rows,), from ``SLICE_COLUMNS``."""
    is_new = rows["active_days"].to_numpy() < _NEW_DAYS + 0.5
    spent = rows["spent"].to_numpy()
    is_big = (spent >= np.quantile(spent, 1 - _BIG_SHARE)) & (spent > 0)
    countries = rows.loc[rows["country"] != "", "country"].value_counts()
    named = {
        f"country {name}": (rows["country"] == name).to_numpy()
        for name in countries.index[:_COUNTRIES]
    }
    # They have only searched, or clicked on a campaign: the model knows them by features alone.
    without_items = rows["item_events"].to_numpy() == 0
    return {
        "new": is_new,
        "returning": ~is_new,
        "big_spenders": is_big,
        "without_item_events": without_items,
        **named,
    }


def measure_slices(ring: Ring, contender: Contender) -> Iterator[Measurement]:
    """The main metrics of one contender on every slice that has enough rows."""
    for name, mask in ring.labels.slices.items():
        part = Ring(_judgeable(ring.labels.within(mask)), ring.rounds, ring.seed)
        for found in part.measure(contender.within(mask)):
            if found.metric in METRICS:
                yield replace(found, slice=name)


def _judgeable(labels: TestLabels) -> TestLabels:
    """Without the labels of tasks that have too few of either answer."""
    labelled = dict(labels.labelled)
    for task, has_label in labels.labelled.items():
        counts = [int(has_label.sum())]
        if task in YES_NO_TASKS:
            yes = int(labels.happened[task][has_label].sum())
            counts = [yes, int(has_label.sum()) - yes]
        if min(counts) < _FEWEST:
            labelled[task] = np.zeros_like(has_label)
    return replace(labels, labelled=labelled)


def _as_it_was(feature: str, statistics: FeatureStatistics) -> Column:
    """A feature without its scale and its log."""
    place = statistics.names.index(feature)
    value = F.element_at("features", place + 1).cast("double")
    unscaled = value * statistics.scale[place] + statistics.mean[place]
    return F.expm1(unscaled) if statistics.transforms[place] == "log1p" else unscaled
