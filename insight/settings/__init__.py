"""Settings: what can be set (schema) and where it is read from (loading)."""

from insight.settings.cleaning import CleanSettings
from insight.settings.dates import date_given
from insight.settings.examples import ExampleSettings
from insight.settings.launching import LaunchSettings
from insight.settings.loading import CONF, load_settings, parsed_yaml, read_yaml
from insight.settings.maintenance import MaintenanceSettings
from insight.settings.promotion import PromotionSettings
from insight.settings.schema import (
    CompressionSettings,
    FeatureSettings,
    IngestSettings,
    ScoringSettings,
    SequenceSettings,
    SessionSettings,
    Settings,
    TextSettings,
)
from insight.settings.simulated import SimulateSettings
from insight.settings.strict import CurrencyCode
from insight.settings.training import TrainingSettings
from insight.settings.tuning import Choices, Span, TuningSettings

__all__ = [
    "CONF",
    "Choices",
    "CleanSettings",
    "CompressionSettings",
    "CurrencyCode",
    "ExampleSettings",
    "FeatureSettings",
    "IngestSettings",
    "LaunchSettings",
    "MaintenanceSettings",
    "PromotionSettings",
    "ScoringSettings",
    "SequenceSettings",
    "SessionSettings",
    "Settings",
    "SimulateSettings",
    "Span",
    "TextSettings",
    "TrainingSettings",
    "TuningSettings",
    "date_given",
    "load_settings",
    "parsed_yaml",
    "read_yaml",
]
