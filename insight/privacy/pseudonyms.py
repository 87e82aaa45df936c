"""Keyed pseudonyms: HMAC-SHA256 of the shop's customer id, made before the first write.

The key never enters a query plan: it travels inside the function's pickled bytes, so neither
``explain`` nor the Spark UI can show it.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pyspark.sql import Column
from pyspark.sql.pandas.functions import pandas_udf

from insight.errors import SettingsError
from insight.logs import logger
from insight.privacy.keys import MINIMUM_KEY_BYTES, PSEUDONYM_KEY, long_enough

log = logger(__name__)

PSEUDONYM_HEX_DIGITS = 32
"""128 of the 256 bits: RFC 2104, section 5, allows truncation to half the hash."""


@dataclass(frozen=True)
class PseudonymKey:
    """A secret and the name it goes by. The secret is in no representation of this object."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Names the key without revealing it: 12 hex digits of a labelled hash."""
        return hashlib.sha256(b"insight pseudonym key id" + self.secret).hexdigest()[:12]


def load_key(key_file: Path, *, may_generate: bool) -> PseudonymKey:
    """The key from the environment, else from ``key_file``, else, if allowed, a new one.

    Raises:
        SettingsError: There is no key and none may be made, or it is too short.
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
            expected="the key this lake's customers were pseudonymised with",
            next_step="restore the key from your secret store",
        )
    key_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_hex(MINIMUM_KEY_BYTES))
    log.warning(
        "generated a local pseudonym key: keep it, customers cannot be matched without it",
        file=str(key_file),
    )
    return load_key(key_file, may_generate=False)


def pseudonymised(customer_id: Column, key: PseudonymKey) -> Column:
    """The pseudonym of a customer id, 32 hex digits; null stays null."""
    secret = key.secret

    @pandas_udf("string")  # type: ignore[call-overload, untyped-decorator]
    def pseudonymise(ids: pd.Series) -> pd.Series:  # type: ignore[type-arg]
        # A customer has many events in a batch: hash each id once.
        codes, unique = pd.factorize(ids)
        digests = [_digest(secret, str(value)) for value in unique]
        return pd.Series([digests[code] if code >= 0 else None for code in codes], dtype=object)

    return pseudonymise(customer_id)  # type: ignore[no-any-return]


def _digest(secret: bytes, value: str) -> str:
    return hmac.digest(secret, value.encode(), "sha256").hex()[:PSEUDONYM_HEX_DIGITS]


def _checked(secret: bytes, place: str) -> PseudonymKey:
    step = "use a key from `openssl rand -hex 32`, or the one this lake began with"
    return PseudonymKey(long_enough(secret, f"pseudonym key from {place}", next_step=step))
