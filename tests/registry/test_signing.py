from datetime import date

import pytest

from insight.errors import ModelDamagedError, SettingsError
from insight.registry import Registry
from insight.registry.signing import KEY_VARIABLE, proved_hash, sealed, sign

VERSION, HASH, KEY, OTHER = "2017-11-01-abababab", "ab" * 32, "k" * 32, "o" * 32


@pytest.fixture
def sealed_with(monkeypatch):
    def sealed_by(key: str) -> dict[str, str]:
        monkeypatch.setenv(KEY_VARIABLE, key)
        seal = sealed(VERSION, HASH)
        monkeypatch.setenv(KEY_VARIABLE, KEY)
        return seal

    return sealed_by


def test_a_signed_version_is_proved_with_its_key_and_without_any(sealed_with, monkeypatch):
    seal = sealed_with(KEY)
    assert proved_hash(VERSION, seal) == HASH
    monkeypatch.delenv(KEY_VARIABLE)
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
    ],
)
def test_what_was_changed_in_the_database_is_refused(sealed_with, version, changed):
    with pytest.raises(ModelDamagedError):
        proved_hash(version, {**sealed_with(KEY), **changed})


def test_an_unsigned_version_is_refused_where_there_is_a_key(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    seal = sealed(VERSION, HASH)
    assert proved_hash(VERSION, seal) == HASH
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with pytest.raises(ModelDamagedError, match="no signature"):
        proved_hash(VERSION, seal)


def test_a_short_key_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "x" * 31)
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
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    version = publish()
    registry.promote(version.version, version.run_date, "beats its baselines")
    assert registry.champion(date(2017, 11, 1)) == version
    monkeypatch.setenv(KEY_VARIABLE, OTHER)
    with pytest.raises(ModelDamagedError, match="another key"):
        registry.champion(date(2017, 11, 1))
    with pytest.raises(ModelDamagedError, match="another key"):
        sign(registry, version.version)
    # A night then trains anew instead of going on with what somebody else made.
    assert registry.find_same(version.run_date, HASH) is None


def test_a_version_from_before_there_was_a_key_is_signed_once_its_files_are_proved(
    published, monkeypatch
):
    registry, publish = published
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    version = publish()
    with pytest.raises(SettingsError, match=KEY_VARIABLE):
        sign(registry, version.version)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with pytest.raises(ModelDamagedError, match="--sign"):
        registry.verify(version.version)
    shape = version.folder / "shape.json"
    shape.write_text("other")
    with pytest.raises(ModelDamagedError, match=r"shape\.json"):
        sign(registry, version.version)
    shape.write_text("{}")
    sign(registry, version.version)
    assert registry.verify(version.version) == version
