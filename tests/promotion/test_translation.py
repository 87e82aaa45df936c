"""A model of another night reads tonight's rows as if it had encoded them itself."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from insight.encoding.features import FeatureStatistics
from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import CONTEXT_WIDTH
from insight.encoding.vocabulary import Vocabulary
from insight.errors import VocabularyMismatchError
from insight.promotion.translation import translate

LENGTH = 2
TONIGHT = Vocabulary(("apple", "bread", "cheese"), ("x", "x", "y"))
BEFORE = Vocabulary(("cheese", "apple", "dates", "eggs"), ("y", "x", "x", "x"))


def with_other_scales(statistics: FeatureStatistics) -> FeatureStatistics:
    return replace(
        statistics,
        mean=tuple(mean + 0.3 for mean in statistics.mean),
        scale=tuple(2 * scale for scale in statistics.scale),
    )


def test_items_keep_their_meaning(statistics: FeatureStatistics) -> None:
    translation = translate(
        TONIGHT, statistics, own_vocabulary=BEFORE, own_statistics=statistics, own_length=LENGTH
    )
    # Padding, unknown, apple, bread (unknown to the model), cheese.
    assert translation.item_index.tolist() == [0, 1, 3, 1, 2]
    assert translation.size == 6


def test_features_are_as_the_model_would_have_normalised_them(
    statistics: FeatureStatistics,
) -> None:
    random = np.random.default_rng(1)
    columns = [pa.array(random.integers(0, 50, 20).astype(float)) for _ in statistics.names]
    nullable = statistics.has_mask.index(True)
    columns[nullable] = pa.array([None, *columns[nullable].to_pylist()[1:]])
    batch = pa.RecordBatch.from_arrays(columns, list(statistics.names))
    own = with_other_scales(statistics)
    translation = translate(
        TONIGHT, statistics, own_vocabulary=BEFORE, own_statistics=own, own_length=LENGTH
    )
    sequences = np.array([[0, 1], [2, 4]] * 10)
    asked = dict.fromkeys(SEQUENCE_INPUTS, sequences)
    asked["features"] = statistics.normalise(batch)
    asked["campaign_context"] = np.ones((len(sequences), CONTEXT_WIDTH))
    translated = translation.inputs(asked)
    kept = np.abs(asked["features"]) < 10
    assert translated["features"].dtype == np.float32
    assert translated["features"][kept] == pytest.approx(own.normalise(batch)[kept], abs=1e-5)
    assert translated["item_indices"][:2].tolist() == [[0, 1], [3, 2]]


def test_equal_scales_leave_the_features_untouched(statistics: FeatureStatistics) -> None:
    translation = translate(
        TONIGHT, statistics, own_vocabulary=BEFORE, own_statistics=statistics, own_length=LENGTH
    )
    rows = np.random.default_rng(2).normal(size=(3, statistics.width)).astype(np.float32)
    assert translation.features(rows) is rows


def test_another_list_of_features_is_refused(statistics: FeatureStatistics) -> None:
    shorter = replace(statistics, names=statistics.names[:-1], mean=statistics.mean[:-1])
    with pytest.raises(VocabularyMismatchError, match="train a model on tonight's features"):
        translate(
            TONIGHT, statistics, own_vocabulary=BEFORE, own_statistics=shorter, own_length=LENGTH
        )


@pytest.mark.parametrize(
    ("length", "read"),
    [
        pytest.param(2, [[3, 4], [2, 3]], id="the newest events"),
        pytest.param(5, [[0, 0, 0, 3, 4], [0, 0, 1, 2, 3]], id="padding on the left"),
    ],
)
def test_sequences_have_the_length_that_the_model_reads(
    statistics: FeatureStatistics, length: int, read: list[list[int]]
) -> None:
    translation = translate(
        TONIGHT,
        statistics,
        own_vocabulary=TONIGHT,
        own_statistics=statistics,
        own_length=length,
    )
    sequences = np.array([[0, 3, 4], [1, 2, 3]])
    asked = dict.fromkeys(SEQUENCE_INPUTS, sequences)
    asked["features"] = np.zeros((2, statistics.width), dtype=np.float32)
    asked["campaign_context"] = np.zeros((2, CONTEXT_WIDTH))
    assert translation.inputs(asked)["price_indices"].tolist() == read
