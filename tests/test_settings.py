"""Settings: layers over each other, and no name that nobody reads."""

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from insight.errors import SettingsError
from insight.settings import Settings, date_given, load_settings

BASE = """
sources: [shop]
lake: lake
landing: landing
registry: registry
report: report
pseudonym_key_file: key
training:
  ranks: 2
  width: 32
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "base.yml").write_text(BASE)
    (tmp_path / "small.yml").write_text("training:\n  ranks: 1\n")
    return tmp_path


def test_a_profile_lies_over_base_and_leaves_the_rest(conf: Path) -> None:
    training = load_settings("small", conf=conf).training
    assert (training.ranks, training.width) == (1, 32)


def test_the_environment_lies_over_the_profile_and_arguments_over_both(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHT_SET_TRAINING__RANKS", "3")
    monkeypatch.setenv("INSIGHT_SET_TRAINING__WIDTH", "48")
    training = load_settings("small", conf=conf, overrides={"training.ranks": 4}).training
    assert (training.ranks, training.width) == (4, 48)


def test_a_typo_is_refused_with_the_nearest_known_name(conf: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings("small", conf=conf, overrides={"training.rank": 1})
    assert refused.value.subject == "setting training.rank (profile small)"
    assert refused.value.next_step == "write 'ranks' instead"
    assert refused.value.exit_code == 2


def test_a_name_like_no_other_is_to_be_removed(conf: Path) -> None:
    with pytest.raises(SettingsError, match="remove it"):
        load_settings("small", conf=conf, overrides={"zzz": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("training.ranks", 0),
        ("clean.max_quarantined_share", 1.5),
        ("sessions.gap_minutes", "half an hour"),
        ("training", 3),
        ("training.encoder", "lstm"),
        ("sources", []),
        ("sources", ["shop", "shop"]),
        ("lake", ""),
        ("report", ""),
        # True is 1 to Python, and a number of seconds is a date to Pydantic.
        ("training.ranks", True),
        ("training.learning_rate", True),
        ("features.smoothing_days", True),
        ("promotion.popularity_days", [True, 28]),
        ("promotion.popularity_days", [0]),
        ("promotion.popularity_days", []),
        ("clean.earliest_event_date", 0),
        ("clean.max_price", math.inf),
        ("clean.max_price", 1e12),
        ("clean.currency", "eur"),
        ("clean.outlier_limit", math.nan),
        ("simulate.zipf_exponent", -math.inf),
        ("clean.earliest_event_date", date(1, 1, 1)),
        ("clean.earliest_event_date", date(9999, 12, 31)),
        ("clean.late_days", 3651),
        ("training.batch_size", 2**31),
        ("tuning.space", {}),
        ("lake_lease_seconds", 19),
        # The pseudonym of an order, with the source's name before it, is longer.
        ("clean.max_text_length", 63),
    ],
)
def test_a_value_out_of_its_bounds_is_named(conf: Path, name: str, value: object) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings("small", conf=conf, overrides={name: value})
    assert name in refused.value.subject
    assert refused.value.exit_code == 2
    # Of a list, the element that is wrong may be named alone.
    assert refused.value.found in (
        repr(value),
        *map(repr, value if isinstance(value, list) else ()),
    )


@pytest.mark.parametrize(
    ("space", "problem"),
    [
        ({"learning_rate": {"low": 0, "high": 1}}, "learning_rate = 0 is impossible"),
        ({"encoder": {"choices": ["gru", "lstm"]}}, "encoder = lstm is impossible"),
        ({"wdth": {"choices": [64]}}, "wdth cannot be searched; one of .*width"),
        ({"ranks": {"choices": [1, 2]}}, "ranks cannot be searched"),
        ({"width": {"low": 64, "high": 32}}, "low below high"),
        ({"width": {"low": 32, "high": 64, "step": 8}}, "step"),
    ],
)
def test_what_training_would_refuse_is_not_searched(
    conf: Path, space: dict[str, object], problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_settings("small", conf=conf, overrides={"tuning.space": space})


def test_whole_numbers_are_searched_among_whole_numbers(conf: Path) -> None:
    space = {"width": {"low": 32, "high": 64}, "dropout": {"low": 0.0, "high": 0.5}}
    found = load_settings("small", conf=conf, overrides={"tuning.space": space}).tuning.space
    assert isinstance(found["width"].low, int) and isinstance(found["dropout"].low, float)
    assert found["dropout"].holds(0.3) and not found["dropout"].holds(0.6)


def test_a_missing_setting_is_named(conf: Path) -> None:
    (conf / "base.yml").write_text(BASE.replace("lake: lake\n", ""))
    with pytest.raises(SettingsError, match="setting lake"):
        load_settings("small", conf=conf)


@pytest.mark.parametrize("profile", ["smal", "../small", "sources/shop"])
def test_only_a_profile_that_is_there_is_read(conf: Path, profile: str) -> None:
    (conf / "sources").mkdir()
    (conf / "sources" / "shop.yml").write_text("training: {ranks: 1}")
    inner = conf / "inner"
    inner.mkdir()
    (inner / "base.yml").write_text(BASE)
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(profile, conf=conf if profile != "../small" else inner)


@pytest.mark.parametrize("text", ["- a list", "just words", "a: [unclosed"])
def test_a_file_that_is_no_mapping_is_refused_by_name(conf: Path, text: str) -> None:
    (conf / "small.yml").write_text(text)
    with pytest.raises(SettingsError, match=r"settings file .*small\.yml"):
        load_settings("small", conf=conf)


@pytest.mark.parametrize(
    "text",
    [b"examples: {from: 2024-02-30}", b"training: {ranks: %s}" % (b"9" * 5000), b"lake: caf\xe9"],
    ids=["no such date", "a number too long", "Latin-1"],
)
def test_a_value_that_yaml_cannot_hold_is_refused_with_its_file(conf: Path, text: bytes) -> None:
    (conf / "small.yml").write_bytes(text)
    with pytest.raises(SettingsError, match=r"small\.yml") as refused:
        load_settings("small", conf=conf)
    assert refused.value.exit_code == 2


def test_a_broken_value_in_the_environment_is_refused_by_name(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHT_SET_TRAINING__RANKS", "[1")
    with pytest.raises(SettingsError, match="INSIGHT_SET_TRAINING__RANKS"):
        load_settings("small", conf=conf)


@pytest.mark.parametrize("profile", ["local", "cluster", "online_retail", "simulated"])
def test_every_shipped_profile_loads(profile: str) -> None:
    assert load_settings(profile, conf=Path(__file__).parents[1] / "conf").profile == profile


def test_every_number_refuses_what_is_none_and_every_flag_takes_both() -> None:
    """All settings by their annotation, so that a new one is held to the same rules."""
    given = {"profile": "small", **yaml.safe_load(BASE)}
    for name, annotation in _leaves(Settings):
        wrong = {int: (True, math.inf, 10**30), float: (True, math.inf, -math.inf, math.nan)}
        for value in wrong.get(annotation, ()):
            with pytest.raises(ValidationError, match=name):
                Settings.model_validate(_with(given, name, value))
        for value in (True, False) if annotation is bool else ():
            Settings.model_validate(_with(given, name, value))


def _with(given: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    section, _, rest = name.partition(".")
    return {**given, section: _with(given.get(section, {}), rest, value) if rest else value}


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.annotation


@pytest.mark.parametrize("text", ["2024-02-30", "0000-01-01", "[" * 1500])
def test_yaml_that_python_cannot_hold_is_refused_by_name(conf: Path, text: str) -> None:
    (conf / "small.yml").write_text(f"clean:\n  earliest_event_date: {text}\n")
    with pytest.raises(SettingsError, match=r"settings file .*small\.yml"):
        load_settings("small", conf=conf)


def test_a_file_in_another_encoding_is_refused_by_name(conf: Path) -> None:
    (conf / "small.yml").write_bytes("lake: Käse".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"settings file .*small\.yml"):
        load_settings("small", conf=conf)


@pytest.mark.parametrize("day", ["1971-01-01", "2024-02-29", "2200-01-01"])
def test_dates_within_the_bounds_are_taken(day: str) -> None:
    assert date_given("--date", day).isoformat() == day


@pytest.mark.parametrize(
    "day", ["0001-01-01", "1970-12-31", "2200-01-02", "9999-12-31", "2024-02-30", "20240310", ""]
)
def test_dates_that_are_none_or_far_away_are_refused(day: str) -> None:
    with pytest.raises(SettingsError, match=f"argument --date: found '{day}'") as refused:
        date_given("--date", day)
    assert refused.value.exit_code == 2


def test_settings_cannot_be_changed_after_they_are_read(conf: Path) -> None:
    settings = load_settings("small", conf=conf)
    with pytest.raises(ValueError, match="frozen"):
        settings.lake = "elsewhere"
