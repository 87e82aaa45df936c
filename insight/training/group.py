"""How ranks speak with each other: the one interface behind which Horovod stands."""

from collections.abc import Sequence
from typing import Protocol

import tensorflow as tf

from insight.models.arrays import Doubles


class RankGroup(Protocol):
    """The ranks of one training, seen from one of them.

    Every method is called by all ranks, at the same place of the program.
    """

    @property
    def rank(self) -> int:
        """This rank's number, from 0."""

    @property
    def size(self) -> int:
        """How many ranks there are."""

    def spread(self, variables: Sequence[tf.Variable]) -> None:
        """Give the variables rank 0's values everywhere."""

    def mean(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """The mean over ranks of each of a step's gradients."""

    def total(self, values: Doubles) -> Doubles:
        """The sum over ranks of an array of doubles."""

    def decided(self, decision: bool) -> bool:
        """What rank 0 decided."""


class SoloGroup:
    """A group of one."""

    rank = 0
    size = 1

    def spread(self, variables: Sequence[tf.Variable]) -> None:
        """Nothing to do: the values are this rank's own."""

    def mean(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        return gradients

    def total(self, values: Doubles) -> Doubles:
        return values

    def decided(self, decision: bool) -> bool:
        return decision
