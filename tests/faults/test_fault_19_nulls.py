"""Row 19: NULL in a key, in a feature, in a list."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from insight.contract import audit
from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics, transform_of
from insight.encoding.sequences import SEQUENCE_INPUTS, encode_sequences
from insight.encoding.vocabulary import Vocabulary
from insight.errors import TableContractError
from insight.local_frames import local_frame
from insight.tables import CUSTOMER_FEATURES, EVENTS
from tests.encoding.test_sequence_encoding import EVENT
from tests.frames import DAY, at, events, frame

_WHOLE = {
    "event_at": at("2024-03-10 09:00"),
    "item_id": "tea",
    "event_type": "view",
    "price": 2.0,
}


@pytest.mark.parametrize("column", ["event_id", "file_date"])
def test_fault_19_a_null_in_a_key_or_where_none_may_be_breaks_the_contract(
    spark: SparkSession, column: str
) -> None:
    sound = events(spark, {"event_at": at("2024-03-10 09:00")}).first()
    assert sound is not None
    loose = ", ".join(f"{c.name} {c.type}" for c in EVENTS.columns)
    rows = [sound.asDict(), {**sound.asDict(), column: None}]
    broken = local_frame(spark, [tuple(row.values()) for row in rows], loose)
    with pytest.raises(TableContractError) as refused:
        audit(broken, EVENTS, "table events of tonight")
    assert refused.value.found == f"1 rows with null in {column}"
    assert refused.value.exit_code == 2


def test_fault_19_a_null_in_a_feature_is_imputed_and_marked_or_breaks_the_contract(
    spark: SparkSession,
) -> None:
    statistics = FeatureStatistics(
        names=FEATURES,
        transforms=tuple(transform_of(name) for name in FEATURES),
        mean=tuple(1.0 for _ in FEATURES),
        scale=tuple(2.0 for _ in FEATURES),
        has_mask=tuple(name in NULLABLE for name in FEATURES),
    )
    known: dict[str, Any] = dict.fromkeys(FEATURES, 0.0)
    rows = [known, {**known, **dict.fromkeys(NULLABLE)}]
    whole, missing = statistics.normalise(pa.RecordBatch.from_pylist(rows))
    assert np.isfinite(missing).all()
    places = [FEATURES.index(name) for name in FEATURES if name in NULLABLE]
    # In the place of what is missing stands the mean, which is zero once scaled.
    assert (missing[places] == 0).all()
    assert (whole[places] == -0.5).all()
    assert whole[len(FEATURES) :].tolist() == [0.0] * len(NULLABLE)
    assert missing[len(FEATURES) :].tolist() == [1.0] * len(NULLABLE)
    # A count has no excuse to be missing.
    row = {"customer_id": "anna", "feature_date": DAY, **dict.fromkeys(FEATURES, 0)}
    kinds = {column.name: column.type for column in CUSTOMER_FEATURES.columns}
    row = {n: float(v) if kinds[n] == "double" else v for n, v in row.items()}
    loose = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    values = tuple({**row, "orders_7d": None}.get(name) for name in kinds)
    with pytest.raises(TableContractError, match="1 rows with null in orders_7d"):
        audit(local_frame(spark, [values], loose), CUSTOMER_FEATURES, "test")
    assert audit(frame(spark, CUSTOMER_FEATURES, row), CUSTOMER_FEATURES, "test")[0] == 1


def test_fault_19_a_null_in_a_list_is_the_unknown_and_a_missing_list_is_padding() -> None:
    customers = [
        [_WHOLE, None, {**_WHOLE, "item_id": None}, {**_WHOLE, "event_type": None, "price": None}],
        [None],
        [],
        None,
    ]
    lists = pa.array(customers, pa.list_(EVENT))
    encoded = encode_sequences(lists, Vocabulary(("tea",), ("drinks",)), length=4)
    padding = [0, 0, 0, 0]
    assert encoded["item_indices"].tolist() == [[2, 1, 1, 2], [0, 0, 0, 1], padding, padding]
    assert encoded["type_indices"].tolist() == [[2, 1, 2, 1], [0, 0, 0, 1], padding, padding]
    for name in SEQUENCE_INPUTS:
        assert (encoded[name] > 0).sum(axis=1).tolist() == [4, 1, 0, 0]
