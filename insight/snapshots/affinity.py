"""What kinds of items a customer keeps to, from the last events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

AFFINITIES = ("category", "brand")

_VERSIONS = pa.schema(
    [("item_id", pa.string()), ("valid_from", pa.date32())]
    + [(name, pa.string()) for name in AFFINITIES]
)

_COLUMNS = ", ".join(
    f"top_{name} string, {name}_share double, {name}_entropy double" for name in AFFINITIES
)


def per_customer_affinity(sequences: DataFrame, items: DataFrame) -> DataFrame:
    """Top category and brand of each sequence, their share, and how spread out it is.

    The entropy is Shannon's, in bits: 0 where all events are about one category. Events about
    items without a description do not count; without any other, all is null.

    Args:
        sequences: ``customer_id, feature_date, events``.
        items: ``item_id, valid_from, category, brand``: the versions that were known.
    """
    # The catalogue, not the customers: it fits where the model's item table fits.
    listed = items.select("item_id", "valid_from", *AFFINITIES).orderBy("item_id", "valid_from")
    versions = pa.Table.from_pandas(listed.toPandas(), _VERSIONS, preserve_index=False)
    bought = F.transform("events", lambda event: event["item_id"]).alias("item_ids")

    def affinities(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        catalogue_of = cache(partial(_Catalogue.as_of, versions))
        for batch in batches:
            for day in batch.column(1).unique():
                part = batch.filter(pc.equal(batch.column(1), day))
                yield _batch_affinity(part, catalogue_of(day.as_py()))

    schema = f"customer_id string, feature_date date, {_COLUMNS}"
    return sequences.select("customer_id", "feature_date", bought).mapInArrow(affinities, schema)


@dataclass(frozen=True)
class _Catalogue:
    """Items of one date, and for each attribute its names and each item's number among them."""

    item_ids: pa.Array
    numbered: Mapping[str, tuple[pa.Array, npt.NDArray[np.int64]]]

    @classmethod
    def as_of(cls, versions: pa.Table, day: date) -> "_Catalogue":
        known = versions.filter(pc.less_equal(versions["valid_from"], pa.scalar(day)))
        known = known.combine_chunks()
        # By item and date: the last of an item's is the one that holds.
        code = np.asarray(known["item_id"].combine_chunks().dictionary_encode().indices)
        last = np.flatnonzero(np.append(code[1:] != code[:-1], True)[: len(code)])
        held = known.take(pa.array(last)).combine_chunks()
        columns = {name: held[name].combine_chunks() for name in held.column_names}
        numbered = {name: _numbered(columns[name]) for name in AFFINITIES}
        return cls(columns["item_id"], numbered)


def _numbered(groups: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Names in order, and for each item the number of its own; -1 for null."""
    names = pc.sort_indices(pc.drop_null(groups).unique())
    ordered = pc.drop_null(groups).unique().take(names)
    number = pc.fill_null(pc.index_in(groups, value_set=ordered), -1)
    return ordered, np.asarray(number, dtype=np.int64)


def _batch_affinity(batch: pa.RecordBatch, catalogue: _Catalogue) -> pa.RecordBatch:
    lists = batch.column(2)
    found = pc.index_in(lists.flatten(), value_set=catalogue.item_ids)
    item = np.asarray(pc.fill_null(found, -1))
    customer = np.repeat(np.arange(len(lists)), np.asarray(lists.value_lengths()))
    columns = {"customer_id": batch.column(0), "feature_date": batch.column(1)}
    for name, (names, number) in catalogue.numbered.items():
        # The last place of the extended array is where -1, an unknown item, points.
        group = np.append(number, -1)[item]
        known = group >= 0
        top, share, entropy = _spread(customer[known], group[known], len(lists), len(names))
        nobody = top < 0
        columns[f"top_{name}"] = names.take(pa.array(top, mask=nobody))
        columns[f"{name}_share"] = pa.array(share, mask=nobody)
        columns[f"{name}_entropy"] = pa.array(entropy, mask=nobody)
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _spread(
    customer: npt.NDArray[np.int64], group: npt.NDArray[np.int64], customers: int, groups: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Most frequent group of each customer (-1 without any), its share, and the entropy."""
    pairs, counts = np.unique(customer * max(groups, 1) + group, return_counts=True)
    who, what = pairs // max(groups, 1), pairs % max(groups, 1)
    totals = np.bincount(who, weights=counts, minlength=customers)
    share = counts / totals[who]
    entropy = np.bincount(who, weights=-share * np.log2(share), minlength=customers)
    # By customer, then by falling count, then by name: the first of each customer is the top.
    order = np.lexsort((what, -counts, who))
    first = np.unique(who[order], return_index=True)[1]
    top = np.full(customers, -1)
    top[who[order][first]] = what[order][first]
    top_share = np.zeros(customers)
    top_share[who[order][first]] = share[order][first]
    # A sum of floats of one group can come out as -0.0.
    return top, top_share, np.abs(np.round(entropy, 12))
