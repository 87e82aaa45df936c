"""A night's examples and vectors, as training reads them."""

from dataclasses import dataclass, replace
from datetime import date

from insight.launch import open_run
from insight.models.arrays import Floats
from insight.settings import load_settings
from insight.spark import build_session
from insight.tables import TRAINING_EXAMPLES
from insight.training.inputs import last_cutoff, read_inputs, tonight
from insight.training.item_vectors import read_item_vectors
from insight.training.plan import TrainingPlan
from insight.training.planning import make_plans

JUDGED = ("validation", "test")


@dataclass(frozen=True)
class Night:
    """What all trainings share.

    Args:
        plan: The night's own, without vectors.
        vectors: Of its vocabulary.
        splits: Files of the splits that are judged, by name.
    """

    plan: TrainingPlan
    vectors: Floats
    splits: dict[str, tuple[str, ...]]


def read_night(profile: str, run_date: date, *, files: int | None) -> Night:
    """Read a night that was run before.

    Args:
        profile: Whose lake.
        run_date: The night.
        files: So many of the training files only; each holds rows of all customers.
    """
    settings = load_settings(profile, overrides={"training.co_occurrence": False})
    spark = build_session("item vectors")
    run = open_run(spark, settings, run_date)
    run.lake.begin_stage()
    inputs = read_inputs(run, ranks=1)
    (plan,) = make_plans(run, inputs, None)
    as_of = last_cutoff(tonight(run, TRAINING_EXAMPLES))
    vectors = read_item_vectors(run, inputs.vocabulary, as_of=as_of)
    parts = {name: {"run_date": str(run_date), "split": name} for name in JUDGED}
    splits = {name: tuple(run.lake.files(TRAINING_EXAMPLES, part)) for name, part in parts.items()}
    spark.stop()
    return Night(replace(plan, train_files=plan.train_files[:files]), vectors, splits)
