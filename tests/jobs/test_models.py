"""The job that shows the models, rolls back and archives."""

from datetime import date

import pytest

from insight.registry import Registry
from insight.registry.schedule import record_refusal
from jobs import models


@pytest.fixture
def registry(tmp_path, monkeypatch, logs_as_before):
    settings = models.load_settings("local", overrides={"registry": str(tmp_path / "registry")})
    monkeypatch.setattr(models, "load_settings", lambda _: settings)
    registry = Registry(settings.registry)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "shape.json").write_text("{}")
    for day in (date(2017, 11, 1), date(2017, 11, 8)):
        facts = {"run_date": day.isoformat(), "inputs_hash": "ab" * 32}
        version = registry.publish(
            tmp_path / "prepared", facts, {"validation.purchase.auc": 0.8125}
        )
        registry.promote(version.version, day, "beats its baselines")
    return registry


def test_it_rolls_back_shows_why_and_archives(registry, capsys):
    assert models.main(["--roll-back", "--reason", "refunds as sales", "--date", "2017-11-09"]) == 0
    assert registry.champion(date(2017, 11, 9)).version == "2017-11-01-abababab"
    assert "refunds as" in capsys.readouterr().out
    assert models.main(["--archive", "2017-11-08-abababab", "--reason", "wrong"]) == 0
    assert models.main(["--archive", "2017-11-01-abababab", "--reason", "wrong"]) == 2
    assert "it is the champion" in capsys.readouterr().err


def test_what_training_measured_is_shown_of_versions_promoted_or_not(registry, tmp_path, capsys):
    facts = {"run_date": "2017-11-15", "inputs_hash": "cd" * 32}
    poor = registry.publish(tmp_path / "prepared", facts, {"validation.churn.auc": 0.75})
    damaged = registry.publish(tmp_path / "prepared", facts | {"inputs_hash": "ef" * 32}, {})
    (damaged.folder / "shape.json").write_text("other")
    reason = "lost head: the champion answers campaign"
    record_refusal(registry, poor, poor.run_date, reason)
    record_refusal(registry, poor, poor.run_date, reason)
    assert models.main([]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.count("refused in the night of") == 1
    assert "lost head" in shown
    assert shown.count("trained, not") == 1
    assert shown.count("0.812") == 2
    assert shown.count("0.750") == 1
    assert "not proved" in shown


def test_without_a_date_it_holds_from_the_newest_night_of_the_shop(registry):
    assert models.main(["--roll-back", "--reason", "refunds as sales"]) == 0
    assert registry.champion(date(2017, 11, 8)).version == "2017-11-01-abababab"


def test_a_change_without_a_reason_is_none(registry):
    with pytest.raises(SystemExit):
        models.main(["--roll-back"])
    assert [decision.kind for decision in registry.decisions()] == ["promoted"] * 2


def test_a_version_that_is_none_is_named(registry, capsys):
    assert models.main(["--promote", "2017-12-01-00000000", "--reason", "x"]) == 2
    assert "2017-12-01-00000000" in capsys.readouterr().err


def test_the_profile_of_the_environment_names_the_registry(registry, monkeypatch):
    profiles, settings = [], models.load_settings("local")

    def recorded(profile):
        profiles.append(profile)
        return settings

    monkeypatch.setattr(models, "load_settings", recorded)
    monkeypatch.setenv("INSIGHT_PROFILE", "cluster")
    assert models.main([]) == 0
    assert models.main(["--profile", "simulated"]) == 0
    assert profiles == ["cluster", "simulated"]
