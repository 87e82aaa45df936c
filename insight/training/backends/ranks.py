"""What every rank that Horovod joins has in common, however it was started."""

import re

from insight.errors import TrainingFailedError
from insight.settings import LaunchSettings, TrainingSettings
from insight.training.launch import OUT_OF_TIME, prepare_process, report_of
from insight.training.plan import RankReport, TrainingPlan

_FIRST_TO_END = re.compile(r"Process name: (\d+)\s+Exit code: (-?\d+|None)")
_MARGIN_SECONDS = 60


def rank_environment(launch: LaunchSettings) -> dict[str, str]:
    """What TensorFlow and Horovod read from the environment of a rank's process."""
    stall = launch.stall_seconds
    return {
        "TF_USE_LEGACY_KERAS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # A rank that is silent is killed by its monitor; this is for one that leaves the others
        # waiting although it lives.
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(stall),
        "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": str(2 * stall),
        "HOROVOD_GLOO_TIMEOUT_SECONDS": str(2 * stall),
        "HOROVOD_FUSION_THRESHOLD": str(launch.fusion_mb * 2**20),
        "HOROVOD_CYCLE_TIME": str(launch.cycle_milliseconds),
        "HOROVOD_AUTOTUNE": "1" if launch.autotune else "0",
        # Its warnings say which ranks the others wait for.
        "HOROVOD_LOG_LEVEL": "warning",
    }


def longest_seconds(settings: TrainingSettings) -> int:
    """After which whoever started the ranks waits no longer; they have deadlines of their own."""
    return settings.launch.start_seconds + settings.timeout_seconds + _MARGIN_SECONDS


def explained(words: str, ranks: int) -> TrainingFailedError:
    """Horovod's words, with the rank that ended first where it names one."""
    first = _FIRST_TO_END.search(words)
    found = words
    if first:
        lost = first[2] == "None"
        ending = (
            "without an exit code: its machine is gone" if lost else f"with exit code {first[2]}"
        )
        found = f"it was the first to end, {ending}"
    return TrainingFailedError(
        f"training, rank {first[1]} of {ranks}" if first else f"training on {ranks} ranks",
        found=found,
        expected="every rank to end with a report",
        next_step="read that rank's last lines: 137 is a kill, for lack of memory or by its "
        f"monitor (training.launch.stall_seconds), {OUT_OF_TIME} is training.timeout_seconds. "
        "Nothing was published and the champion stays; the next run goes on from the last epoch",
    )


def run_rank(plan: TrainingPlan) -> RankReport:
    """One rank's process."""
    prepare_process(plan)
    from insight.training.backends.horovod_group import HorovodGroup

    return report_of(plan, HorovodGroup(plan.settings.gradient_compression))
