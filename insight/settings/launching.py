"""How ranks are started, joined, fed and watched: operation, not what is learned."""

from pydantic import Field

from insight.settings.strict import Strict


class LaunchSettings(Strict):
    start_seconds: int = Field(180, ge=1)
    """All ranks must have started by then."""
    stall_seconds: int = Field(120, ge=5)
    """A rank without a sign of life for so long is killed, and named; the others then end too."""
    hosts: str = ""
    """For `horovodrun`: hosts and their ranks, such as `gpu1:4,gpu2:4`; this machine without it."""
    shared_folder: str | None = None
    """For `horovodrun` on several hosts: a folder that all of them and only this user can open."""
    checkpoints: bool = True
    """Whether each epoch is kept in the lake, for the next run of the same training to go on."""
    prefetched_batches: int = Field(4, ge=1)
    """Made ready while one is learned."""
    queued_row_groups: int = Field(4, ge=1)
    """Read ahead."""
    fusion_mb: int = Field(64, ge=0)
    """Gradients are joined to buffers of this size before they are summed over ranks."""
    cycle_milliseconds: float = Field(1.0, gt=0)
    """How often Horovod looks for gradients that are ready."""
    autotune: bool = False
    """Whether Horovod finds the last two by itself while it trains."""
