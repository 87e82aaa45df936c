"""Promote: judge tonight's challenger, write the evidence, and let it rise or stay."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.delivery_time import delivery_time_of, first_dates_by_night
from insight.encoding.features import FeatureStatistics
from insight.encoding.splits import learned_splits
from insight.encoding.vocabulary import Vocabulary
from insight.errors import ModelNotFoundError, VocabularyMismatchError
from insight.local_frames import local_frame
from insight.logs import logger
from insight.models.shape import ModelShape, member_folders
from insight.promotion.candidates import shipped_candidate
from insight.promotion.card import Judged, write_card
from insight.promotion.compressing import compressed_or_whole, model_of, whole_of
from insight.promotion.contenders import CHALLENGER, CHAMPION
from insight.promotion.evaluation import Candidate
from insight.promotion.gate import Decision, decide
from insight.promotion.judging import Evidence, Exam, gate_metrics, judge
from insight.promotion.measurements import Measurement
from insight.promotion.sample import keep_judged_rows
from insight.promotion.translation import Translation, translate
from insight.registry.registry import Registry
from insight.registry.schedule import attempts_on, record_refusal
from insight.registry.shipping import verified_copy
from insight.registry.trail import why_left
from insight.registry.version import ModelVersion
from insight.snapshots.seen_items import without_seen_targets
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMERS,
    EVALUATION,
    EVENTS,
    FEATURE_STATISTICS,
    ITEM_DAILY,
    ITEM_VOCABULARY,
    TRAINING_EXAMPLES,
)

log = logger(__name__)


def promote(run: Run) -> str | None:
    """Judge the challenger trained for this date; a refusal is a reason, not an error."""
    registry = Registry(run.settings.registry)
    try:
        challenger = registry.challenger(run.run_date)
    except ModelNotFoundError:
        return f"no challenger was trained for {run.run_date}: the champion, if any, stays"
    # The champion of the night before: a rerun then meets the same rival as the first run.
    champion = registry.champion_or_none(run.run_date - timedelta(days=1))
    challenger = _compressed(run, whole_of(registry, challenger))
    evidence = evidence_of(run, challenger, champion)
    _publish(run, evidence.measurements)
    decision = _decided(run, registry, evidence, champion)
    log.info("gate", version=challenger.version, verdict=decision.reason)
    write_card(Judged(challenger, run.run_date, evidence, decision, run.settings))
    if not decision.promoted:
        record_refusal(registry, challenger, run.run_date, decision.reason)
        return decision.reason
    left = _why_left(registry, challenger)
    if left is not None:
        return f"{challenger.version} was rolled back ({left}): make models can promote it again"
    now = registry.champion_or_none(run.run_date)
    if now is None or now.version != challenger.version:
        registry.promote(challenger.version, run.run_date, decision.reason)
    return None


PROMOTE = Stage(
    name="promote",
    reads=(TRAINING_EXAMPLES, ITEM_DAILY, ITEM_VOCABULARY, FEATURE_STATISTICS, CUSTOMERS, EVENTS),
    writes=(EVALUATION,),
    work=promote,
)


def evidence_of(run: Run, challenger: ModelVersion, champion: ModelVersion | None) -> Evidence:
    """What the run date's test rows say of a challenger; nothing is written or promoted."""
    exam = _sampled(run, _exam(run), "test")
    vocabulary = _vocabulary(exam)
    rival, notes = _rival(run, champion, vocabulary, exam.statistics)
    own = _translation(challenger, vocabulary, exam.statistics)
    candidate = shipped_candidate(run.spark, CHALLENGER, challenger, own)
    found = judge(candidate, rival, exam, run.settings.promotion)
    return replace(found, notes=[*found.notes, *notes])


def _decided(
    run: Run, registry: Registry, evidence: Evidence, champion: ModelVersion | None
) -> Decision:
    attempts = 1
    if champion is not None and evidence.replacement is not None:
        compared = [gain.task for gain in evidence.replacement.gains]
        attempts = attempts_on(
            champion.version,
            registry.decisions(),
            run.run_date,
            test_days=run.settings.examples.test_days(compared),
            every_days=run.settings.training.every_days,
        )
    return decide(
        evidence.comparisons,
        evidence.replacement,
        run.settings.promotion,
        attempts=attempts,
        notes=evidence.notes,
    )


def _why_left(registry: Registry, challenger: ModelVersion) -> str | None:
    """Why this model was rolled back, whole or compressed: either name is the same model."""
    decisions = registry.decisions()
    of_the_night = f"{challenger.run_date}-"
    for name in sorted({each.version for each in decisions} | {challenger.version}):
        reason = why_left(name, decisions)
        if reason is None or not (name == challenger.version or name.startswith(of_the_night)):
            continue
        if model_of(registry.verify(name)) == model_of(challenger):
            return reason
    return None


