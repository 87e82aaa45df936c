"""Who is compared, and on which rows."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.arrays import Booleans, Doubles, Indices

LIST_LENGTH = 10
BASELINE = "baseline"
"""The model version of a contender that is none."""

CHALLENGER = "challenger"
CHAMPION = "champion"
RECENCY_RULE = "recency_rule"
ACTION_SHARES = "action_shares"
LOGISTIC_REGRESSION = "logistic_regression"


@dataclass(frozen=True)
class TestLabels:
    """What truly happened on the test rows, in the order of customer and cut-off.

    Args:
        customers: A number from 0 for each row's customer, shape (rows,).
        happened: Per yes/no task, 1 or 0, and the next action's index; shape (rows,).
        labelled: Per task, whether the row has a label, shape (rows,).
        slices: By name, whether the row is one of a slice, shape (rows,).
    """

    __test__ = False

    customers: Indices
    happened: dict[str, Doubles]
    labelled: dict[str, Booleans]
    slices: dict[str, Booleans] = field(default_factory=dict)

    def within(self, mask: Booleans) -> "TestLabels":
        """Some of the rows."""
        return TestLabels(
            self.customers[mask],
            {task: happened[mask] for task, happened in self.happened.items()},
            {task: labelled[mask] for task, labelled in self.labelled.items()},
        )

    @classmethod
    def from_rows(cls, rows: pd.DataFrame) -> "TestLabels":
        """From the label columns of test examples, already in order."""
        _, customers = np.unique(rows["customer_id"].to_numpy(str), return_inverse=True)
        labelled = {task: rows[f"has_{task}"].to_numpy() > 0 for task in YES_NO_TASKS}
        # An item outside the vocabulary still was the next item: every contender misses it.
        labelled["next_item"] = rows["next_item"].to_numpy() > 0
        labelled["next_action"] = rows["has_next_action"].to_numpy() > 0
        asked = (*YES_NO_TASKS, "next_action")
        happened = {task: rows[task].to_numpy(np.float64) for task in asked}
        return cls(customers.astype(np.int64), happened, labelled)


@dataclass(frozen=True)
class Contender:
    """What one contender said about every test row; a task that it has no opinion on is absent.

    Args:
        name: challenger, champion, or a baseline's name.
        version: Registry version, or ``baseline``.
        probabilities: Per yes/no task, shape (rows,).
        ranks: Rank of the true next item, ``inf`` where missed, shape (rows,).
        actions: Probability of each of ``NEXT_ACTIONS``, shape (rows, actions).
        lists: Tonight's indices of the items it would recommend, shape
            (rows, length).
    """

    name: str
    version: str
    probabilities: dict[str, Doubles] = field(default_factory=dict)
    ranks: Doubles | None = None
    actions: Doubles | None = None
    lists: Indices | None = None

    @property
    def answers(self) -> frozenset[str]:
        """The tasks that it has an opinion on."""
        others = {"next_item": self.ranks, "next_action": self.actions}
        return frozenset(self.probabilities) | {
            task for task, opinion in others.items() if opinion is not None
        }

    def within(self, mask: Booleans) -> "Contender":
        """What it said about some of the rows."""
        said = {task: chances[mask] for task, chances in self.probabilities.items()}
        ranks = None if self.ranks is None else self.ranks[mask]
        actions = None if self.actions is None else self.actions[mask]
        lists = None if self.lists is None else self.lists[mask]
        return Contender(self.name, self.version, said, ranks, actions, lists)
