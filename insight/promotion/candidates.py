"""A registered model version as a candidate that executors can load."""

from functools import partial

from pyspark import Broadcast
from pyspark.sql import SparkSession

from insight.promotion.evaluation import Candidate, Scorer
from insight.promotion.translation import Translation
from insight.registry.shipping import Parcel, ship, unpacked
from insight.registry.version import ModelVersion


def shipped_candidate(
    spark: SparkSession, name: str, version: ModelVersion, translation: Translation
) -> Candidate:
    """A model version that executors can load from a broadcast of its files."""
    parcel = ship(spark, version)
    return Candidate(name, version.version, partial(load_shipped, parcel), translation)


def load_shipped(parcel: Broadcast[Parcel]) -> Scorer:
    """Unpack and load a model, in an executor."""
    # Here and not above: TensorFlow takes seconds and memory that the driver need not spend.
    from insight.models.predictor import Predictor
    from insight.models.threads import keep_to_task

    keep_to_task()
    with unpacked(parcel) as folder:
        return Predictor.load(folder)
