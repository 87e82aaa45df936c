"""How long the past of a table is kept, and which files are compacted."""

from pydantic import Field

from insight.settings.strict import Days, Strict


class MaintenanceSettings(Strict):
    retention_hours: int = Field(168, ge=168, le=87_600)
    """Files that no newer version needs are kept so long: the past that can be read or restored.
    Never less than a week, nor than a table's own delta.deletedFileRetentionDuration."""
    log_retention_days: Days = Field(400, ge=30)
    """A date run again asks the log what its earlier runs replaced."""
    checkpoint_interval: int = Field(10, ge=1)
    """Commits after which Delta writes its log's state in one file."""
    small_file_mb: int = Field(32, ge=1, le=65_536)
    small_files: int = Field(8, ge=2)
    """A partition with so many files smaller than that is compacted."""
