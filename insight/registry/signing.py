"""Signatures of model versions: who may publish is who has the key.

A manifest proves a version's files against the hash that the registry's database keeps; the
signature proves that hash against whoever can write to the database and the folder, but has no
key. HMAC-SHA256 (RFC 2104): all who verify also train, so one secret serves both.
"""

import hmac
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from insight.errors import ModelDamagedError, SettingsError
from insight.logs import logger
from insight.privacy.keys import long_enough
from insight.registry.manifest import read_manifest
from insight.registry.store import tags_of

if TYPE_CHECKING:
    from insight.registry.registry import Registry

log = logger(__name__)

KEY_VARIABLE = "INSIGHT_MODEL_KEY"
_HASH, _SIGNATURE = "manifest_sha256", "signature"


def sealed(version: str, manifest_sha256: str) -> dict[str, str]:
    """What the registry keeps to prove a version by; signed where there is a key.

    Raises:
        SettingsError: The key is too short.
    """
    seal, key = {_HASH: manifest_sha256}, _key()
    if key is not None:
        seal[_SIGNATURE] = _signature(key, version, manifest_sha256)
    return seal


def proved_hash(version: str, seal: Mapping[str, str]) -> str:
    """The manifest's hash, its signature verified where there is a key.

    Raises:
        ModelDamagedError: There is a key, and the version is not signed with it.
        SettingsError: The key is too short.
    """
    manifest_sha256, key = seal.get(_HASH, ""), _key()
    if key is not None:
        signature = seal.get(_SIGNATURE)
        expected = _signature(key, version, manifest_sha256)
        if signature is None or not hmac.compare_digest(signature, expected):
            raise ModelDamagedError(
                f"model version {version}",
                found="no signature" if signature is None else "a signature with another key",
                expected=f"one made with the key in {KEY_VARIABLE}",
                next_step="find out who published it; if it is yours from before there was a key, "
                "sign it: make models ARGS='--sign VERSION'",
            )
    return manifest_sha256


def sign(registry: "Registry", version: str) -> None:
    """Sign a version that was published without a key, once its files are proved.

    Raises:
        ModelNotFoundError: No such version is registered.
        ModelDamagedError: Its files are not those published, or another key has signed it.
        SettingsError: There is no key.
    """
    entry = registry.entry(version)
    kept = tags_of(entry)
    if _SIGNATURE in kept:
        proved_hash(version, kept)
    seal = sealed(version, kept.get(_HASH, ""))
    if _SIGNATURE not in seal:
        raise SettingsError(
            f"signature of model version {version}",
            found=f"no {KEY_VARIABLE} in the environment",
            expected="the key to sign with",
            next_step="set it, the same for all jobs of this shop",
        )
    read_manifest(registry.folder(version), seal[_HASH])
    registry.store.tag(entry, _SIGNATURE, seal[_SIGNATURE])
    log.info("model signed", version=version)


def _key() -> bytes | None:
    secret = os.environ.get(KEY_VARIABLE)
    if not secret:
        return None
    return long_enough(
        secret.encode(),
        f"model key from the environment variable {KEY_VARIABLE}",
        next_step="use a key from `openssl rand -hex 32`, or the one this registry began with",
    )


def _signature(key: bytes, version: str, manifest_sha256: str) -> str:
    return hmac.digest(key, f"{version}\n{manifest_sha256}".encode(), "sha256").hex()