def _compressed(run: Run, whole: ModelVersion) -> ModelVersion:
    """What is judged is what serves."""
    if run.settings.compression.form == "none":
        return whole
    compared = _sampled(run, _exam(run), "validation").validation
    return compressed_or_whole(run, whole, compared, translation_of(run, whole))


def translation_of(run: Run, version: ModelVersion) -> Translation:
    """From the run date's encoding to a version's own."""
    exam = _exam(run)
    return _translation(version, _vocabulary(exam), exam.statistics)


def gate_metrics_of(run: Run, version: ModelVersion) -> dict[str, float]:
    """By task, what the gate would compare with a champion's; of one model, without intervals."""
    exam = _sampled(run, _exam(run), "test")
    own = _translation(version, _vocabulary(exam), exam.statistics)
    return gate_metrics(shipped_candidate(run.spark, CHALLENGER, version, own), exam.test)


def _exam(run: Run) -> Exam:
    tonight = f"run_date = '{run.run_date}'"
    vocabulary = run.lake.read(ITEM_VOCABULARY).where(tonight)
    examples = run.lake.read(TRAINING_EXAMPLES).where(tonight)
    # What later nights read is left out. In a rehearsal of a date before the first night, all
    # has been read later, and only the event dates bound what the baselines look at.
    daily = run.lake.read(ITEM_DAILY)
    nights = first_dates_by_night(daily)
    late_days = run.settings.clean.late_days
    delivery_time = delivery_time_of(run.lake, nights, late_days=late_days)
    return Exam(
        _recommendable(run, examples, vocabulary),
        daily.where(delivery_time.known_by(run.run_date, dated="event_date")),
        vocabulary,
        _statistics(run),
        run.lake.read(CUSTOMERS),
        run.run_date,
        learned_splits(run.settings),
    )


def _recommendable(run: Run, examples: DataFrame, vocabulary: DataFrame) -> DataFrame:
    """Examples that ask for no item which scoring may not recommend."""
    scoring = run.settings.scoring
    if scoring.recommend_seen:
        return examples
    # By delivery: a rehearsal's past may have been read in one night after it.
    events = run.lake.read(EVENTS).where(F.col("file_date") <= F.lit(run.run_date))
    return without_seen_targets(
        examples,
        events,
        vocabulary.select("item_id", "item_index"),
        kinds=scoring.seen_by,
        days=scoring.seen_days,
    )


def _sampled(run: Run, exam: Exam, split: str) -> Exam:
    """The same exam with a sample of the customers in one split, where it has many rows."""
    most_rows = run.settings.promotion.judged_rows
    return replace(exam, examples=keep_judged_rows(exam.examples, most_rows=most_rows, split=split))


def _vocabulary(exam: Exam) -> Vocabulary:
    rows = exam.vocabulary.select("item_index", "item_id", "category").collect()
    return Vocabulary.from_rows([(row[0], row[1], row[2]) for row in rows])


def _rival(
    run: Run, champion: ModelVersion | None, vocabulary: Vocabulary, statistics: FeatureStatistics
) -> tuple[Candidate | None, list[str]]:
    """The champion as a candidate, or why it cannot be one."""
    if champion is None:
        return None, []
    try:
        own = _translation(champion, vocabulary, statistics)
    except VocabularyMismatchError as error:
        # It cannot score tonight's customers either, so it is no rival any more.
        log.warning("champion not comparable", version=champion.version, why=str(error))
        return None, [f"champion {champion.version} reads other features and was not compared"]
    return shipped_candidate(run.spark, CHAMPION, champion, own), []


def _statistics(run: Run) -> FeatureStatistics:
    rows = run.lake.read(FEATURE_STATISTICS).where(f"run_date = '{run.run_date}'")
    return FeatureStatistics.from_rows(rows.collect())


def _translation(
    version: ModelVersion, vocabulary: Vocabulary, statistics: FeatureStatistics
) -> Translation:
    with verified_copy(version) as copy:
        first, *_ = member_folders(copy.folder)
        return translate(
            vocabulary,
            statistics,
            own_vocabulary=Vocabulary.load(copy.folder),
            own_statistics=FeatureStatistics.load(copy.folder),
            own_length=ModelShape.load(first).sequence_length,
        )


def _publish(run: Run, measurements: Sequence[Measurement]) -> None:
    rows = [
        (
            each.contender,
            each.model_version,
            each.task,
            each.metric,
            *each.rounded(),
            each.row_count,
            each.slice,
            run.run_date,
        )
        for each in measurements
    ]
    frame = local_frame(run.spark, rows, EVALUATION.schema).coalesce(1)
    run.lake.publish(frame, EVALUATION, where=f"run_date = '{run.run_date}'")
