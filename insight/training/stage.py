"""The stage that trains a challenger."""

import hashlib
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from insight import __version__
from insight.encoding.splits import TRAIN as TRAIN_SPLIT
from insight.logs import logger
from insight.registry import Registry
from insight.registry.schedule import why_not_train
from insight.registry.version import ModelVersion
from insight.settings import Settings
from insight.spark import REPOSITORY
from insight.stages import Run, Stage
from insight.tables import FEATURE_STATISTICS, ITEM_VECTORS, ITEM_VOCABULARY, TRAINING_EXAMPLES
from insight.training import outcome
from insight.training.backends import Backend, backend_for
from insight.training.checkpoints import drop_checkpoints
from insight.training.code import code_fingerprint
from insight.training.inputs import Inputs, has_examples, read_inputs
from insight.training.plan import TrainingPlan
from insight.training.planning import make_plans

log = logger(__name__)

LOCK_FILE = "requirements.lock"
CHECKPOINTS = "_checkpoints"
"""Folder in the lake; Spark and Delta pass over names that begin so."""


def train(run: Run) -> str | None:
    """Train a model on the examples of the run date, and publish it as challenger.

    Returns:
        Why there was nothing to do, or None.

    Raises:
        TrainingFailedError: A rank failed. Nothing is published.
        NotFiniteError: A loss, a gradient or a feature is not finite. Nothing is published.
        DataQualityError: The ranks did not read what Spark reads. Nothing is published.
    """
    settings = run.settings.training
    registry = Registry(run.settings.registry)
    reason = why_not_train(registry, run.run_date, every_days=settings.every_days)
    if reason:
        return reason
    if not has_examples(run):
        why = "build_examples found too little history, or has not run"
        return f"no examples of {run.run_date}: {why}"
    backend = backend_for(settings, run.spark)
    inputs = read_inputs(run, ranks=backend.ranks)
    if inputs.ranks < backend.ranks:
        backend = _with_fewer_ranks(run, backend.ranks, inputs.ranks)
    champion = _champion(run, registry)
    inputs_hash = inputs.content_hash(_recipe(run.settings, champion))
    same = registry.find_same(run.run_date, inputs_hash)
    if same:
        return f"version {same.version} was trained on the same examples with the same settings"
    plans = _kept(run, make_plans(run, inputs, champion), inputs_hash)
    members = [_trained(backend, plan, inputs) for plan in plans]
    metrics = outcome.validation_metrics(members[0]) | outcome.recalibration_metrics(members[0])
    with tempfile.TemporaryDirectory(prefix="insight-model-") as folder:
        outcome.prepare_folder(Path(folder), members, inputs)
        # Where the champion's weights did not fit, training began anew.
        began_with = champion if plans[0].start is not None else None
        run.lake.refuse_lost_lease(f"model of {run.run_date}")
        registry.publish(Path(folder), _facts(run, inputs, inputs_hash, began_with), metrics)
    drop_checkpoints(f"{run.lake.root}/{CHECKPOINTS}")
    return None


TRAIN = Stage(
    name="train",
    reads=(TRAINING_EXAMPLES, ITEM_VOCABULARY, ITEM_VECTORS, FEATURE_STATISTICS),
    writes=(),
    work=train,
)


def _with_fewer_ranks(run: Run, asked: int, ranks: int) -> Backend:
    why = "a split has too few rows to be shared equally among all"
    log.warning("training on fewer ranks", asked=asked, ranks=ranks, why=why)
    return backend_for(run.settings.training.model_copy(update={"ranks": ranks}), run.spark)


def _recipe(settings: Settings, champion: ModelVersion | None) -> dict[str, Any]:
    """What decides the trained weights beside the examples."""
    training, scoring = settings.training, settings.scoring
    recipe = training.model_dump(mode="json", exclude={"every_days", "timeout_seconds", "launch"})
    recipe |= {
        "repeats": scoring.recommend_seen,
        "warm_from": champion.version if champion else None,
        "code": code_fingerprint(),
    }
    return recipe if scoring.recommend_seen else recipe | {"seen_by": sorted(scoring.seen_by)}


def _champion(run: Run, registry: Registry) -> ModelVersion | None:
    """Whose weights training begins with: the night before's, so that a rerun finds the same."""
    if not run.settings.training.warm_start:
        return None
    return registry.champion_or_none(run.run_date - timedelta(days=1))


def _kept(run: Run, plans: list[TrainingPlan], inputs_hash: str) -> list[TrainingPlan]:
    """The plans, each with a place for its checkpoint that only the same training looks at."""
    if not run.settings.training.launch.checkpoints:
        return plans
    folder = f"{run.lake.root}/{CHECKPOINTS}/{inputs_hash}"
    return [
        replace(plan, checkpoint=f"{folder}/member_{number}.npz")
        for number, plan in enumerate(plans)
    ]


def _trained(backend: Backend, plan: TrainingPlan, inputs: Inputs) -> outcome.TrainedMember:
    rows = inputs.splits[TRAIN_SPLIT].counted.rows
    log.info("training", encoder=plan.shape.encoder, ranks=backend.ranks, rows=rows)
    reports = backend.train(plan)
    outcome.refuse_failures(reports)
    outcome.refuse_misread(reports, inputs)
    return outcome.TrainedMember(plan, reports)


def _facts(
    run: Run, inputs: Inputs, inputs_hash: str, champion: ModelVersion | None
) -> dict[str, Any]:
    schema = f"{TRAINING_EXAMPLES.schema.simpleString()}".encode()
    lock = REPOSITORY / LOCK_FILE
    return {
        "run_date": run.run_date.isoformat(),
        "run_id": run.run_id,
        "inputs_hash": inputs_hash,
        "code_version": run.lake.facts.get("code_version", __version__),
        "lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
        "input_versions": dict(run.lake.pins),
        "schema_sha256": hashlib.sha256(schema).hexdigest(),
        "vocabulary_fingerprint": inputs.vocabulary.fingerprint,
        "feature_fingerprint": inputs.features.fingerprint,
        "seed": run.settings.training.seed,
        "settings": run.settings.training.model_dump(mode="json"),
        "trained_through": inputs.trained_through,
        "warm_from": champion.version if champion else None,
        "train_rows": inputs.splits[TRAIN_SPLIT].counted.rows,
    }
