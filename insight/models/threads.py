"""How many threads TensorFlow takes in an executor."""

import tensorflow as tf
from pyspark import TaskContext


def keep_to_task() -> None:
    """As many threads as the running Spark task has cores; as TensorFlow likes outside of one.

    By default each worker process would take all cores of its machine, and the tasks beside each
    other would wait for one another. To be called before TensorFlow computes anything.
    """
    task = TaskContext.get()
    cores = task.cpus() if task is not None else 0
    if cores and tf.config.threading.get_intra_op_parallelism_threads() != cores:
        tf.config.threading.set_intra_op_parallelism_threads(cores)
        tf.config.threading.set_inter_op_parallelism_threads(cores)
