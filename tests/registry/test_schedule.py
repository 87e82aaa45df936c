"""When a challenger is due, and which attempt on the champion it is."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from insight.registry.schedule import attempts_on, record_refusal, why_not_train
from insight.registry.trail import Decision, Kind, decided, why_left
from insight.registry.version import ModelVersion
from insight.settings import ExampleSettings, TrainingSettings

WEEKLY = TrainingSettings().every_days
WINDOW = ExampleSettings().test_days(("purchase", "churn", "campaign", "next_item"))
WITHOUT_CAMPAIGNS = ExampleSettings().test_days(("purchase", "churn", "next_item"))
FIRST = date(2024, 1, 1)


@dataclass
class Models:
    """A champion from the first night, and a trail."""

    champion: ModelVersion | None
    trail: list[Decision] = field(default_factory=list)

    def champion_or_none(self, as_of: date) -> ModelVersion | None:
        return self.champion if as_of >= FIRST else None

    def decisions(self) -> list[Decision]:
        return self.trail

    def note(self, decision: Decision) -> None:
        self.trail.append(decision)


def version_of(name: str, night: date) -> ModelVersion:
    return ModelVersion(name, Path(), {"run_date": night.isoformat()}, {}, "")


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


def decision(kind: Kind, version: str, number: int) -> Decision:
    return decided(kind, version, night(number), "why", None)


@pytest.fixture
def models() -> Models:
    return Models(version_of("old", FIRST), [decision("promoted", "old", 0)])


def test_without_a_champion_every_night_trains() -> None:
    none = Models(None, [decision("refused", "poor", 5)])
    assert why_not_train(none, night(6), every_days=7) is None


def test_a_young_champion_is_left_alone(models: Models) -> None:
    assert "old is 6 days old" in (why_not_train(models, night(6), every_days=7) or "")
    assert why_not_train(models, night(7), every_days=7) is None


def test_a_refused_challenger_is_not_followed_by_another_the_next_night(models: Models) -> None:
    record_refusal(models, version_of("poor", night(7)), night(7), "no better")
    # The night itself may be run again.
    assert why_not_train(models, night(7), every_days=7) is None
    reason = why_not_train(models, night(8), every_days=7)
    assert reason == "challenger poor was refused 1 days ago; a new one is trained every 7 days"
    assert "6 days ago" in (why_not_train(models, night(13), every_days=7) or "")
    assert why_not_train(models, night(14), every_days=7) is None


def test_the_first_and_every_later_attempt_share_data_with_as_many_others(models: Models) -> None:
    numbers, counted = [], []
    for number in range(1, 101):
        if why_not_train(models, night(number), every_days=WEEKLY) is None:
            for window, found in ((WINDOW, numbers), (WITHOUT_CAMPAIGNS, counted)):
                found.append(
                    attempts_on(
                        "old",
                        models.trail,
                        night(number),
                        test_days=window,
                        every_days=WEEKLY,
                    )
                )
            record_refusal(
                models,
                version_of(f"challenger {number}", night(number)),
                night(number),
                "no better",
            )
    # Fourteen weekly attempts: 60 days hold nine of them, the 30 days without campaigns five.
    assert (WINDOW, WITHOUT_CAMPAIGNS, WEEKLY) == (60, 30, 7)
    assert numbers == [9] * 14
    assert counted == [5] * 14


def test_more_attempts_than_planned_count_as_they_are(models: Models) -> None:
    models.trail += [decision("refused", f"daily {number}", number) for number in range(1, 21)]
    tonight = night(21)
    weekly = attempts_on("old", models.trail, tonight, test_days=WINDOW, every_days=WEEKLY)
    assert weekly == 21
    daily = attempts_on("old", models.trail, tonight, test_days=WINDOW, every_days=1)
    assert daily == WINDOW


def test_a_refusal_is_recorded_once_whatever_a_rerun_does(models: Models) -> None:
    for _ in range(2):
        record_refusal(models, version_of("poor", night(7)), night(7), "no better")
    assert [each.kind for each in models.trail] == ["promoted", "refused"]
    assert (models.trail[1].version, models.trail[1].run_date) == ("poor", "2024-01-08")


def test_a_refusal_does_not_take_a_rollback_back(models: Models) -> None:
    models.trail += [decision("rolled_back", "v", 3), decision("refused", "v", 4)]
    assert why_left("v", models.trail) == "why"


def test_attempts_are_counted_since_the_champion_came_and_before_the_night(models: Models) -> None:
    # A month between attempts: windows of 30 days do not share a day as planned.
    def count(champion: str, number: int) -> int:
        return attempts_on(
            champion,
            models.trail,
            night(number),
            test_days=WITHOUT_CAMPAIGNS,
            every_days=WITHOUT_CAMPAIGNS,
        )

    models.trail += [
        decision("promoted", "new", 20),
        decision("refused", "before", 14),
        decision("refused", "first", 27),
        decision("refused", "first", 27),
        decision("signed", "second", 33),
        decision("refused", "tonight", 34),
        decision("refused", "later", 41),
    ]
    assert count("new", 34) == 2
    # A rollback to the first champion: every challenger since then was held against it.
    assert count("old", 34) == 4
    assert count("new", 57) == 3
    assert count("new", 90) == 1
