"""A smaller version is published only where it says what the whole one says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import Vocabulary
from insight.models.blend import ALONE
from insight.models.calibration import LogitScale, save_calibration
from insight.models.customer_model import CustomerModel
from insight.models.shape import ModelShape
from insight.models.weight_file import load_weights, save_weights
from insight.models.weights import weights_of
from insight.promotion.compressing import (
    COMPRESSED,
    Change,
    compressed_or_whole,
    overlap_of,
    whole_of,
)
from insight.promotion.contenders import Contender
from insight.promotion.stage import _why_left
from insight.promotion.translation import Translation, translate
from insight.registry import Registry
from insight.registry.trail import Decision, decided
from insight.registry.version import ModelVersion
from insight.settings import CompressionSettings, load_settings
from tests.promotion.conftest import LENGTH, RUN_DATE

Compress = Callable[..., ModelVersion]
VOCABULARY = Vocabulary(tuple(f"i{n}" for n in range(100)), ("x",) * 100)


@pytest.fixture
def whole(tmp_path: Path, statistics: FeatureStatistics) -> ModelVersion:
    """A model of a hundred items that has learned nothing, in a registry of its own."""
    shape = ModelShape(102, 3, 6, 13, 15, statistics.width, sequence_length=LENGTH, width=16)
    prepared = tmp_path / "prepared"
    member = prepared / "member_0"
    member.mkdir(parents=True)
    random = np.random.default_rng(0)
    made = weights_of(CustomerModel(shape, VOCABULARY.category_of_item))
    weights = {name: random.normal(0, 0.3, v.shape).astype(np.float32) for name, v in made.items()}
    VOCABULARY.save(prepared)
    statistics.save(prepared)
    shape.save(member)
    ALONE.save(member)
    save_weights(member, weights)
    save_calibration(member, dict.fromkeys(("purchase", "churn"), LogitScale((0.1, 0.1), 0.0)))
    facts = {"run_date": RUN_DATE.isoformat(), "inputs_hash": "ab" * 32}
    return Registry(tmp_path / "registry").publish(prepared, facts, {"validation.auc": 0.7})


@pytest.fixture
def translation(statistics: FeatureStatistics) -> Translation:
    same = {"own_vocabulary": VOCABULARY, "own_statistics": statistics, "own_length": LENGTH}
    return translate(VOCABULARY, statistics, **same)  # type: ignore[arg-type]


@pytest.fixture
def compress(
    spark: SparkSession,
    tmp_path: Path,
    whole: ModelVersion,
    examples: DataFrame,
    translation: Translation,
) -> Compress:
    """What comes of the whole model with such settings."""

    def made(**settings: object) -> ModelVersion:
        given = {f"compression.{name}": value for name, value in settings.items()}
        overrides = {"registry": str(tmp_path / "registry"), **given}
        run = SimpleNamespace(spark=spark, settings=load_settings("local", overrides=overrides))
        rows = examples.where("split = 'validation'")
        return compressed_or_whole(run, whole, rows, translation)  # type: ignore[arg-type]

    return made


def test_what_says_the_same_is_published_beside_the_whole_and_a_rerun_finds_it(
    tmp_path: Path, whole: ModelVersion, compress: Compress
) -> None:
    smaller = compress(form="float16")
    registry = Registry(tmp_path / "registry")
    assert registry.challenger(RUN_DATE) == smaller
    assert smaller.version != whole.version
    assert smaller.metrics == whole.metrics
    told = smaller.facts[COMPRESSED]
    assert (told["from"], told["form"]) == (whole.version, "float16")
    assert 0.98 <= told["overlap"] <= 1
    # The version's other files stay as they are.
    assert told["bytes_after"] < 0.8 * told["bytes_before"]
    before, after = (load_weights(each.folder / "member_0") for each in (whole, smaller))
    assert any((before[name] != after[name]).any() for name in before)
    # A rerun begins with the newest version of the date, which is the smaller one.
    assert whole_of(registry, smaller) == whole == whole_of(registry, whole)
    assert compress(form="float16") == smaller


def test_what_says_something_else_is_not_published(
    tmp_path: Path, whole: ModelVersion, compress: Compress
) -> None:
    assert compress(form="int8", pruned_share=0.9) == whole
    assert Registry(tmp_path / "registry").challenger(RUN_DATE) == whole


def test_overlap_is_of_the_places_that_are_filled() -> None:
    lists = ([[2, 3, 4, 0], [5, 6, 0, 0]], [[2, 3, 9, 0], [6, 5, 0, 0]])
    one, other = (Contender("c", "v", lists=np.array(each)) for each in lists)
    assert overlap_of(one, other) == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((0.98, 0.002, 0.002), None),
        ((0.97, 0.0, 0.0), "overlap"),
        ((1.0, 0.003, 0.0), "NDCG"),
        ((1.0, -0.003, 0.0), "NDCG"),
        ((1.0, 0.0, 0.003), "calibration"),
        ((float("nan"), 0.0, 0.0), "overlap"),
        ((1.0, float("nan"), 0.0), "NDCG"),
        ((1.0, 0.0, float("nan")), "calibration"),
    ],
)
def test_how_much_may_change(change: tuple[float, float, float], words: str | None) -> None:
    refusal = Change(*change, bytes_before=2, bytes_after=1).refusal(CompressionSettings())
    assert words in (refusal or "") if words else refusal is None


def test_a_rollback_is_of_the_model_whole_and_compressed(whole: ModelVersion) -> None:
    origin = {COMPRESSED: {"from": whole.version, "form": "int8"}}
    smaller = replace(whole, version=f"{RUN_DATE}-int8", facts={**whole.facts, **origin})
    known = {each.version: each for each in (whole, smaller)}
    trail: list[Decision] = []
    registry = SimpleNamespace(verify=known.__getitem__, decisions=lambda: trail)
    for one, other in ((whole, smaller), (smaller, whole)):
        trail[:] = [decided("rolled_back", one.version, RUN_DATE, "refunds as sales", None)]
        assert _why_left(registry, other) == "refunds as sales"  # type: ignore[arg-type]
    stranger = replace(whole, version=f"{RUN_DATE}-other")
    assert _why_left(registry, stranger) is None  # type: ignore[arg-type]
