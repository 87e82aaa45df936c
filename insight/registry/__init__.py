"""What a model version is: published once, verified at every use, champion by date."""

from insight.registry.registry import Registry
from insight.registry.version import ModelVersion

__all__ = ["ModelVersion", "Registry"]
