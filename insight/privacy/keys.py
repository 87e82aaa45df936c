"""Secrets from the environment or a file, and the least strength they must have."""

import math
import os
from collections import Counter
from functools import cache
from itertools import pairwise

from insight.errors import SettingsError

PSEUDONYM_KEY = "INSIGHT_PSEUDONYM_KEY"
MODEL_KEY = "INSIGHT_MODEL_KEY"
FORMER_MODEL_KEY = "INSIGHT_FORMER_MODEL_KEY"
MINIMUM_KEY_BYTES = 32

_LOOKED_AT = 256
"""Characters of a longer key, such as a PEM file, that the estimate reads."""
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_LEAST_HEX_SHARE, _LEAST_SHARE = 0.7, 0.85
_LEAST_DISTINCT_TRIPLES = 0.75
_MOST_EQUAL_STEPS = 0.35
"""Bounds measured on generated keys and on phrases: docs/decisions/0015-sensitive-data.md."""


def strong_enough(secret: bytes, subject: str, *, next_step: str) -> bytes:
    """Return the secret if it is long enough and looks generated.

    The estimate cannot prove that a key is random. It refuses constants, repeated blocks,
    counted-up characters, keyboard rows and phrases, which a list of words or a few rules guess.

    Args:
        secret: The key. No message contains it.
        subject: Which key it is and where it comes from.
        next_step: What to do about a weak key.

    Raises:
        SettingsError: The key is too short, or its characters can be guessed.
    """
    if len(secret) < MINIMUM_KEY_BYTES:
        weakness = f"{len(secret)} bytes"
        expected = f"at least {MINIMUM_KEY_BYTES}"
    else:
        weakness = _weakness(secret.decode("latin-1"))
        expected = "characters from a random generator"
    if weakness:
        raise SettingsError(subject, found=weakness, expected=expected, next_step=next_step)
    return secret


def without_secrets() -> dict[str, str]:
    """This process's environment for others, whose command lines may show it to everybody."""
    secrets = {PSEUDONYM_KEY, MODEL_KEY, FORMER_MODEL_KEY}
    return {name: value for name, value in os.environ.items() if name not in secrets}


def _weakness(text: str) -> str:
    """Why a key can be guessed; empty if it looks generated."""
    text = text[:_LOOKED_AT]
    if text.isascii() and len(text.split()) > 1:
        return "words with blanks between them"
    steps = Counter(ord(after) - ord(before) for before, after in pairwise(text))
    if max(steps.values()) > _MOST_EQUAL_STEPS * steps.total():
        return "characters that repeat or count up"
    triples = [text[start : start + 3] for start in range(len(text) - 2)]
    if len(set(triples)) < _LEAST_DISTINCT_TRIPLES * len(triples):
        return "the same characters again and again"
    is_hex = set(text) <= _HEX_DIGITS
    share = _entropy_bits(text) / _random_entropy_bits(len(text), alphabet=16 if is_hex else 64)
    if share < (_LEAST_HEX_SHARE if is_hex else _LEAST_SHARE):
        return f"{share:.0%} of the entropy that generated characters have"
    return ""


def _entropy_bits(text: str) -> float:
    """Shannon entropy per character of the text's own frequencies, in bits."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


@cache
def _random_entropy_bits(length: int, *, alphabet: int) -> float:
    """Expected ``_entropy_bits`` of a random text: each character's count is binomial."""
    p = 1 / alphabet
    terms = (
        math.comb(length, n) * p**n * (1 - p) ** (length - n) * n / length * math.log2(n / length)
        for n in range(1, length + 1)
    )
    return -alphabet * sum(terms)
