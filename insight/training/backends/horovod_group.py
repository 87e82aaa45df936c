"""The group of ranks as Horovod knows it. Imported in ranks only."""

from collections.abc import Sequence

import horovod.tensorflow as hvd
import numpy as np
import tensorflow as tf

from insight.models.arrays import Doubles


class HorovodGroup:
    """Ranks joined by Horovod; made once per process."""

    def __init__(self, compression: str = "none") -> None:
        """Join the others, and take one of the machine's GPUs where there are any.

        Args:
            compression: ``fp16`` to send gradients in half as many bytes, or ``none``.
        """
        hvd.init()
        self._compression = getattr(hvd.Compression, compression)
        devices = tf.config.list_physical_devices("GPU")
        if devices:
            own = devices[hvd.local_rank() % len(devices)]
            tf.config.set_visible_devices(own, "GPU")
            tf.config.experimental.set_memory_growth(own, True)

    @property
    def rank(self) -> int:
        return int(hvd.rank())

    @property
    def size(self) -> int:
        return int(hvd.size())

    def spread(self, variables: Sequence[tf.Variable]) -> None:
        hvd.broadcast_variables(list(variables), root_rank=0)

    def mean(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        if self.size == 1:
            return gradients
        # As one group: one by one, as Horovod's tape has it, a step waits for each of dozens.
        means: list[tf.Tensor] = hvd.grouped_allreduce(
            gradients, op=hvd.Average, compression=self._compression
        )
        return means

    def total(self, values: Doubles) -> Doubles:
        return np.asarray(hvd.allreduce(tf.constant(values, tf.float64), op=hvd.Sum))

    def decided(self, decision: bool) -> bool:
        return bool(hvd.broadcast(tf.constant(int(decision)), root_rank=0).numpy())
