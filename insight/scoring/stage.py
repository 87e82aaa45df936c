"""Score: every active customer with the champion, in the executors."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.encoding.features import FEATURES, FeatureStatistics
from insight.errors import DataQualityError
from insight.logs import logger
from insight.partitions import shuffle_partitions, together_by
from insight.registry.registry import Registry
from insight.registry.shipping import Parcel, ship, verified_copy
from insight.scoring.carrying import Carried, carried_over, with_state
from insight.scoring.loading import loaded
from insight.snapshots.campaigns import ANY_KIND, CONTEXT_DAYS, per_showing, with_campaign_context
from insight.snapshots.seen_items import per_customer_seen
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMER_FEATURES,
    CUSTOMER_SCORES,
    CUSTOMER_SEQUENCES,
    EVENTS,
    EXPOSURES,
    RECOMMENDATIONS,
)

SCORED = (
    "customer_id string, purchase_probability double, churn_probability double, "
    "campaign_probability double, next_action string, next_action_probability double, "
    "unknown_item_count int, state_hash bigint, "
    "items array<struct<rank: int, item_id: string, score: double>>"
)

_ORIGIN = ("model_version", "scored_on")

log = logger(__name__)


def score(run: Run) -> str | None:
    """Publish scores and recommendations of the run date with the champion of that date.

    Customers whose state is what it was keep their score, unless ``scoring.rescore`` is ``all``.

    Raises:
        ModelDamagedError: The champion's files are not those that were published.
        VocabularyMismatchError: It was trained on features that are others today.
        DataQualityError: A customer to be scored has no score, or has two.
    """
    # Found, its files are proved against the manifest; later promotions do not change this run.
    registry = Registry(run.settings.registry)
    champion = registry.champion_or_none(run.run_date)
    if champion is None:
        return "no model has beaten its baselines yet: there is nothing to score with"
    with verified_copy(champion) as copy:
        FeatureStatistics.load(copy.folder).refuse_other_schema(champion.version)
    parcel = ship(run.spark, champion)
    asked = customers = with_state(customers_of(run), run)
    states = customers.select("customer_id", "state_hash")
    carried = carried_over(run, states, registry.decisions())
    if carried is not None:
        # Read once, for their state and for the model.
        customers.persist()
        asked = customers.join(carried.scores, on="customer_id", how="left_anti")
    if not run.settings.scoring.recommend_seen:
        asked = _with_seen_items(asked, run)
    # Both tables come from one pass of the model.
    scorer = scorer_of(run, parcel, champion.version)
    scored = _in_fixed_batches(asked).mapInArrow(scorer, SCORED).persist()
    try:
        _publish(run, _versioned(scored, champion.version, run), carried)
    finally:
        scored.unpersist()
        customers.unpersist()
        parcel.unpersist()
    return None


SCORE = Stage(
    name="score",
    reads=(
        CUSTOMER_FEATURES,
        CUSTOMER_SEQUENCES,
        EVENTS,
        EXPOSURES,
        CUSTOMER_SCORES,
        RECOMMENDATIONS,
    ),
    writes=(CUSTOMER_SCORES, RECOMMENDATIONS),
    work=score,
)


def _active(run: Run) -> DataFrame:
    """Features of the customers heard of lately."""
    today = F.col("feature_date") == F.lit(run.run_date)
    features = run.lake.read(CUSTOMER_FEATURES).where(today).drop("feature_date")
    return features.where(F.col("days_since_last_event") < run.settings.scoring.active_days)


def customers_of(run: Run) -> DataFrame:
    """Active customers, with features, sequence, and what they made of campaigns.

    Who has only searched, or clicked on a campaign, has no sequence: the model reads none.
    """
    today = F.col("feature_date") == F.lit(run.run_date)
    sequences = run.lake.read(CUSTOMER_SEQUENCES).where(today).select("customer_id", "events")
    found = _active(run).join(sequences, on="customer_id", how="left")
    asked = found.select("customer_id", "events", *FEATURES).withColumns(
        {"kind": F.lit(ANY_KIND), "feature_date": F.lit(run.run_date)}
    )
    known = F.col("ingest_date") <= F.lit(run.run_date)
    exposures, events = (
        run.lake.read_or_empty(table).where(known).withColumn("known_on", F.col("ingest_date"))
        for table in (EXPOSURES, EVENTS)
    )
    answer_days = run.settings.examples.campaign_days
    # Older clicks answer what is forgotten by now.
    oldest = run.run_date - timedelta(days=CONTEXT_DAYS + answer_days)
    events = events.where(F.col("event_date") > F.lit(oldest))
    showings = per_showing(exposures, events, answer_days=answer_days)
    return with_campaign_context(asked, showings).drop("kind", "feature_date")


def _with_seen_items(asked: DataFrame, run: Run) -> DataFrame:
    """Adds ``seen_items`` of the customers to be scored tonight, from as far back as settings say.

    A sequence holds the last events alone: what was bought before them is looked up.
    """
    scoring, events = run.settings.scoring, run.lake.read_or_empty(EVENTS)
    seen = per_customer_seen(
        events, as_of=run.run_date, kinds=scoring.seen_by, days=scoring.seen_days
    )
    return asked.join(seen, on="customer_id", how="left")


def _in_fixed_batches(asked: DataFrame) -> DataFrame:
    """The same customers, grouped and ordered by their ids alone.

    The last bits of a float product depend on its place in the matrix. A rerun must give the same
    scores, so each customer has the same neighbours in it. The number of partitions is given:
    adaptive execution would choose it by the bytes of a shuffle, which are not the same twice.
    """
    partitions = shuffle_partitions(asked.sparkSession)
    together = together_by(asked, "customer_id", partitions=partitions)
    return together.sortWithinPartitions("customer_id")


def scorer_of(
    run: Run, parcel: Broadcast[Parcel], version: str
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """For ``mapInArrow`` over customers, giving ``SCORED``; a worker loads the model once."""
    scoring, name = run.settings.scoring, f"{run.run_id}/{version}"

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            from insight.scoring.worker import score_batch

            yield score_batch(
                batch,
                loaded(parcel, name),
                top_k=scoring.top_k,
                recommend_seen=scoring.recommend_seen,
            )

    return score_batches


def _versioned(scored: DataFrame, version: str, run: Run) -> DataFrame:
    now = {"model_version": F.lit(version), "scored_on": F.lit(run.run_date)}
    return scored.withColumns(now)


def _publish(run: Run, scored: DataFrame, carried: Carried | None) -> None:
    """Tonight's scores and those that still hold, as one night of both tables."""
    scores, lists = scored.drop("items"), _recommendations(scored)
    if carried is not None:
        scores = scores.unionByName(carried.scores)
        lists = lists.unionByName(carried.recommendations)
    _refuse_gaps(run, scores)
    tonight, where = F.lit(run.run_date), f"score_date = '{run.run_date}'"
    scores = _asked_of(scores, run).withColumn("score_date", tonight)
    run.lake.publish(scores, CUSTOMER_SCORES, where=where)
    run.lake.publish(lists.withColumn("score_date", tonight), RECOMMENDATIONS, where=where)


