"""Secrets as they come from the environment or a file."""

import os

from insight.errors import SettingsError

PSEUDONYM_KEY = "INSIGHT_PSEUDONYM_KEY"
MODEL_KEY = "INSIGHT_MODEL_KEY"
FORMER_MODEL_KEY = "INSIGHT_FORMER_MODEL_KEY"
MINIMUM_KEY_BYTES = 32


def long_enough(secret: bytes, subject: str, *, next_step: str) -> bytes:
    """The secret, which is in no message.

    Args:
        secret: The key.
        subject: What it is and where it came from.
        next_step: For whoever has given a shorter one.

    Raises:
        SettingsError: It is too short to be a key.
    """
    if len(secret) < MINIMUM_KEY_BYTES:
        raise SettingsError(
            subject,
            found=f"{len(secret)} bytes",
            expected=f"at least {MINIMUM_KEY_BYTES}",
            next_step=next_step,
        )
    return secret


def without_secrets() -> dict[str, str]:
    """This process's environment for others, whose command lines may show it to everybody."""
    secrets = {PSEUDONYM_KEY, MODEL_KEY, FORMER_MODEL_KEY}
    return {name: value for name, value in os.environ.items() if name not in secrets}
