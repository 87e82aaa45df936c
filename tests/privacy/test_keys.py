"""A key must come from a generator: what a person thinks up can be guessed."""

import base64
import secrets

import pytest

from insight.errors import SettingsError
from insight.privacy.keys import strong_enough

_GENERATED = {
    "openssl rand -hex 32": lambda: secrets.token_bytes(32).hex(),
    "openssl rand -hex 16": lambda: secrets.token_bytes(16).hex(),
    "openssl rand -base64 32": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "openssl rand -base64 64": lambda: base64.b64encode(secrets.token_bytes(64)).decode(),
    "secrets.token_urlsafe(32)": lambda: secrets.token_urlsafe(32),
    "a file of base64 of 2048 bytes": lambda: base64.b64encode(secrets.token_bytes(2048)).decode(),
}


@pytest.mark.parametrize("how", _GENERATED)
def test_generated_keys_pass(how: str) -> None:
    # Of 300,000 keys of 128 bits in hex three were refused: fifty are drawn again each run.
    keys = [_GENERATED[how]().encode() for _ in range(50)]
    assert [strong_enough(key, "key", next_step="none") for key in keys] == keys


def test_raw_bytes_pass() -> None:
    key = bytes.fromhex("00ff13a9c2887e5d41b6f0932c1a6ed7985bb4e03f7712cda06588e49b21fc3d")
    assert strong_enough(key, "key", next_step="none") == key


@pytest.mark.parametrize(
    ("key", "weakness"),
    [
        ("a" * 64, "repeat or count up"),
        ("0123456789abcdef" * 4, "repeat or count up"),
        ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH", "repeat or count up"),
        ("qwertyuiopasdfghjklzxcvbnm1234567890", "repeat or count up"),
        ("deadbeef" * 8, "again and again"),
        ("password123" * 4, "again and again"),
        ("another key, as long as they must be", "words with blanks"),
        ("the quick brown fox jumps over the lazy dog", "words with blanks"),
        ("correct-horse-battery-staple-for-our-shop", "75% of the entropy"),
        ("insight-production-pseudonym-key-2024-do-not-share", "83% of the entropy"),
        ("It_was_the_best_of_times_it_was_the_worst_of_times", "again and again"),
    ],
)
def test_keys_that_can_be_guessed_are_refused_without_being_shown(key: str, weakness: str) -> None:
    with pytest.raises(SettingsError, match=weakness) as refused:
        strong_enough(key.encode(), "pseudonym key", next_step="use `openssl rand -hex 32`")
    assert key not in str(refused.value)
    assert refused.value.exit_code == 2