def _refuse_gaps(run: Run, scored: DataFrame) -> None:
    """Every active customer once: equal counts could be one missing and one there twice."""
    asked = _active(run).select("customer_id", F.lit(1).alias("asked"))
    tonight = F.count_if(F.col("scored_on") == F.lit(run.run_date)).alias("tonight")
    answered = scored.groupBy("customer_id").agg(F.count(F.lit(1)).alias("answered"), tonight)
    both = asked.join(answered, on="customer_id", how="full_outer")
    found = both.agg(
        F.count_if(F.col("answered").isNull()).alias("without a score"),
        F.count_if(F.col("answered") > 1).alias("scored more than once"),
        F.count_if(F.col("asked").isNull()).alias("scored although not asked for"),
        F.sum("answered").alias("all"),
        F.sum("tonight").alias("tonight"),
    ).first()
    assert found is not None
    counts = {name: count or 0 for name, count in found.asDict().items()}
    total, anew = counts.pop("all"), counts.pop("tonight")
    log.info("scored", anew=anew, carried_over=total - anew)
    wrong = {name: count for name, count in counts.items() if count}
    if wrong:
        raise DataQualityError(
            f"scores of {run.run_date}",
            found=", ".join(f"{count} customers {name}" for name, count in wrong.items()),
            expected="one score for each active customer",
            next_step="look for customers twice in customer_features or customer_sequences; "
            "nothing was published",
        )


def _asked_of(scores: DataFrame, run: Run) -> DataFrame:
    """Only who bought lately can leave: of the others churn is not asked."""
    recency = _active(run).select("customer_id", "days_since_last_order")
    may_churn = F.col("days_since_last_order") < run.settings.examples.active_days
    asked = scores.join(recency, on="customer_id", how="inner")
    of_buyers = F.when(may_churn, F.col("churn_probability"))
    return asked.withColumn("churn_probability", of_buyers).drop("days_since_last_order")


def _recommendations(scored: DataFrame) -> DataFrame:
    rows = scored.select("customer_id", F.explode("items").alias("item"), *_ORIGIN)
    return rows.select(
        "customer_id", F.col("item.rank").alias("rank"), "item.item_id", "item.score", *_ORIGIN
    )
