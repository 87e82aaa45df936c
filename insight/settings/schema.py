"""Every setting: its meaning, bounds and default."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IngestSettings(_Strict):
    allow_empty_day: bool = False
    max_malformed_share: float = Field(0.05, ge=0, le=1)
    """A column of a file with more unparsable values than this has changed its type."""
    evolve_columns: bool = False
    """Whether columns that a source does not declare are ignored rather than refused."""


class CleanSettings(_Strict):
    max_quarantined_share: float = Field(0.05, ge=0, le=1)
    late_days: int = Field(7, ge=0)
    earliest_event_date: date = date(2000, 1, 1)
    max_price: float = Field(100_000.0, gt=0)
    max_quantity: float = Field(100_000.0, gt=0)
    max_events_per_customer_day: int = Field(2_000, gt=0)
    """A customer with more events in a day is taken for a bot."""
    max_text_length: int = Field(512, gt=0)


class SessionSettings(_Strict):
    gap_minutes: int = Field(30, gt=0)


class SequenceSettings(_Strict):
    length: int = Field(64, ge=2)


class ExampleSettings(_Strict):
    purchase_days: int = Field(7, gt=0)
    churn_days: int = Field(30, gt=0)
    active_days: int = Field(90, gt=0)
    """A customer can only leave who bought within so many days before."""
    train_cutoffs: int = Field(20, ge=1)
    cutoff_step_days: int = Field(7, gt=0)
    min_item_events: int = Field(5, ge=1)
    files: int = Field(8, gt=0)
    """Files of equal size per split; each rank reads its own share of them."""


class TrainingSettings(_Strict):
    backend: Literal["horovod", "single"] = "horovod"
    encoder: Literal["gru", "transformer"] = "gru"
    ranks: int = Field(2, ge=1)
    threads_per_rank: int = Field(1, ge=1)
    every_days: int = Field(7, ge=1)
    """A champion younger than this is not trained anew."""
    width: int = Field(64, ge=4)
    blocks: int = Field(1, ge=1)
    heads: int = Field(2, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)
    batch_size: int = Field(256, ge=1)
    max_epochs: int = Field(3, ge=1)
    patience: int = Field(1, ge=1)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)
    negatives: int = Field(512, ge=1)
    """Items drawn per batch to stand for the rest of the catalogue."""
    encoder_length: int = Field(32, ge=2)
    """The encoder reads so many of a sequence's newest events; all count as repeats."""
    target_positions: int = Field(16, ge=1)
    """The last positions of a sequence whose next item is learned."""
    within_sequence_weight: float = Field(0.3, ge=0, le=1)
    """Weight of positions before the last, whose next item is mostly in the same basket."""
    yes_no_weight: float = Field(1.0, gt=0)
    """Weight of the purchase and churn losses beside the next item's."""
    seed: int = Field(20170101, ge=0)
    timeout_seconds: int = Field(3600, gt=0)


class PromotionSettings(_Strict):
    bootstrap_rounds: int = Field(200, ge=20)
    popularity_days: tuple[int, ...] = Field((7, 28), min_length=1)
    """Look-back windows of the popularity baselines; a challenger must beat each."""
    logistic_rows: int = Field(200_000, ge=1)
    """Rows the logistic baseline is fitted on at most, by whole customers."""
    seed: int = 20170101


class ScoringSettings(_Strict):
    top_k: int = Field(20, ge=1)
    recommend_seen: bool = True
    """Whether items the customer already knows may be recommended (true for a grocer)."""
    active_days: int = Field(365, ge=1)
    """Customers silent for longer are not scored."""


class SimulateSettings(_Strict):
    seed: int = Field(20240101, ge=0)
    customers: int = Field(20_000, ge=1)
    items: int = Field(5_000, ge=1)
    categories: int = Field(40, ge=1)
    brands: int = Field(60, ge=1)
    zipf_exponent: float = Field(1.05, gt=0)
    new_customer_share: float = Field(0.3, ge=0, le=1)
    """Customers who join while the shop is open, rather than before."""
    mean_hazard: float = Field(0.004, gt=0, lt=1)
    """Mean probability that a customer leaves for good on any day."""
    mean_conversion: float = Field(0.12, gt=0, lt=1)
    """Mean share of visits that buy."""
    bots: int = Field(3, ge=0)
    bot_share: float = Field(0.02, ge=0, lt=1)
    """Of all events; shared by the bots."""
    duplicate_share: float = Field(0.005, ge=0, le=1)
    near_duplicate_share: float = Field(0.002, ge=0, le=1)
    late_share: float = Field(0.01, ge=0, le=1)
    late_days_at_most: int = Field(9, ge=1)
    broken_share: float = Field(0.003, ge=0, le=1)
    processes: int = Field(2, ge=1)


class Settings(_Strict):
    """All settings of a run."""

    profile: str
    lake: str
    landing: str
    registry: Path
    report: Path
    pseudonym_key_file: Path
    generate_local_key: bool = False
    sources: tuple[str, ...]
    ingest: IngestSettings = IngestSettings()
    clean: CleanSettings = CleanSettings()
    sessions: SessionSettings = SessionSettings()
    sequences: SequenceSettings = SequenceSettings()
    examples: ExampleSettings = ExampleSettings()
    training: TrainingSettings = TrainingSettings()
    promotion: PromotionSettings = PromotionSettings()
    scoring: ScoringSettings = ScoringSettings()
    simulate: SimulateSettings = SimulateSettings()

    @field_validator("registry", "report", "pseudonym_key_file", mode="before")
    @classmethod
    def _is_no_url(cls, value: object) -> object:
        # A Path would take hdfs://host/x for the folder "hdfs:" of this machine.
        if "://" in str(value):
            raise ValueError("a path the driver can open (mounted storage), not a URL")
        return value
