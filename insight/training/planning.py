"""What the ranks are told, for each encoder of a version."""

from pyspark.sql import functions as F

from insight.encoding.sequences import ANY_EVENT, GAP_COUNT, PRICE_COUNT, TYPE_COUNT
from insight.encoding.splits import RECALIBRATION, TRAIN, VALIDATION
from insight.logs import logger
from insight.models.cooccurrence import CoOccurrence, PairWeights
from insight.models.shape import ModelShape
from insight.registry.shipping import verified_copy
from insight.registry.version import ModelVersion
from insight.settings import TrainingSettings
from insight.stages import Run
from insight.tables import TRAINING_EXAMPLES
from insight.training.inputs import Inputs, tonight
from insight.training.pairs import count_pairs_of, neighbours_for
from insight.training.plan import TrainingPlan
from insight.training.warm_start import Start, start_of

log = logger(__name__)


def make_plans(run: Run, inputs: Inputs, champion: ModelVersion | None) -> list[TrainingPlan]:
    """A plan per encoder; each has a seed of its own.

    Args:
        run: The night.
        inputs: What is trained on.
        champion: Whose weights training begins with, where they fit.
    """
    first = run.settings.training
    settings = [
        first.model_copy(update={"encoder": encoder, "seed": first.seed + number})
        for number, encoder in enumerate((first.encoder, *first.ensemble))
    ]
    shapes = [_shape(run, inputs, each) for each in settings]
    starts = _starts(inputs, shapes, champion)
    counted = _counted(run, inputs)
    recent = inputs.splits.get(RECALIBRATION)
    return [
        TrainingPlan(
            train_files=inputs.splits[TRAIN].files,
            validation_files=inputs.splits[VALIDATION].files,
            shape=shape,
            settings=each,
            category_of_item=inputs.vocabulary.category_of_item,
            item_counts=inputs.item_counts,
            counted=counted,
            item_vectors=inputs.item_vectors,
            start=start,
            recalibration_files=recent.files if recent else (),
        )
        for each, shape, start in zip(settings, shapes, starts, strict=True)
    ]


def _shape(run: Run, inputs: Inputs, settings: TrainingSettings) -> ModelShape:
    return ModelShape(
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
        feed_forward=settings.feed_forward,
        dropout=settings.dropout,
        repeats=run.settings.scoring.recommend_seen,
        seen_by=_seen_by(run),
        item_vectors=settings.item_vectors,
        vector_width=0 if inputs.item_vectors is None else inputs.item_vectors.shape[1],
    )


def _seen_by(run: Run) -> tuple[str, ...]:
    """Of a model with repeats it says nothing, and is the same whatever the settings."""
    scoring = run.settings.scoring
    return ANY_EVENT if scoring.recommend_seen else scoring.seen_by


def _starts(
    inputs: Inputs, shapes: list[ModelShape], champion: ModelVersion | None
) -> list[Start | None]:
    anew: list[Start | None] = [None] * len(shapes)
    if champion is None:
        return anew
    with verified_copy(champion) as copy:
        starts = start_of(copy.folder, shapes, inputs.vocabulary, inputs.features)
    if starts is None:
        why = "its encoders or features are others than tonight's"
        log.warning("no warm start: training begins anew", champion=champion.version, why=why)
        return anew
    log.info("warm start", champion=champion.version)
    return list(starts)


def _counted(run: Run, inputs: Inputs) -> CoOccurrence | None:
    if not run.settings.training.co_occurrence:
        return None
    learnt = tonight(run, TRAINING_EXAMPLES).where(F.col("split") == TRAIN)
    counts = inputs.item_counts
    neighbours = neighbours_for(len(counts), most=PairWeights().neighbours)
    return count_pairs_of(learnt, counts, PairWeights(neighbours=neighbours))
