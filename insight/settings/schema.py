"""Every setting: its meaning, bounds and default; training's and the simulated shop's lie apart."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from insight.settings.dates import EARLIEST, LATEST
from insight.settings.examples import ExampleSettings
from insight.settings.maintenance import MaintenanceSettings
from insight.settings.promotion import PromotionSettings
from insight.settings.simulated import SimulateSettings
from insight.settings.strict import Days, Strict
from insight.settings.training import TrainingSettings, refuse_missing_vectors
from insight.settings.tuning import TuningSettings, refuse_impossible


class IngestSettings(Strict):
    allow_empty_day: bool = False
    max_malformed_share: float = Field(0.05, ge=0, le=1)
    """A column of a file with more unparsable values than this has changed its type."""
    evolve_columns: bool = False
    """Whether columns that a source does not declare are ignored rather than refused."""
    accept_changed_files: bool = False
    """Whether a date that runs again takes files whose content has changed since it was read."""


class CleanSettings(Strict):
    max_quarantined_share: float = Field(0.05, ge=0, le=1)
    """Of a kind of rows; repeats and bots do not count."""
    max_bot_share: float = Field(0.5, ge=0, le=1)
    """More than that is no bot beside people: rather, everybody has got one name."""
    future_hours: int = Field(0, ge=0, le=12)
    """Hours after the end of its date, in the feed's zone for dates, that a delivery may cover."""
    late_days: Days = Field(7, ge=0)
    """Events older than this before their file's first date are refused. A file read at most so
    many days after its date arrived late; training then counts its rows from the night that read
    it (docs/decisions/0012)."""
    earliest_event_date: date = Field(date(2000, 1, 1), ge=EARLIEST, le=LATEST)
    max_price: float = Field(100_000.0, gt=0)
    max_quantity: float = Field(100_000.0, gt=0)
    max_stock: float = Field(100_000_000.0, gt=0)
    max_text_length: int = Field(512, gt=0)
    """Characters of an id, country or campaign. Ids of orders and events are pseudonyms of up to
    33 characters with the source's name before them: below 64 sound rows are refused."""
    image_vector_length: int = Field(0, ge=0)
    """Numbers in every `image_vector` of a shop that delivers them; others are refused."""
    near_repeat_seconds: float = Field(1.0, ge=0, le=10)
    """The same event of a customer again within so long is one event; 0 asks for equal times."""
    max_events_per_customer_day: int = Field(2_000, gt=0)
    """A customer with more events in a day is taken for a bot."""
    bot_min_events: int = Field(500, gt=0)
    """With fewer events in a day nobody is a bot by the two limits below."""
    max_active_hours: int = Field(20, ge=1, le=24)
    """A customer with events in more hours of a day than this never sleeps."""
    max_customer_share: float = Field(0.2, gt=0, le=1)
    """Of one delivery's events; more is no single person's."""
    missing_price: Literal["drop", "impute"] = "impute"
    """A sale without a price: refused, or given the item's list price where there is one."""
    missing_quantity: Literal["drop", "impute"] = "drop"
    """A sale without a quantity: refused, or taken for one unit."""
    outliers: Literal["keep", "cap", "quarantine"] = "cap"
    """Prices and quantities of sales beyond their category's bounds."""
    outlier_rule: Literal["robust_z", "iqr"] = "robust_z"
    outlier_limit: float = Field(6.0, gt=0)
    """Robust deviations from the median, or interquartile ranges beyond the quartiles."""
    outlier_min_factor: float = Field(20.0, gt=1)
    """A value within this factor of the median is never an outlier."""
    outlier_min_rows: int = Field(30, ge=1)
    """A category with fewer sales in a delivery has no bounds."""
    price_shift: Literal["warn", "stop"] = "stop"
    """Action if the median price of a delivery or category, item by item against its own past,
    moves by `price_shift_factor` or more. `warn` keeps the rows; both count them in data_quality.
    New items, compared with their category's past alone, only ever warn."""
    price_shift_factor: float = Field(5.0, gt=1)
    """Factor, up or down; a slip of unit or currency exceeds it, a sale does not."""
    price_shift_min_items: int = Field(5, ge=1)
    """With fewer items to compare there is no shift."""
    price_days: Days = Field(35, ge=1)
    """Length in days of the past that prices are compared with; monthly deliveries need 31."""
    return_days: Days = Field(30, ge=1)
    """How far back a return looks for its purchase."""


class SessionSettings(Strict):
    gap_minutes: int = Field(30, gt=0, le=43_200)
    split_at_midnight: bool = False
    """Whether a visit ends with its day (UTC)."""
    split_at_campaign: bool = False
    """Whether a click on another campaign opens a new visit."""


class SequenceSettings(Strict):
    length: int = Field(64, ge=2)
    """Last events kept per customer. Raised, the older ones are there only in a fresh lake."""


