"""Settings: what can be set (schema) and where it is read from (loading)."""

from insight.settings.loading import CONF, load_settings, parsed_yaml
from insight.settings.schema import (
    CleanSettings,
    ExampleSettings,
    FeatureSettings,
    IngestSettings,
    MaintenanceSettings,
    PromotionSettings,
    ScoringSettings,
    SequenceSettings,
    SessionSettings,
    Settings,
    TextSettings,
)
from insight.settings.simulated import SimulateSettings
from insight.settings.training import TrainingSettings

__all__ = [
    "CONF",
    "CleanSettings",
    "ExampleSettings",
    "FeatureSettings",
    "IngestSettings",
    "MaintenanceSettings",
    "PromotionSettings",
    "ScoringSettings",
    "SequenceSettings",
    "SessionSettings",
    "Settings",
    "SimulateSettings",
    "TextSettings",
    "TrainingSettings",
    "load_settings",
    "parsed_yaml",
]
