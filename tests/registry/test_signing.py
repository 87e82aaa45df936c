import shutil
from datetime import date

import pytest

from insight.errors import ModelDamagedError, SettingsError
from insight.launch import open_run
from insight.privacy.keys import FORMER_MODEL_KEY, MODEL_KEY
from insight.registry import Registry
from insight.registry.signing import proved_hash, refuse_missing_key, sealed, sign
from insight.settings import load_settings

VERSION, HASH = "2017-11-01-abababab", "ab" * 32
KEY = "3f9c61b07ad2e8541c7be0936fa8d2154e7b90c3a6f1d8252be47c09f3a6d81e"
OTHER = "c05d7e1f93ab4682de70b5fc182946a3eb7d0f52c8914a6e37fd1b85e02c96a4"


@pytest.fixture
def sealed_with(monkeypatch):
    def sealed_by(key: str) -> dict[str, str]:
        monkeypatch.setenv(MODEL_KEY, key)
        seal = sealed(VERSION, HASH)
        monkeypatch.setenv(MODEL_KEY, KEY)
        return seal

    return sealed_by


def test_a_signed_version_is_proved_with_its_key_and_without_any(sealed_with, monkeypatch):
    seal = sealed_with(KEY)
    assert proved_hash(VERSION, seal) == HASH
    monkeypatch.delenv(MODEL_KEY)
    assert proved_hash(VERSION, seal) == HASH


def test_a_signature_with_another_key_is_refused(sealed_with):
    with pytest.raises(ModelDamagedError, match="another key"):
        proved_hash(VERSION, sealed_with(OTHER))


@pytest.mark.parametrize(
    ("version", "changed"),
    [
        (VERSION, {"manifest_sha256": "cd" * 32}),
        ("2017-11-02-abababab", {}),
        (VERSION, {"signature": "0" * 64}),
        (VERSION, {"signature": "\u00e9"}),
    ],
)
def test_what_was_changed_in_the_database_is_refused(sealed_with, version, changed):
    with pytest.raises(ModelDamagedError):
        proved_hash(version, {**sealed_with(KEY), **changed})


def test_an_unsigned_version_is_refused_where_there_is_a_key(monkeypatch):
    monkeypatch.delenv(MODEL_KEY, raising=False)
    seal = sealed(VERSION, HASH)
    assert proved_hash(VERSION, seal) == HASH
    monkeypatch.setenv(MODEL_KEY, KEY)
    with pytest.raises(ModelDamagedError, match="no signature"):
        proved_hash(VERSION, seal)


def test_a_short_key_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv(MODEL_KEY, "x" * 31)
    with pytest.raises(SettingsError, match="found 31 bytes") as refused:
        sealed(VERSION, HASH)
    assert "x" * 31 not in str(refused.value)


@pytest.fixture
def published(tmp_path):
    """A registry, and what publishes a version there."""
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "shape.json").write_text("{}")
    registry = Registry(tmp_path / "registry")
    facts = {"run_date": "2017-11-01", "inputs_hash": HASH}
    return registry, lambda: registry.publish(tmp_path / "prepared", facts, {})


def test_a_registry_serves_no_version_that_was_signed_by_others(published, monkeypatch):
    registry, publish = published
    monkeypatch.setenv(MODEL_KEY, KEY)
    version = publish()
    registry.promote(version.version, version.run_date, "beats its baselines")
    assert registry.champion(date(2017, 11, 1)) == version
    monkeypatch.setenv(MODEL_KEY, OTHER)
    with pytest.raises(ModelDamagedError, match="another key"):
        registry.champion(date(2017, 11, 1))
    with pytest.raises(ModelDamagedError, match="another key"):
        sign(registry, version.version)
    assert registry.find_same(version.run_date, HASH) is None
    # What nobody can prove is taken out of service, though it be the champion.
    registry.archive(version.version, version.run_date, "signed by nobody we know")
    assert registry.champion_or_none(date(2017, 11, 1)) is None


def test_a_changed_key_is_heard_beside_the_former_one_until_all_is_signed_anew(
    published, monkeypatch
):
    registry, publish = published
    monkeypatch.setenv(MODEL_KEY, OTHER)
    version = publish()
    monkeypatch.setenv(MODEL_KEY, KEY)
    monkeypatch.setenv(FORMER_MODEL_KEY, OTHER)
    assert registry.verify(version.version) == version
    # Once is enough, and leaves one line on the trail.
    for _ in range(2):
        sign(registry, version.version)
    monkeypatch.delenv(FORMER_MODEL_KEY)
    assert registry.verify(version.version) == version
    (noted,) = registry.decisions()
    assert (noted.kind, noted.reason) == ("signed", "the key has changed")
    assert registry.champion_or_none(version.run_date) is None


def test_what_others_change_in_the_copy_before_it_is_signed_is_not_signed(published, monkeypatch):
    _, publish = published
    monkeypatch.setenv(MODEL_KEY, KEY)
    copied = shutil.copytree

    def copied_and_changed(source, target):
        copied(source, target)
        (target / "shape.json").write_text("theirs")

    monkeypatch.setattr(shutil, "copytree", copied_and_changed)
    with pytest.raises(ModelDamagedError, match=r"shape\.json"):
        publish()


def test_where_versions_must_be_signed_nothing_begins_without_a_key(monkeypatch):
    monkeypatch.setenv(MODEL_KEY, "")
    with pytest.raises(SettingsError, match=MODEL_KEY):
        refuse_missing_key()
    settings = load_settings("local", overrides={"signed_models": True})
    with pytest.raises(SettingsError, match=MODEL_KEY):
        open_run(None, settings, date(2017, 11, 1))
    monkeypatch.setenv(MODEL_KEY, KEY)
    refuse_missing_key()


def test_a_version_from_before_there_was_a_key_is_signed_once_its_files_are_proved(
    published, monkeypatch
):
    registry, publish = published
    monkeypatch.delenv(MODEL_KEY, raising=False)
    version = publish()
    with pytest.raises(SettingsError, match=MODEL_KEY):
        sign(registry, version.version)
    monkeypatch.setenv(MODEL_KEY, KEY)
    with pytest.raises(ModelDamagedError, match="no signature"):
        registry.verify(version.version)
    shape = version.folder / "shape.json"
    shape.write_text("other")
    with pytest.raises(ModelDamagedError, match=r"shape\.json"):
        sign(registry, version.version)
    shape.write_text("{}")
    sign(registry, version.version)
    assert registry.verify(version.version) == version
