"""Build examples: snapshots at past cut-offs, what then happened, encoded for training."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import Vocabulary
from insight.examples.campaigns import per_campaign_example, showings_of, split_showings
from insight.examples.encode import encode_examples, files_per_split
from insight.examples.labels import per_customer_labels, with_complete_labels, with_labels
from insight.examples.leakage import refuse_peeking, refuse_peeking_at_campaigns
from insight.examples.snapshots import Known, per_customer_snapshot
from insight.examples.vocabulary import fit_feature_statistics, per_item_index
from insight.examples.windows import Cutoffs, split_by_time
from insight.point_in_time import keep_as_of, per_version, since_ever
from insight.registry.registry import Registry
from insight.registry.schedule import why_not_train
from insight.reuse import Keep, kept
from insight.snapshots.affinity import AFFINITIES
from insight.snapshots.customers import DEMOGRAPHICS
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMERS,
    EVENTS,
    EXPOSURES,
    FEATURE_STATISTICS,
    ITEM_DAILY,
    ITEM_VOCABULARY,
    ITEMS,
    TRAINING_EXAMPLES,
    Table,
)


def build_examples(run: Run) -> str | None:
    """Publish vocabulary, feature scales and examples of a night that trains."""
    registry, every_days = Registry(run.settings.registry), run.settings.training.every_days
    reason = why_not_train(registry, run.run_date, every_days=every_days)
    if reason:
        return reason
    cutoffs = _cutoffs(run)
    if cutoffs is None:
        return "too little history for a train, a validation and a test window"
    vocabulary = _publish_vocabulary(run, cutoffs)
    known, length = _known(run), run.settings.sequences.length
    refuse_peeking(_sample(run, known), as_of=min(cutoffs.train), length=length)
    with kept() as keep:
        snapshots = keep(per_customer_snapshot(known, as_of=cutoffs.split_of, length=length))
        statistics = _publish_statistics(run, snapshots, cutoffs)
        labelled = _with_campaigns(_labelled(run, cutoffs, snapshots), run, known, keep)
        run.lake.publish(
            encode_examples(labelled, vocabulary, statistics, length=length),
            TRAINING_EXAMPLES,
            where=f"run_date = '{run.run_date}'",
            files=files_per_split(
                snapshots.count(),
                ranks=run.settings.training.ranks,
                files=run.settings.examples.files,
            ),
            rows="some",
        )
    return None


BUILD_EXAMPLES = Stage(
    name="build_examples",
    reads=(EVENTS, EXPOSURES, CUSTOMERS, ITEMS, CUSTOMER_DAILY, ITEM_DAILY),
    writes=(ITEM_VOCABULARY, FEATURE_STATISTICS, TRAINING_EXAMPLES),
    work=build_examples,
)


def _cutoffs(run: Run) -> Cutoffs | None:
    daily = run.lake.read(ITEM_DAILY)
    first = daily.agg(F.min("event_date").alias("first")).first()
    if first is None or first["first"] is None:
        return None
    return split_by_time(
        run.settings.examples,
        run_date=run.run_date,
        first_event_date=first["first"],
        recalibrate=run.settings.training.recalibrate,
        with_campaigns=not _exposures(run).isEmpty(),
    )


def _publish_vocabulary(run: Run, cutoffs: Cutoffs) -> Vocabulary:
    items = keep_as_of(run.lake.read(ITEMS), key="item_id", as_of=run.run_date)
    rows = per_item_index(
        run.lake.read(ITEM_DAILY),
        items,
        until=max(cutoffs.train),
        min_events=run.settings.examples.min_item_events,
    )
    where = f"run_date = '{run.run_date}'"
    dated = rows.withColumn("run_date", F.lit(run.run_date))
    run.lake.publish(dated, ITEM_VOCABULARY, where=where, rows="some")
    published = run.lake.read(ITEM_VOCABULARY).where(where)
    # The catalogue, not the customers: it fits where the model's item table fits.
    listed = published.select("item_index", "item_id", "category").collect()
    return Vocabulary.from_rows([(row[0], row[1], row[2]) for row in listed])


def _known(run: Run) -> Known:
    lake, day = run.lake, run.run_date
    return Known(
        customer_daily=lake.read(CUSTOMER_DAILY),
        events=lake.read(EVENTS).where(F.col("event_date") <= F.lit(day)),
        items=_versions(run, ITEMS, AFFINITIES),
        customers=_versions(run, CUSTOMERS, DEMOGRAPHICS),
        exposures=_exposures(run),
        sessions=run.settings.sessions,
    )


def _sample(run: Run, known: Known) -> Known:
    return known.sampled(share=run.settings.examples.leakage_share)


def _versions(run: Run, table: Table, attributes: tuple[str, ...]) -> DataFrame:
    """What was known of each entity, and from when on; what later nights read is left out."""
    described = run.lake.read(table).where(F.col("ingest_date") <= F.lit(run.run_date))
    versions = per_version(described, key=table.key[0], attributes=attributes)
    return since_ever(versions, key=table.key[0])


def _labelled(run: Run, cutoffs: Cutoffs, snapshots: DataFrame) -> DataFrame:
    """Features and sequence of every customer at every cut-off, with what then happened."""
    settings = run.settings.examples
    events = run.lake.read(EVENTS).where(F.col("event_date") <= F.lit(run.run_date))
    labels = per_customer_labels(
        events, as_of=cutoffs.split_of, settings=settings, labels_end=cutoffs.labels_end
    )
    labelled = with_labels(snapshots, labels, active_days=settings.active_days)
    dated = _with_split(labelled, run, cutoffs.split_of, cutoffs.labels_end)
    return with_complete_labels(dated, settings=settings)


def _with_campaigns(labelled: DataFrame, run: Run, known: Known, keep: Keep) -> DataFrame:
    """Adds the rows of customers who were shown a campaign, as known the day before."""
    settings, length = run.settings.examples, run.settings.sequences.length
    # Counted by day, asked about, and remembered of customers and of kinds.
    showings = keep(showings_of(known, settings))
    split_of = split_showings(showings, settings, run_date=run.run_date)
    if not split_of:
        return labelled
    refuse_peeking_at_campaigns(_sample(run, known), settings, cutoffs=split_of)
    answers = per_campaign_example(known, showings, split_of=split_of, length=length)
    return labelled.unionByName(_with_split(answers, run, split_of, {}))


def _exposures(run: Run) -> DataFrame:
    """Campaigns shown; what later nights read is left out."""
    known = F.col("ingest_date") <= F.lit(run.run_date)
    return run.lake.read_or_empty(EXPOSURES).where(known)


def _publish_statistics(run: Run, features: DataFrame, cutoffs: Cutoffs) -> FeatureStatistics:
    train = features.where(F.col("feature_date").isin(list(cutoffs.train)))
    statistics = fit_feature_statistics(train, scaling=run.settings.features.scaling)
    columns = (
        statistics.names,
        statistics.transforms,
        statistics.mean,
        statistics.scale,
        statistics.has_mask,
    )
    rows = [
        (name, position, transform, statistics.scaling, mean, scale, has_mask, run.run_date)
        for position, (name, transform, mean, scale, has_mask) in enumerate(
            zip(*columns, strict=True)
        )
    ]
    frame = run.spark.createDataFrame(rows, FEATURE_STATISTICS.schema)
    run.lake.publish(frame, FEATURE_STATISTICS, where=f"run_date = '{run.run_date}'")
    return statistics


def _with_split(
    labelled: DataFrame,
    run: Run,
    split_of: Mapping[date, str],
    labels_end: Mapping[date, date],
) -> DataFrame:
    """Adds ``split``, ``cutoff_at`` (end of the day, in seconds), ``label_days``, ``run_date``."""
    settings = run.settings.examples
    longest = timedelta(days=max(settings.purchase_days, settings.churn_days))
    days = [
        (
            day,
            split,
            int(_end_of(day).timestamp()),
            (labels_end.get(day, day + longest) - day).days,
        )
        for day, split in split_of.items()
    ]
    schema = "feature_date date, split string, cutoff_at bigint, label_days int"
    dates = run.spark.createDataFrame(days, schema)
    joined = labelled.join(F.broadcast(dates), on="feature_date", how="inner")
    return joined.withColumn("run_date", F.lit(run.run_date))


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