class FeatureSettings(Strict):
    smoothing_days: Literal[1, 3, 5, 7, 9, 11, 13, 15] = 5
    """Odd width of the rolling median that an item's trend looks through; 1 for none."""
    scaling: Literal["standard", "min_max"] = "standard"
    """Features as z-scores, or between 0 and 1; fitted on the training window either way."""


class TextSettings(Strict):
    encoder: Literal["minilm", "none"] = "none"
    """Encoder of the items' texts, each text once. `training.item_vectors` reads the vectors."""
    batch_size: int = Field(64, ge=1)
    max_tokens: int = Field(128, ge=3, le=512)
    """Of a text; what is beyond them is not read."""


class CompressionSettings(Strict):
    """Whether a challenger is made smaller before it is judged."""

    form: Literal["none", "float16", "int8"] = "none"
    pruned_share: float = Field(0.0, ge=0, lt=1)
    """Share of each weight matrix, the smallest, that becomes 0."""
    least_overlap: float = Field(0.98, ge=0, le=1)
    """Of the 20 best items; with less the version stays whole."""
    ndcg_tolerance: float = Field(0.002, ge=0)
    """How far NDCG@10 may move."""
    ece_tolerance: float = Field(0.002, ge=0)
    """How far a task's expected calibration error may move."""


class ScoringSettings(Strict):
    top_k: int = Field(20, ge=1)
    recommend_seen: bool = True
    """Whether items that the customer has bought may be recommended (true for a grocer). If false,
    no list holds an item with an event of `seen_by` in the last `seen_days`. A model is trained
    for one of the two: set to true, it holds from the next training on."""
    seen_by: tuple[Literal["view", "cart", "purchase"], ...] = Field(("purchase",), min_length=1)
    """Events that make an item one that the customer has seen. A return does not undo them."""
    seen_days: Days = Field(365, ge=1)
    """Days back, up to the run date, in which such events count."""
    active_days: Days = Field(365, ge=1)
    """Customers silent for longer are not scored."""
    rescore: Literal["changed", "all"] = "changed"
    """Whether customers keep their score and list while nothing has changed about them."""
    max_age_days: Days = Field(7, ge=1)
    """A score is kept for fewer days than this, since it ignores the days that have passed. Each
    customer has a night of their own in every period of this length, so that every night rescores
    an equal share."""


class Settings(Strict):
    """All settings of a run."""

    profile: str
    lake: str = Field(min_length=1)
    landing: str = Field(min_length=1)
    registry: Path
    report: Path
    pseudonym_key_file: Path
    generate_local_key: bool = False
    signed_models: bool = False
    """Whether jobs refuse to begin without INSIGHT_MODEL_KEY, which proves who published what."""
    lake_lease_seconds: int = Field(300, ge=20, le=86_400)
    """How long a run that is not heard of keeps other runs from the lake. It renews its lease at a
    quarter of that. A run that is dead on the same machine keeps nobody waiting."""
    sources: tuple[str, ...] = Field(min_length=1)
    ingest: IngestSettings = IngestSettings()
    clean: CleanSettings = CleanSettings()
    sessions: SessionSettings = SessionSettings()
    sequences: SequenceSettings = SequenceSettings()
    features: FeatureSettings = FeatureSettings()
    examples: ExampleSettings = ExampleSettings()
    text: TextSettings = TextSettings()
    training: TrainingSettings = TrainingSettings()
    compression: CompressionSettings = CompressionSettings()
    promotion: PromotionSettings = PromotionSettings()
    scoring: ScoringSettings = ScoringSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    tuning: TuningSettings = TuningSettings()
    simulate: SimulateSettings = SimulateSettings()

    @field_validator("registry", "report", "pseudonym_key_file", mode="before")
    @classmethod
    def _is_no_url(cls, value: object) -> object:
        # A Path would take hdfs://host/x for the folder "hdfs:" of this machine.
        if value == "":
            raise ValueError("a path: an empty one would be the folder that the job is started in")
        if "://" in str(value):
            raise ValueError("a path the driver can open (mounted storage), not a URL")
        return value

    @field_validator("sources")
    @classmethod
    def _are_named_once(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(sources)) < len(sources):
            raise ValueError("every source once: its files would be read twice")
        return sources

    @field_validator("training")
    @classmethod
    def _has_vectors_to_read(
        cls, training: TrainingSettings, others: ValidationInfo
    ) -> TrainingSettings:
        # A section that was refused itself is missing here.
        text, clean = (others.data.get(name) for name in ("text", "clean"))
        if text is not None and clean is not None:
            makes_some = text.encoder != "none" or clean.image_vector_length > 0
            refuse_missing_vectors(training, makes_some=makes_some)
        return training

    @field_validator("tuning")
    @classmethod
    def _can_be_searched(cls, tuning: TuningSettings, others: ValidationInfo) -> TuningSettings:
        # Without it training itself was refused, which is told first.
        if "training" in others.data:
            refuse_impossible(tuning.space, others.data["training"])
        return tuning
