"""How the heads' losses come together, and what settings change in a training."""

import numpy as np
import pytest
import tensorflow as tf

from insight.models.customer_model import CustomerModel
from insight.settings import TrainingSettings
from insight.training.group import SoloGroup
from insight.training.loop import Training, seed_everything
from insight.training.losses import Negatives
from insight.training.plan import HEADS
from insight.training.step import Objective
from tests.training.examples import (
    ITEMS,
    example_columns,
    small_categories,
    small_plan,
    small_shape,
    write_split,
)

LOG_VARIANCES = "log_variances"


def _objective(**settings) -> Objective:
    seed_everything(3)
    model = CustomerModel(small_shape(encoder="gru"), small_categories())
    checked = TrainingSettings.model_validate({"target_positions": 4, **settings})
    return Objective(model, checked)


def _gradients(objective: Objective, **changes) -> dict[str, np.ndarray]:
    columns = example_columns(32, seed=5) | changes
    columns.pop("customer_id")
    batch = {name: tf.constant(values) for name, values in columns.items()}
    drawn = Negatives(tf.range(2, ITEMS, dtype=tf.int64), tf.zeros(ITEMS - 2))
    with tf.GradientTape() as tape:
        loss = objective(batch, drawn, tf.constant(0, tf.int64))
    variables = objective.trainable_variables
    found = tape.gradient(loss, variables, unconnected_gradients="zero")
    return {
        variable.name: tf.convert_to_tensor(gradient).numpy()
        for variable, gradient in zip(variables, found, strict=True)
    }


def _of(gradients: dict[str, np.ndarray], part: str) -> float:
    named = [each for name, each in gradients.items() if part in name]
    assert named, part
    return max(np.abs(each).max() for each in named)


def test_a_head_without_weight_learns_nothing():
    weights = dict.fromkeys(HEADS, 1.0) | {"churn": 0.0}
    found = _gradients(_objective(head_weights=weights))
    assert _of(found, "churn/deep/outer") == 0.0
    assert _of(found, "purchase/deep/outer") > 0.0


def test_twice_the_weight_is_twice_the_gradient():
    once, twice = (
        _of(_gradients(_objective(head_weights={"purchase": weight})), "purchase/deep/outer")
        for weight in (1.0, 2.0)
    )
    assert twice == pytest.approx(2 * once)


@pytest.mark.parametrize(("teachers", "reached"), [("next_item", False), ("all_heads", True)])
def test_whose_gradients_reach_the_encoder_is_a_setting(teachers, reached):
    only_purchase = dict.fromkeys(HEADS, 0.0) | {"purchase": 1.0}
    objective = _objective(head_weights=only_purchase, encoder_learns_from=teachers)
    # The way to the logit begins at zero, and so would every gradient beyond it.
    for variable in objective.model.variables:
        if "purchase/deep/outer" in variable.name:
            variable.assign(tf.ones_like(variable))
    assert (_of(_gradients(objective), "encoder") > 0.0) == reached


def test_learned_weights_follow_the_losses_and_leave_out_who_is_not_asked():
    nobody = np.zeros(32, np.float32)
    found = _gradients(_objective(task_weights="learned"), has_campaign=nobody)
    of_heads = dict(
        zip(HEADS, next(v for n, v in found.items() if LOG_VARIANCES in n), strict=True)
    )
    # d/ds of loss * exp(-s) + s / 2 at s = 0 is 1/2 - loss, and nothing where nobody is asked.
    assert of_heads["campaign"] == 0.0
    assert of_heads["purchase"] == pytest.approx(0.5 - np.log(2), abs=1e-4)


# Together, since tracing a step takes longer than training it.
OTHER_WAYS = (
    {
        "next_item_loss": "gbce",
        "augment": ["crop", "mask", "reorder"],
        "augment_share": 1.0,
        "optimizer": "sgd",
        "warm_up_share": 0.2,
        "learning_rate": 0.1,
        "stop_on": "none",
    },
    {
        "task_weights": "learned",
        "encoder_learns_from": "all_heads",
        "yes_no_loss": "focal",
        "class_weight": "balanced",
        "label_smoothing": 0.1,
        "stop_on": "ndcg",
    },
)


@pytest.mark.parametrize("settings", OTHER_WAYS, ids=["without stopping", "best in ndcg"])
def test_the_loss_goes_down_and_the_epoch_kept_is_the_one_asked_for(tmp_path, settings):
    splits = write_split(tmp_path / "train", [64]), write_split(tmp_path / "v", [32], seed=90)
    usual = {"max_epochs": 3, "learning_rate": 0.01, "patience": 3, "decay": "none"}
    found = _trained(splits, **(usual | settings))
    assert found.history[-1]["loss"] < found.history[0]["loss"]
    of_ndcg = [entry["ndcg_10"] for entry in found.history]
    best = 3 if settings["stop_on"] == "none" else 1 + int(np.argmax(of_ndcg))
    # What is trained for so many epochs only ends with the weights that were kept.
    again = _trained(splits, **(usual | settings | {"max_epochs": best, "stop_on": "none"}))
    for name, values in again.weights.items():
        np.testing.assert_array_equal(found.weights[name], values)


def _trained(splits, **settings):
    plan = small_plan(*splits, **settings)
    seed_everything(plan.settings.seed)
    return Training(plan, SoloGroup()).run()
