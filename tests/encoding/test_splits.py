"""Which splits models and baselines learn from."""

from pathlib import Path

import pytest

from insight.encoding.splits import learned_splits
from insight.settings import ExampleSettings, Settings, TrainingSettings


@pytest.mark.parametrize(
    ("recalibrate", "churn_days", "splits"),
    [
        (True, 30, ("train", "validation", "recalibration")),
        (False, 30, ("train", "validation")),
        # Nothing newer than validation is complete by the test.
        (True, 7, ("train", "validation")),
    ],
)
def test_the_splits_that_are_learned_from_follow_the_settings(
    recalibrate: bool, churn_days: int, splits: tuple[str, ...]
) -> None:
    settings = Settings(
        profile="test",
        lake="lake",
        landing="landing",
        registry=Path("registry"),
        report=Path("report"),
        pseudonym_key_file=Path("key"),
        sources=("shop",),
        training=TrainingSettings(recalibrate=recalibrate),
        examples=ExampleSettings(purchase_days=7, churn_days=churn_days),
    )
    assert learned_splits(settings) == splits
