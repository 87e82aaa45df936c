"""Build examples: snapshots at past cut-offs, what then happened, encoded for training."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.delivery_time import (
    NEVER,
    DeliveryTime,
    delivery_time_of,
    first_dates_by_night,
)
from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import Vocabulary
from insight.examples.campaigns import per_campaign_example, showings_of, split_showings
from insight.examples.daily_state import last_known_dates, per_late_day, with_known_from
from insight.examples.encode import encode_examples, files_per_split
from insight.examples.labels import per_customer_labels, with_complete_labels, with_labels
from insight.examples.leakage import refuse_peeking, refuse_peeking_at_campaigns
from insight.examples.snapshots import Known, per_customer_snapshot
from insight.examples.vocabulary import fit_feature_statistics, per_item_index
from insight.examples.windows import Cutoffs, History, split_by_time, too_little_history
from insight.local_frames import local_frame
from insight.point_in_time import per_version, versions_as_of
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
    nights = first_dates_by_night(run.lake.read(ITEM_DAILY))
    delivery_time = delivery_time_of(run.lake, nights, late_days=run.settings.clean.late_days)
    cutoffs = _cutoffs(run, delivery_time, nights)
    if isinstance(cutoffs, str):
        return cutoffs
    vocabulary = _publish_vocabulary(run, cutoffs, delivery_time)
    length = run.settings.sequences.length
    with kept() as keep:
        known = known_of(run, delivery_time, keep)
        refuse_peeking(_sample(run, known), as_of=_proved_cutoff(cutoffs, known), length=length)
        everyone = per_customer_snapshot(known, as_of=cutoffs.split_of, length=length)
        snapshots = keep(everyone.where(_is_scored(run)))
        statistics = _publish_statistics(run, snapshots, cutoffs)
        labelled = _with_campaigns(_labelled(run, cutoffs, known, snapshots), run, known, keep)
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


def _cutoffs(run: Run, delivery_time: DeliveryTime, nights: Mapping[date, date]) -> Cutoffs | str:
    """The cut-offs, or why there are none."""
    given, run_date = run.settings.examples, run.run_date
    if not nights:
        return too_little_history(given, run_date=run_date, first_event_date=None)
    read = [night for night in nights if night <= run_date] or [delivery_time.first_night]
    history = History(
        run_date=run_date,
        first_event_date=min(nights[night] for night in read),
        with_campaigns=not _exposures(run, delivery_time).isEmpty(),
    )
    cutoffs = split_by_time(given, **history, recalibrate=run.settings.training.recalibrate)
    return cutoffs or too_little_history(given, **history)


def _proved_cutoff(cutoffs: Cutoffs, known: Known) -> date:
    """The earliest training cut-off that late events touch: it has most of all after it."""
    touched = [
        cutoff
        for cutoff in cutoffs.train
        if any(day <= cutoff < whole_from for day, whole_from in known.late_dates.items())
    ]
    return min(touched or cutoffs.train)


def _publish_vocabulary(run: Run, cutoffs: Cutoffs, delivery_time: DeliveryTime) -> Vocabulary:
    """The items of the training window, in the categories of its last cut-off."""
    last = max(cutoffs.train)
    known = delivery_time.known_by(run.run_date, dated="event_date")
    categories = versions_as_of(
        _versions(run, ITEMS, ("category",), delivery_time), key="item_id", dates=[last]
    )
    rows = per_item_index(
        run.lake.read(ITEM_DAILY).where(known),
        categories,
        until=last,
        min_events=run.settings.examples.min_item_events,
    )
    where = f"run_date = '{run.run_date}'"
    dated = rows.withColumn("run_date", F.lit(run.run_date))
    run.lake.publish(dated, ITEM_VOCABULARY, where=where, rows="some")
    published = run.lake.read(ITEM_VOCABULARY).where(where)
    # The catalogue, not the customers: it fits where the model's item table fits.
    listed = published.select("item_index", "item_id", "category").collect()
    return Vocabulary.from_rows([(row[0], row[1], row[2]) for row in listed])


def known_of(run: Run, delivery_time: DeliveryTime, keep: Keep) -> Known:
    """What the run knows, and since when.

    The daily state holds what later nights have read, too. Their events are late for every
    cut-off, so its rows are computed again without them.
    """
    day = run.run_date
    is_known = delivery_time.known_by(day)
    known_on = F.when(is_known, delivery_time.known_on()).otherwise(F.lit(NEVER))
    past = run.lake.read(EVENTS).where(F.col("event_date") <= F.lit(day))
    past = past.withColumn("known_on", known_on)
    late_days = keep(per_late_day(past))
    late_dates = last_known_dates(late_days)
    days = run.lake.read(CUSTOMER_DAILY).where(F.col("event_date") <= F.lit(day))
    return Known(
        customer_daily=with_known_from(days, late_days, late_dates=late_dates),
        events=past.where(is_known),
        items=_versions(run, ITEMS, AFFINITIES, delivery_time),
        customers=_versions(run, CUSTOMERS, DEMOGRAPHICS, delivery_time),
        exposures=_exposures(run, delivery_time),
        sessions=run.settings.sessions,
        late_dates=late_dates,
    )


def _sample(run: Run, known: Known) -> Known:
    return known.sampled(share=run.settings.examples.leakage_share)


def _versions(
    run: Run, table: Table, attributes: tuple[str, ...], delivery_time: DeliveryTime
) -> DataFrame:
    """Versions of each entity, with the date from which each holds."""
    key = table.key[0]
    described = delivery_time.descriptions(run.lake.read(table), key=key, run_date=run.run_date)
    return per_version(described, key=key, attributes=attributes)


def _labelled(run: Run, cutoffs: Cutoffs, known: Known, snapshots: DataFrame) -> DataFrame:
    """Features and sequence of every customer at every cut-off, with what then happened.

    Labels use all that the run knows, whenever it was delivered.
    """
    settings = run.settings.examples
    labels = per_customer_labels(
        known.events, as_of=cutoffs.split_of, settings=settings, labels_end=cutoffs.labels_end
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
    answers = answers.where(_is_scored(run))
    return labelled.unionByName(_with_split(answers, run, split_of, {}))


def _is_scored(run: Run) -> Column:
    """Whether scoring would have scored a customer at the cut-off: nobody else is judged."""
    return F.col("days_since_last_event") < run.settings.scoring.active_days


def _exposures(run: Run, delivery_time: DeliveryTime) -> DataFrame:
    """Campaigns shown, with ``known_on``; what later nights read is left out."""
    known = run.lake.read_or_empty(EXPOSURES).where(delivery_time.known_by(run.run_date))
    return known.withColumn("known_on", delivery_time.known_on())


def _publish_statistics(run: Run, features: DataFrame, cutoffs: Cutoffs) -> FeatureStatistics:
    train = features.where(F.col("feature_date").isin(list(cutoffs.train)))
    statistics = fit_feature_statistics(train, scaling=run.settings.features.scaling)
    rows = [(*row, run.run_date) for row in statistics.to_rows()]
    frame = local_frame(run.spark, rows, FEATURE_STATISTICS.schema)
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
    dates = local_frame(run.spark, days, schema)
    joined = labelled.join(F.broadcast(dates), on="feature_date", how="inner")
    return joined.withColumn("run_date", F.lit(run.run_date))


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
