"""What a rank's process runs first. Imported by the driver too, so TensorFlow waits."""

import os
import threading
import warnings
from typing import TYPE_CHECKING

from insight.errors import InsightError, TrainingFailedError
from insight.faults import without_values
from insight.logs import configure_logs
from insight.training.monitor import watched
from insight.training.plan import RankReport, TrainingPlan

if TYPE_CHECKING:
    from insight.training.group import RankGroup

OUT_OF_TIME = 75
"""Exit code of a rank that ran past the deadline: EX_TEMPFAIL, a retry may help."""


def run_solo(plan: TrainingPlan) -> RankReport:
    """Train as the only rank."""
    prepare_process(plan)
    from insight.training.group import SoloGroup

    return report_of(plan, SoloGroup())


def prepare_process(plan: TrainingPlan) -> None:
    """Set what TensorFlow reads at its import, and a deadline nothing can hold up."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["OMP_NUM_THREADS"] = str(plan.settings.threads_per_rank)
    configure_logs()
    # Petastorm calls deprecated parts of Arrow for every row group; no release of it does not.
    warnings.simplefilter("ignore", category=FutureWarning)
    warnings.simplefilter("ignore", category=DeprecationWarning)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(plan.settings.threads_per_rank)
    tf.config.threading.set_inter_op_parallelism_threads(plan.settings.threads_per_rank)
    if plan.settings.precision == "mixed":
        has_gpu = bool(tf.config.list_physical_devices("GPU"))
        rewrite = "auto_mixed_precision" if has_gpu else "auto_mixed_precision_onednn_bfloat16"
        tf.config.optimizer.set_experimental_options({rewrite: True})
    # A rank stuck in a collective call cannot raise; its end is what frees the others.
    watchdog = threading.Timer(plan.settings.timeout_seconds, os._exit, (OUT_OF_TIME,))
    watchdog.daemon = True
    watchdog.start()


def report_of(plan: TrainingPlan, group: "RankGroup") -> RankReport:
    """Train, and report a failure rather than raise it.

    An exception would reach the driver as an exit code; as a report it keeps its words.
    """
    from insight.training.loop import Training, seed_everything

    try:
        seed_everything(plan.settings.seed + group.rank)
        with watched(group.rank, plan.settings.launch.stall_seconds):
            return Training(plan, group).run()
    except InsightError as error:
        return RankReport(group.rank, failure=error)
    except Exception as error:
        failure = TrainingFailedError(
            f"training, rank {group.rank} of {group.size}",
            found=f"{type(error).__name__}: {without_values(str(error))}",
            expected="a finished training",
            next_step="read the rank's log; nothing was published and the champion stays",
        )
        return RankReport(group.rank, failure=failure)
