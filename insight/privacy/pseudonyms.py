"""Keyed pseudonyms: HMAC-SHA256 of the shop's own ids, made before the first write.

Customers are named by the key itself. Every other kind of id has a key of its own, derived from
it, so that an order and a customer with one number share no pseudonym (domain separation as in
RFC 5869, section 3.2).

The key never enters a query plan: it travels inside the function's pickled bytes, so neither
``explain`` nor the Spark UI can show it.
"""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pyspark.sql import Column
from pyspark.sql.pandas.functions import pandas_udf

from insight.errors import SettingsError
from insight.logs import logger
from insight.privacy.keys import MINIMUM_KEY_BYTES, PSEUDONYM_KEY, strong_enough

log = logger(__name__)

_BLOCK_BYTES = 64
"""Block size of SHA-256."""

PSEUDONYM_HEX_DIGITS = 32
"""128 of the 256 bits: RFC 2104, section 5, allows truncation to half the hash."""

CUSTOMER_ID = "customer_id"

UNCLEAN = "\ufffd"
"""Stands before the pseudonym of an id that cleaning must refuse: see ``pseudonymised``."""

LONGEST_ID = 512
"""Characters of an id; with more, a file has slipped into the field."""

_NOT_IN_AN_ID = re.compile("[\x00-\x1f\ufffd]")
"""Control characters, and what stands for broken UTF-8."""


@dataclass(frozen=True)
class PseudonymKey:
    """A secret and the name it goes by. The secret is in no representation of this object."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Names the key without revealing it: 12 hex digits of a labelled hash."""
        return hashlib.sha256(b"insight pseudonym key id" + self.secret).hexdigest()[:12]

    def secret_for(self, kind: str) -> bytes:
        """The secret that ids of one kind are hashed with; customers take the key itself."""
        if kind == CUSTOMER_ID:
            return self.secret
        return hmac.digest(self.secret, f"insight pseudonyms of {kind}".encode(), "sha256")

    def pseudonym(self, value: str, *, kind: str = CUSTOMER_ID) -> str:
        """The pseudonym of one id: 32 hex digits."""
        return _keyed_hash(self.secret_for(kind))(value)


def load_key(
    key_file: Path,
    *,
    may_generate: bool,
    wanted: str = "the key this lake's ids were pseudonymised with",
) -> PseudonymKey:
    """The key from the environment, else from ``key_file``, else, if allowed, a new one.

    Args:
        key_file: File of the key.
        may_generate: Whether to make the file if there is no key.
        wanted: Which key an error asks for.

    Raises:
        SettingsError: There is no key and none may be made, or it is weak.
    """
    from_environment = os.environ.get(PSEUDONYM_KEY)
    if from_environment:
        return _checked(from_environment.encode(), f"the environment variable {PSEUDONYM_KEY}")
    if key_file.is_file():
        return _checked(key_file.read_bytes().strip(), f"key file {key_file}")
    if not may_generate:
        raise SettingsError(
            "pseudonym key",
            found=f"neither {PSEUDONYM_KEY} in the environment nor the file {key_file}",
            expected=wanted,
            next_step="restore the key from your secret store",
        )
    if _create(key_file):
        log.warning(
            "generated a local pseudonym key: keep it, customers cannot be matched without it",
            file=str(key_file),
        )
    return load_key(key_file, may_generate=False)


def _create(key_file: Path) -> bool:
    """Write a new key, whole or not at all; the key of another run that was faster stays.

    Returns:
        Whether the file is this run's.
    """
    key_file.parent.mkdir(parents=True, exist_ok=True)
    # Its owner alone may read the temporary file.
    descriptor, written = tempfile.mkstemp(prefix=f".{key_file.name}.", dir=key_file.parent)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(MINIMUM_KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        # A rename would replace the other run's key; a link fails.
        os.link(written, key_file)
    except FileExistsError:
        return False
    finally:
        Path(written).unlink()
    return True


def pseudonymised(ids: Column, key: PseudonymKey, *, kind: str = CUSTOMER_ID) -> Column:
    """The pseudonyms of a column of ids, 32 hex digits each; null stays null.

    What is wrong with an id cannot be seen in its hash. An id that holds control characters,
    broken UTF-8 or more than ``LONGEST_ID`` characters therefore has ``UNCLEAN`` before its
    pseudonym, and the rule ``text_not_clean`` refuses the row. Customers have no such rule.

    Args:
        ids: The raw ids.
        key: The lake's key.
        kind: The canonical column they belong to; each kind has pseudonyms of its own.
    """
    secret = key.secret_for(kind)
    may_be_unclean = kind != CUSTOMER_ID

    @pandas_udf("string")  # type: ignore[call-overload, untyped-decorator]
    def pseudonymise(raw: pd.Series) -> pd.Series:  # type: ignore[type-arg]
        digest = _keyed_hash(secret)
        # A customer has many events in a batch: hash each id once.
        codes, unique = pd.factorize(raw)
        digests = [digest(value) for value in unique]
        if may_be_unclean:
            for place, value in enumerate(unique):
                if _is_unclean(value):
                    digests[place] = UNCLEAN + digests[place]
        return pd.Series([digests[code] if code >= 0 else None for code in codes], dtype=object)

    return pseudonymise(ids)  # type: ignore[no-any-return]


def _is_unclean(value: str) -> bool:
    if value.isprintable() and UNCLEAN not in value:
        return len(value) > LONGEST_ID
    return len(value) > LONGEST_ID or _NOT_IN_AN_ID.search(value) is not None


def _keyed_hash(secret: bytes) -> Callable[[str], str]:
    """HMAC-SHA256 of texts, with the two padded keys hashed once (RFC 2104, section 4).

    ``hmac.digest`` takes 3.8 microseconds an id, this 1.5; event ids differ in every row.
    """
    key = secret if len(secret) <= _BLOCK_BYTES else hashlib.sha256(secret).digest()
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(value: str) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(value.encode())
        second.update(first.digest())
        return second.hexdigest()[:PSEUDONYM_HEX_DIGITS]

    return digest


def _checked(secret: bytes, place: str) -> PseudonymKey:
    step = "use a key from `openssl rand -hex 32`, or the one this lake began with"
    return PseudonymKey(strong_enough(secret, f"pseudonym key from {place}", next_step=step))
