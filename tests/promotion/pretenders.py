"""Two models that learned nothing: one has seen the answers, the other says the same of all.

The other one has no head for campaigns.
"""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from insight.promotion.evaluation import Scorer


def cheating_model() -> Callable[[], Scorer]:
    """A model that reads the answer sheet."""

    class Cheater:
        # Defined inside, so that it travels to the executors by value.
        def predict(self, inputs: dict[str, np.ndarray]) -> SimpleNamespace:
            buys = np.where(inputs["price_indices"][:, -1] == 2, 0.99, 0.01)
            leaves = np.where(inputs["gap_indices"][:, -1] == 2, 0.99, 0.01)
            answers = 1 / (1 + np.exp(-3 * inputs["campaign_context"][:, 0]))
            rest = np.full((len(buys), 3), 0.001)
            return SimpleNamespace(
                yes_no={"purchase": buys, "churn": leaves, "campaign": answers},
                next_action=np.column_stack([1 - buys, rest, buys, rest[:, :2]]),
                answers=inputs["type_indices"][:, -1],
            )

        def item_scores(self, predictions: SimpleNamespace, rows: slice) -> np.ndarray:
            return np.eye(6)[predictions.answers[rows]]

    return Cheater


def guessing_model() -> Callable[[], Scorer]:
    """A model that says the same of everyone."""

    class Guesser:
        def predict(self, inputs: dict[str, np.ndarray]) -> SimpleNamespace:
            half = np.full(len(inputs["features"]), 0.5)
            yes_no = {"purchase": half, "churn": half, "campaign": np.full(len(half), np.nan)}
            return SimpleNamespace(yes_no=yes_no, next_action=np.full((len(half), 7), 1 / 7))

        def item_scores(self, predictions: SimpleNamespace, rows: slice) -> np.ndarray:
            return np.zeros((len(predictions.next_action[rows]), 6))

    return Guesser


MODELS = {"cheat": cheating_model(), "guess": guessing_model()}
