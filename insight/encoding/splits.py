"""The splits of the training examples, and which of them models and baselines learn from."""

from insight.settings import Settings

TRAIN, VALIDATION, RECALIBRATION = "train", "validation", "recalibration"


def learned_splits(settings: Settings) -> tuple[str, ...]:
    """The splits that a challenger learns from.

    Baselines learn from the same: a challenger with newer rows than its rival would win by its
    rows and not by its model.
    """
    if settings.training.recalibrate and settings.examples.recalibration_days:
        return TRAIN, VALIDATION, RECALIBRATION
    return TRAIN, VALIDATION
