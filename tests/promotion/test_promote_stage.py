"""The promote stage on a small lake: evidence written, champion replaced or kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from insight.delta import Lake
from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import Vocabulary
from insight.errors import ModelNotFoundError
from insight.models.shape import ModelShape
from insight.promotion import stage
from insight.promotion.evaluation import Candidate
from insight.promotion.judging import GATE_METRICS
from insight.registry.manifest import write_manifest
from insight.registry.trail import Decision, decided
from insight.registry.version import ModelVersion
from insight.settings import PromotionSettings, Settings
from insight.stages import Run
from insight.tables import (
    CUSTOMERS,
    EVALUATION,
    FEATURE_STATISTICS,
    ITEM_DAILY,
    ITEM_VOCABULARY,
    TRAINING_EXAMPLES,
    Table,
)
from tests.promotion.conftest import CUSTOMER_COUNT
from tests.promotion.pretenders import MODELS

RUN_DATE = date(2024, 3, 31)
VOCABULARY = Vocabulary(("a", "b", "c", "d"), ("x",) * 4)


@dataclass
class FakeRegistry:
    """Versions by role, and a record of promotions."""

    challengers: dict[date, ModelVersion] = field(default_factory=dict)
    champions: dict[date, ModelVersion] = field(default_factory=dict)
    promoted: list[tuple[str, str]] = field(default_factory=list)
    trail: list[Decision] = field(default_factory=list)

    def decisions(self) -> list[Decision]:
        return self.trail

    def challenger(self, run_date: date) -> ModelVersion:
        if run_date not in self.challengers:
            raise ModelNotFoundError("challenger", found="none", expected="one", next_step="train")
        return self.challengers[run_date]

    def verify(self, name: str) -> ModelVersion:
        return next(each for each in self.challengers.values() if each.version == name)

    def champion_or_none(self, as_of: date) -> ModelVersion | None:
        past = [day for day in self.champions if day <= as_of]
        return self.champions[max(past)] if past else None

    def note(self, decision: Decision) -> None:
        self.trail.append(decision)

    def promote(self, version: str, run_date: date, reason: str) -> None:
        self.promoted.append((version, reason))
        self.champions[run_date] = self.challengers[run_date]


@pytest.fixture(scope="module")
def root(
    tmp_path_factory: pytest.TempPathFactory, examples: DataFrame, statistics: FeatureStatistics
) -> Path:
    root = tmp_path_factory.mktemp("promotion")
    _write(root, TRAINING_EXAMPLES, [tuple(row) for row in examples.collect()])
    _write(root, ITEM_VOCABULARY, [(i, 2 + n, "x", 2, 9, RUN_DATE) for n, i in enumerate("abcd")])
    _write(root, ITEM_DAILY, [("b", 5, 0, 0, 0, 0, 0, date(2024, 3, 1), date(2024, 3, 1))])
    columns = (statistics.names, statistics.transforms, statistics.mean, statistics.scale)
    rows = zip(*columns, statistics.has_mask, strict=True)
    listed = [
        (n, i, t, statistics.scaling, m, s, h, RUN_DATE) for i, (n, t, m, s, h) in enumerate(rows)
    ]
    _write(root, FEATURE_STATISTICS, listed)
    # A quarter of the customers are known by name alone.
    nothing = (None,) * 4
    described = [
        (f"c{n:04d}", *nothing, "GB" if n < 300 else None, None, RUN_DATE, RUN_DATE)
        for n in range(400)
    ]
    _write(root, CUSTOMERS, described)
    return root


def _write(root: Path, table: Table, rows: list[tuple]) -> None:
    schema = to_arrow_schema(table.schema)
    columns = zip(schema, zip(*rows, strict=True), strict=True)
    arrays = [pa.array(list(values), entry.type) for entry, values in columns]
    content = pa.Table.from_arrays(arrays, schema=schema)
    write_deltalake(str(root / table.name), content, partition_by=list(table.partition_by))


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    registry = FakeRegistry()
    monkeypatch.setattr(stage, "Registry", lambda _: registry)
    monkeypatch.setattr(
        stage,
        "shipped_candidate",
        lambda _, name, version, own: Candidate(
            name, version.version, MODELS[version.version.partition("-")[0]], own
        ),
    )
    return registry


@pytest.fixture
def run(spark: SparkSession, root: Path) -> Run:
    settings = Settings(
        profile="test",
        lake=str(root),
        landing=str(root / "landing"),
        registry=root / "registry",
        report=root / "report",
        pseudonym_key_file=root / "key",
        sources=("shop",),
        promotion=PromotionSettings(bootstrap_rounds=50, popularity_days=(7,)),
    )
    lake = Lake(spark, str(root), str(root / "landing"), "run1", RUN_DATE)
    return Run(spark, settings, lake, RUN_DATE, "run1")


@pytest.fixture
def version(tmp_path: Path, statistics: FeatureStatistics) -> Callable[..., ModelVersion]:
    def make(name: str, own: FeatureStatistics = statistics) -> ModelVersion:
        folder = tmp_path / name
        folder.mkdir()
        VOCABULARY.save(folder)
        own.save(folder)
        member = folder / "member_0"
        member.mkdir()
        ModelShape(6, 3, 6, 13, 15, own.width, sequence_length=4).save(member)
        facts = {"run_date": RUN_DATE.isoformat()}
        return ModelVersion(name, folder, facts, {}, write_manifest(folder, facts, {}))

    return make


def evaluated(run: Run) -> list[tuple]:
    run.lake.begin_stage()
    return sorted(tuple(row) for row in run.lake.read(EVALUATION).collect())


def cards(run: Run, version: str) -> dict[str, str]:
    written = (run.settings.report / "models" / version).iterdir()
    return {path.name: path.read_text() for path in written}


def test_a_night_without_training_leaves_everything_as_it_is(
    run: Run, registry: FakeRegistry
) -> None:
    reason = stage.promote(run)
    assert reason == "no challenger was trained for 2024-03-31: the champion, if any, stays"
    assert registry.promoted == []


def test_the_first_good_model_becomes_champion_and_a_rerun_changes_nothing(
    run: Run, registry: FakeRegistry, version: Callable[..., ModelVersion]
) -> None:
    registry.challengers[RUN_DATE] = version("cheat")
    assert stage.promote(run) is None
    ((promoted, reason),) = registry.promoted
    assert (promoted, reason[:26]) == ("cheat", "promoted: purchase auc +0.")
    first = evaluated(run)
    judged = {(row[0], row[8]): row[7] for row in first if row[2:4] == ("purchase", "auc")}
    assert judged["challenger", "country GB"] == 300
    assert 300 < judged["challenger", "returning"] < 400
    assert ("recency_rule", "new") not in judged
    by_key = {(row[0], row[2], row[3]): row for row in first if row[8] == "all"}
    assert by_key["challenger", "purchase", "auc"][4:7] == (1.0, 1.0, 1.0)
    alone = stage.gate_metrics_of(run, registry.challengers[RUN_DATE])
    asked = {task: by_key["challenger", task, metric][4] for task, metric in GATE_METRICS.items()}
    assert {task: round(value, 6) for task, value in alone.items()} == asked
    # A sixth has no next item, a sixth one outside the vocabulary: a miss.
    assert by_key["challenger", "next_item", "hr10"][7] < CUSTOMER_COUNT
    assert 0.7 < by_key["challenger", "next_item", "hr10"][4] < 0.9
    assert by_key["recent_popularity_7d", "next_item", "hr10"][1] == "baseline"
    assert {row[0] for row in first} == {
        "challenger",
        "recency_rule",
        "logistic_regression",
        "action_shares",
        "own_items",
        "recent_popularity_7d",
    }
    # All four items are in every list; of as many events each, they are of two bits.
    assert by_key["challenger", "next_item", "coverage10"][4:7] == (1.0, 1.0, 1.0)
    assert by_key["challenger", "next_item", "novelty10"][4:7] == (2.0, 2.0, 2.0)
    card = cards(run, "cheat")
    assert reason in card["card.md"]
    assert stage.promote(run) is None
    assert len(registry.promoted) == 1
    assert evaluated(run) == first
    assert cards(run, "cheat") == card


def test_a_poor_challenger_is_refused_beside_the_champion(
    run: Run, registry: FakeRegistry, version: Callable[..., ModelVersion]
) -> None:
    registry.challengers[RUN_DATE] = version("guess")
    registry.champions[date(2024, 3, 24)] = version("cheat-old")
    reason = stage.promote(run) or ""
    assert reason.startswith("refused: not better than a baseline: purchase auc -0.")
    assert "may be worse than the champion by more than 0.01: churn auc -0.5000" in reason
    assert "against champion (1.0000)" in reason
    # The poor challenger has forgotten campaigns, and the test window asks for them.
    assert "lost head: the champion answers campaign and the challenger does not" in reason
    assert "the challenger does not answer campaign" in reason
    assert registry.promoted == []
    assert [(each.kind, each.version) for each in registry.trail] == [("refused", "guess")]
    assert registry.trail[0].reason == reason
    assert "refused: not better than a baseline" in cards(run, "guess")["card.html"]
    # What a search makes greater has no number for the task that the model does not answer.
    tasks = set(stage.gate_metrics_of(run, registry.challengers[RUN_DATE]))
    assert tasks == set(GATE_METRICS) - {"campaign"}
    versions = {row[0]: row[1] for row in evaluated(run)}
    assert (versions["challenger"], versions["champion"]) == ("guess", "cheat-old")


def test_a_champion_that_reads_other_features_is_no_rival(
    run: Run, version: Callable[..., ModelVersion], statistics: FeatureStatistics
) -> None:
    other = replace(statistics, transforms=("none",) * len(statistics.names))
    rival, notes = stage._rival(run, version("cheat-old", other), VOCABULARY, statistics)
    assert rival is None
    assert notes == ["champion cheat-old reads other features and was not compared"]


def test_a_rerun_does_not_promote_what_was_rolled_back(
    run: Run, registry: FakeRegistry, version: Callable[..., ModelVersion]
) -> None:
    registry.challengers[RUN_DATE] = version("cheat")
    registry.trail.append(decided("rolled_back", "cheat", RUN_DATE, "refunds as sales", None))
    reason = stage.promote(run) or ""
    assert reason.startswith("cheat was rolled back (refunds as sales)")
    assert registry.promoted == []
