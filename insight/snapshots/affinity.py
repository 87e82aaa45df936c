"""What kinds of items a customer keeps to, from the last events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

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
    # Items, not customers: some 100 bytes a version here, and 8 bytes an item and date in tasks.
    listed = items.select("item_id", "valid_from", *AFFINITIES).orderBy("item_id", "valid_from")
    versions = pa.Table.from_pandas(listed.toPandas(), _VERSIONS, preserve_index=False)
    catalogue = _Catalogue.of(versions)
    bought = F.transform("events", lambda event: event["item_id"]).alias("item_ids")

    def affinities(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        groups_on = cache(catalogue.groups_on)
        for batch in batches:
            for day in batch.column(1).unique():
                part = batch.filter(pc.equal(batch.column(1), day))
                yield _batch_affinity(part, catalogue, groups_on(day.as_py()))

    schema = f"customer_id string, feature_date date, {_COLUMNS}"
    return sequences.select("customer_id", "feature_date", bought).mapInArrow(affinities, schema)


_Groups = Mapping[str, npt.NDArray[np.int32]]
"""For each attribute, every item's number among the attribute's names; -1 for null."""


@dataclass(frozen=True)
class _Catalogue:
    """All versions of all items, with a number for every text.

    Args:
        item_ids: Every item once, in order.
        names: Names of each attribute, in order.
        items: Item of each version, by item and date.
        valid_from: Date of each version.
        numbers: Number of each version's names.
    """

    item_ids: pa.Array
    names: Mapping[str, pa.Array]
    items: npt.NDArray[np.int32]
    valid_from: npt.NDArray[np.datetime64]
    numbers: _Groups

    @classmethod
    def of(cls, versions: pa.Table) -> "_Catalogue":
        """From the rows of all versions, ordered by item and date."""
        item_ids, items = _numbered(versions["item_id"])
        numbered = {name: _numbered(versions[name]) for name in AFFINITIES}
        return cls(
            item_ids,
            {name: names for name, (names, _) in numbered.items()},
            items,
            np.asarray(versions["valid_from"]).astype("datetime64[D]"),
            {name: numbers for name, (_, numbers) in numbered.items()},
        )

    def groups_on(self, day: date) -> _Groups:
        """The groups of every item as known on a date; none before its first version.

        One place more than there are items: that of an item without a description.
        """
        known = np.flatnonzero(self.valid_from <= np.datetime64(day))
        items = self.items[known]
        # By item and date: the last of an item's is the one that holds.
        last = known[np.append(items[1:] != items[:-1], True)[: len(items)]]
        found = {name: np.full(len(self.item_ids) + 1, -1, np.int32) for name in AFFINITIES}
        for name, groups in found.items():
            groups[self.items[last]] = self.numbers[name][last]
        return found


def _numbered(texts: pa.ChunkedArray) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Names in order, and for each text the number of its own; -1 for null."""
    unique = pc.drop_null(texts).unique()
    ordered = unique.take(pc.sort_indices(unique))
    number = pc.fill_null(pc.index_in(texts, value_set=ordered), -1)
    return ordered, np.asarray(number, dtype=np.int32)


def _batch_affinity(
    batch: pa.RecordBatch, catalogue: _Catalogue, groups: _Groups
) -> pa.RecordBatch:
    lists = batch.column(2)
    found = pc.index_in(lists.flatten(), value_set=catalogue.item_ids)
    # The last place is that of an unknown item.
    item = np.asarray(pc.fill_null(found, -1))
    customer = np.repeat(np.arange(len(lists)), np.asarray(lists.value_lengths()))
    columns = {"customer_id": batch.column(0), "feature_date": batch.column(1)}
    for name, names in catalogue.names.items():
        group = groups[name][item].astype(np.int64)
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
