"""The training loop of one rank: epochs, validation, early stopping, best weights."""

import time

import numpy as np
import tensorflow as tf

from insight.encoding.splits import RECALIBRATION, TRAIN, VALIDATION
from insight.errors import NotFiniteError, TrainingFailedError
from insight.logs import logger
from insight.models.blend import ALONE
from insight.models.customer_model import CustomerModel
from insight.models.weights import set_weights, start_from, weights_of
from insight.training.blending import choose_blend
from insight.training.checkpoints import load_checkpoint, save_checkpoint
from insight.training.group import RankGroup
from insight.training.negatives import NegativeSampler
from insight.training.optimizers import make_optimizer
from insight.training.plan import HEADS, RankReport, ReadCount, TrainingPlan
from insight.training.progress import Best, kept, restored
from insight.training.reader import CHECKSUM, FIRST_PASS, Batches, equal_steps
from insight.training.shard import Shard
from insight.training.step import Objective, make_step
from insight.training.validation import Validator
from insight.training.wide import refit_wide_parts, set_wide_parts

log = logger(__name__)


class Training:
    """One rank's part in one training.

    Args:
        plan: What to train, on what.
        group: The other ranks.
    """

    def __init__(self, plan: TrainingPlan, group: RankGroup) -> None:
        self._plan, self._settings, self._group = plan, plan.settings, group
        self._shard = self._share_of(plan.train_files)
        rows = self._shard.all_rows()
        self._all_rows = sum(rows)
        self._steps = equal_steps(rows, self._settings.batch_size)
        self._batches = Batches(
            self._shard, batch_size=self._settings.batch_size, steps=self._steps
        )
        self._model = CustomerModel(plan.shape, plan.category_of_item, plan.item_vectors)
        self._model.items.start_biases(plan.item_counts)
        if plan.start is not None:
            start_from(self._model, plan.start)
        self._optimizer = make_optimizer(
            self._settings, self._steps * self._settings.max_epochs, ranks=group.size
        )
        sampler = NegativeSampler(
            plan.item_counts,
            draws=self._settings.negatives,
            seed=self._settings.seed + group.rank,
        )
        objective = Objective(self._model, self._settings)
        self._step = make_step(objective, self._optimizer, sampler, group)
        self._validation = self._share_of(plan.validation_files)
        self._validator = Validator(
            self._model, self._validation, most_answers=self._settings.calibration_rows
        )
        self._variables = [*objective.variables, *self._optimizer.variables]
        group.spread(self._variables)

    def run(self) -> RankReport:
        """Train until validation stops improving, and report the best epoch's weights.

        Raises:
            NotFiniteError: A loss or gradient is not finite.
            TrainingFailedError: This rank does not see the checkpoint that rank 0 has.
        """
        ridges = set_wide_parts(self._model, self._shard, self._validation, self._group)
        best, history = self._resumed()
        read = ReadCount()
        for epoch in range(len(history), self._settings.max_epochs):
            began = time.monotonic()
            loss, read = self._epoch(epoch)
            seconds = time.monotonic() - began
            metrics = self._validator.run().metrics(self._group)
            speed = self._all_rows / seconds
            history.append(
                {
                    "epoch": epoch + 1,
                    "loss": loss,
                    "examples_per_second": speed,
                    **metrics,
                    "score": self._score(metrics, epoch),
                }
            )
            self._show(history[-1])
            if self._is_last(best, history):
                break
            self._keep(best, history)
        set_weights(self._model, best.weights)
        return self._report(history, read, ridges)

    def _share_of(self, files: tuple[str, ...]) -> Shard:
        return Shard(files, self._group.rank, self._group.size, self._settings.launch)

    def _resumed(self) -> tuple[Best, list[dict[str, float]]]:
        """Where an earlier run of this training stopped; the beginning where there was none.

        Dropout goes on with other draws than it would have had.
        """
        url = self._plan.checkpoint
        found = load_checkpoint(url) if url else None
        if not self._group.decided(found is not None):
            return Best(), []
        if found is None:
            raise TrainingFailedError(
                f"training, rank {self._group.rank} of {self._group.size}",
                found=f"no checkpoint at {url}, where rank 0 has one",
                expected="storage that all ranks see",
                next_step="put the lake on shared storage, or set training.launch.checkpoints to"
                " false; nothing was published and the champion stays",
            )
        best, history = restored(found, self._variables)
        if self._group.rank == 0:
            log.info("training goes on after an epoch that was kept", epoch=len(history), file=url)
        return best, history

    def _keep(self, best: Best, history: list[dict[str, float]]) -> None:
        if self._plan.checkpoint and self._group.rank == 0:
            try:
                save_checkpoint(self._plan.checkpoint, kept(best, history, self._variables))
            except OSError as error:
                # Nothing to go on from costs time, should this run die; ending it costs more.
                log.warning("no checkpoint", file=self._plan.checkpoint, why=str(error))

    def _epoch(self, epoch: int) -> tuple[float, ReadCount]:
        """Mean loss over ranks and steps, and what the first pass over the share read."""
        losses: list[float] = []
        read = ReadCount()
        seed = self._settings.seed + epoch
        with self._batches.read(seed) as batches:
            for batch in batches:
                checksums, is_first_pass = batch.pop(CHECKSUM), batch.pop(FIRST_PASS)
                read = read.plus(ReadCount.of(checksums.numpy()[is_first_pass.numpy()]))
                loss, finite = self._step(batch)
                if not finite.numpy():
                    raise self._not_finite(epoch, len(losses), float(loss))
                losses.append(float(loss))
        mean = self._group.total(np.array([np.sum(losses)]))[0] / (self._steps * self._group.size)
        return float(mean), read

    def _score(self, metrics: dict[str, float], epoch: int) -> float:
        """What the best epoch has least of."""
        if self._settings.stop_on == "none":
            return -float(epoch)
        if self._settings.stop_on == "ndcg":
            return -metrics["ndcg_10"]
        weights = self._settings.head_weights.model_dump()
        return float(sum(weights[head] * metrics[f"{head}_loss"] for head in HEADS))

    def _is_last(self, best: Best, history: list[dict[str, float]]) -> bool:
        """Keep the weights of the best epoch; rank 0 decides for all when to stop."""
        epoch = len(history)
        score = history[-1]["score"]
        if not np.isfinite(score):
            raise self._not_finite(epoch - 1, self._steps, score)
        if self._group.decided(score < best.score):
            best.score, best.epoch, best.weights = score, epoch, weights_of(self._model)
        # An epoch after which nothing is trained is not kept: going on would read nothing.
        is_over = epoch >= self._settings.max_epochs
        return self._group.decided(is_over or epoch - best.epoch >= self._settings.patience)

    def _report(
        self, history: list[dict[str, float]], read: ReadCount, ridges: dict[str, float]
    ) -> RankReport:
        judged, blend = self._validator.run(), ALONE
        if self._plan.counted is not None:
            blend = choose_blend(self._validator.scored(), self._plan.counted, self._group)
        later = {VALIDATION: self._validation}
        if self._plan.recalibration_files:
            later[RECALIBRATION] = self._share_of(self._plan.recalibration_files)
        refit_wide_parts(self._model, [self._shard, *later.values()], ridges, self._group)
        levels = {split: self._validator.run(shard) for split, shard in later.items()}
        return RankReport(
            rank=self._group.rank,
            read={TRAIN: read, **{split: found.read for split, found in levels.items()}},
            answers={VALIDATION: judged.answers()},
            levels={split: found.answers() for split, found in levels.items()},
            history=tuple(history),
            weights=weights_of(self._model) if self._group.rank == 0 else None,
            blend=blend,
        )

    def _show(self, entry: dict[str, float]) -> None:
        if self._group.rank == 0:
            shown = {name: float(f"{value:.4g}") for name, value in entry.items()}
            log.info("epoch", of=self._settings.max_epochs, ranks=self._group.size, **shown)

    def _not_finite(self, epoch: int, step: int, loss: float) -> NotFiniteError:
        return NotFiniteError(
            f"training, epoch {epoch + 1}, step {step + 1} of {self._steps}",
            found=f"a loss or gradient that is not finite (loss {loss})",
            expected="finite numbers",
            next_step="look for infinite features in training_examples, or lower "
            "training.learning_rate; nothing was published and the champion stays",
        )


def seed_everything(seed: int) -> None:
    """The same seed gives the same weights on the same number of ranks."""
    tf.keras.utils.set_random_seed(seed % 2**32)
