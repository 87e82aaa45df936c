"""Every setting: its meaning, bounds and default; training's and the simulated shop's lie apart."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from insight.settings.cleaning import CleanSettings
from insight.settings.examples import ExampleSettings
from insight.settings.maintenance import MaintenanceSettings
from insight.settings.promotion import PromotionSettings
from insight.settings.simulated import SimulateSettings
from insight.settings.strict import Days, Strict, refusals_of
from insight.settings.training import TrainingSettings, refuse_missing_vectors
from insight.settings.tuning import TuningSettings, refuse_impossible


class IngestSettings(Strict):
    allow_empty_day: bool = False
    max_malformed_share: float = Field(0.05, ge=0, le=1)
    """A column of a file with more unparsable values than this has changed its type."""
    max_undecodable_share: float = Field(0.01, ge=0, le=1)
    """A text file with more lines whose bytes are not valid in its declared encoding is refused:
    it is in another encoding. At most that many lines go to quarantine."""
    evolve_columns: bool = False
    """Whether columns that a source does not declare are ignored rather than refused."""
    accept_changed_files: bool = False
    """Whether a date that runs again takes files whose content has changed since it was read."""
    read_again: bool = False
    """Whether a date that runs again reads its files again, though none of them has changed: by a
    declaration that has."""
    crowd_share: float = Field(0.1, gt=0, le=1)
    """A customer id with a larger share of a delivery's events is probably a text for "nobody", or
    one id of every visitor: ingest warns. A small shop may have such a customer, so it goes on."""
    crowd_min_events: int = Field(1_000, ge=1)
    """In a delivery of fewer events a share says nothing."""


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
    quarter of that. A run that died on the same machine keeps no other run waiting."""
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

    @model_validator(mode="after")
    def _fit_together(self) -> "Settings":
        # Only here are all sections there, in whichever order they are declared.
        makes_some = self.text.encoder != "none" or self.clean.image_vector_length > 0
        with refusals_of("training", self.training):
            refuse_missing_vectors(self.training, makes_some=makes_some)
        with refusals_of("tuning", self.tuning):
            refuse_impossible(self.tuning.space, self.training)
        return self
