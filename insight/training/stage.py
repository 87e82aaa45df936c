"""The stage that trains a challenger."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F

from insight import __version__
from insight.encoding.sequences import GAP_COUNT, PRICE_COUNT, TYPE_COUNT
from insight.logs import logger
from insight.models.cooccurrence import CoOccurrence, PairWeights
from insight.models.shape import ModelShape
from insight.registry import Registry
from insight.registry.schedule import why_not_train
from insight.settings import TrainingSettings
from insight.spark import REPOSITORY
from insight.stages import Run, Stage
from insight.tables import FEATURE_STATISTICS, ITEM_VOCABULARY, TRAINING_EXAMPLES
from insight.training import outcome
from insight.training.backends import Backend, backend_for
from insight.training.code import code_fingerprint
from insight.training.inputs import TRAIN as TRAIN_SPLIT
from insight.training.inputs import VALIDATION, Inputs, has_examples, read_inputs, tonight
from insight.training.pairs import count_pairs_of
from insight.training.plan import TrainingPlan

log = logger(__name__)

LOCK_FILE = "requirements.lock"


def train(run: Run) -> str | None:
    """Train a model on the examples of the run date, and publish it as challenger.

    Returns:
        Why there was nothing to do, or None.

    Raises:
        TrainingFailedError: A rank failed, or a number was not finite. Nothing is published.
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
    wanted = settings.model_dump(mode="json", exclude={"every_days", "timeout_seconds"})
    wanted["repeats"] = run.settings.scoring.recommend_seen
    inputs_hash = inputs.content_hash({**wanted, "code": code_fingerprint()})
    same = registry.find_same(run.run_date, inputs_hash)
    if same:
        return f"version {same.version} was trained on the same examples with the same settings"
    members = [_trained(backend, plan, inputs) for plan in make_plans(run, inputs)]
    metrics = outcome.validation_metrics(members[0].reports, members[0].scales)
    with tempfile.TemporaryDirectory(prefix="insight-model-") as folder:
        outcome.prepare_folder(Path(folder), members, inputs)
        registry.publish(Path(folder), _facts(run, inputs, inputs_hash), metrics)
    return None


TRAIN = Stage(
    name="train",
    reads=(TRAINING_EXAMPLES, ITEM_VOCABULARY, FEATURE_STATISTICS),
    writes=(),
    work=train,
)


def _trained(backend: Backend, plan: TrainingPlan, inputs: Inputs) -> outcome.TrainedMember:
    rows = inputs.splits[TRAIN_SPLIT].counted.rows
    log.info("training", encoder=plan.shape.encoder, ranks=backend.ranks, rows=rows)
    reports = backend.train(plan)
    outcome.refuse_failures(reports)
    outcome.refuse_misread(reports, inputs)
    return outcome.TrainedMember(plan, reports)


def make_plans(run: Run, inputs: Inputs) -> list[TrainingPlan]:
    """What the ranks are told, for each encoder of the version."""
    settings = run.settings.training
    counted = None
    if settings.co_occurrence:
        learnt = tonight(run, TRAINING_EXAMPLES).where(F.col("split") == TRAIN_SPLIT)
        counted = count_pairs_of(learnt, inputs.item_counts, PairWeights())
    encoders = (settings.encoder, *settings.ensemble)
    return [
        _plan(
            run,
            inputs,
            settings.model_copy(update={"encoder": encoder, "seed": settings.seed + number}),
            counted,
        )
        for number, encoder in enumerate(encoders)
    ]


def _plan(
    run: Run, inputs: Inputs, settings: TrainingSettings, counted: CoOccurrence | None
) -> TrainingPlan:
    shape = ModelShape(
        vocabulary_size=inputs.vocabulary.size,
        category_count=inputs.vocabulary.category_count,
        type_count=TYPE_COUNT,
        gap_count=GAP_COUNT,
        price_count=PRICE_COUNT,
        feature_width=inputs.features.width,
        sequence_length=run.settings.sequences.length,
        encoder_length=min(settings.encoder_length, run.settings.sequences.length),
        encoder=settings.encoder,
        width=settings.width,
        blocks=settings.blocks,
        heads=settings.heads,
        dropout=settings.dropout,
        repeats=run.settings.scoring.recommend_seen,
    )
    return TrainingPlan(
        train_files=inputs.splits[TRAIN_SPLIT].files,
        validation_files=inputs.splits[VALIDATION].files,
        shape=shape,
        settings=settings,
        category_of_item=inputs.vocabulary.category_of_item,
        item_counts=inputs.item_counts,
        counted=counted,
    )


def _facts(run: Run, inputs: Inputs, inputs_hash: str) -> dict[str, Any]:
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
        "train_rows": inputs.splits[TRAIN_SPLIT].counted.rows,
    }
