"""Signatures of model versions: who may publish is who has the key.

A manifest proves a version's files against the hash that the registry's database keeps; the
signature proves that hash against whoever can write to the database and the folder, but has no
key. HMAC-SHA256 (RFC 2104): all who verify also train, so one secret serves both.
"""

import hmac
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from insight.errors import ModelDamagedError, SettingsError
from insight.privacy.keys import FORMER_MODEL_KEY, MODEL_KEY, strong_enough
from insight.registry.manifest import read_manifest
from insight.registry.store import tags_of
from insight.registry.trail import decided
from insight.registry.version import ModelVersion

if TYPE_CHECKING:
    from insight.registry.registry import Registry

_HASH, _SIGNATURE = "manifest_sha256", "signature"


def sealed(version: str, manifest_sha256: str) -> dict[str, str]:
    """What the registry keeps to prove a version by; signed where there is a key.

    Raises:
        SettingsError: The key is weak.
    """
    seal, key = {_HASH: manifest_sha256}, _key()
    if key is not None:
        seal[_SIGNATURE] = _signature(key, version, manifest_sha256)
    return seal


def proved_hash(version: str, seal: Mapping[str, str]) -> str:
    """The manifest's hash, its signature verified where there is a key.

    Raises:
        ModelDamagedError: There is a key, and the version is not signed with it.
        SettingsError: The key is weak.
    """
    manifest_sha256, keys = seal.get(_HASH, ""), [*_keys()]
    if keys:
        signature = seal.get(_SIGNATURE)
        if signature is None or not _is_of(signature, keys, version, manifest_sha256):
            raise ModelDamagedError(
                f"model version {version}",
                found="no signature" if signature is None else "a signature with another key",
                expected=f"one made with the key in {MODEL_KEY}",
                next_step="find out who published it, and archive it if it is not yours; if it is, "
                "see docs/runbook.md on signing",
            )
    return manifest_sha256


def sign(registry: "Registry", version: str) -> None:
    """Sign a version that was published without this key, once its files are proved.

    Raises:
        ModelNotFoundError: No such version is registered.
        ModelDamagedError: Its files are not those published, or another key has signed it.
        SettingsError: There is no key.
    """
    refuse_missing_key()
    entry = registry.entry(version)
    kept = tags_of(entry)
    reason = "it was published without a key"
    if _SIGNATURE in kept:
        proved_hash(version, kept)
        reason = "the key has changed"
    seal = sealed(version, kept.get(_HASH, ""))
    if seal[_SIGNATURE] == kept.get(_SIGNATURE):
        return
    folder = registry.folder(version)
    content = read_manifest(folder, seal[_HASH])
    proved = ModelVersion(version, folder, content["facts"], content["metrics"], seal[_HASH])
    registry.note(decided("signed", version, proved.run_date, reason, proved))
    registry.store.tag(entry, _SIGNATURE, seal[_SIGNATURE])


def refuse_missing_key() -> None:
    """Refuse to begin what needs a key: to sign, or to serve signed versions alone.

    Raises:
        SettingsError: There is no key, or it is weak.
    """
    if _key() is None:
        raise SettingsError(
            "model key",
            found=f"no {MODEL_KEY} in the environment",
            expected="the key that this shop's versions are signed with",
            next_step="restore it from your secret store, for all jobs of this shop",
        )


def _keys() -> Iterable[bytes]:
    """Those whose signatures count: today's, and the one before while keys are changed."""
    key = _key()
    if key is not None:
        yield key
        former = _key(FORMER_MODEL_KEY)
        if former is not None:
            yield former


def _key(variable: str = MODEL_KEY) -> bytes | None:
    secret = os.environ.get(variable)
    if not secret:
        return None
    return strong_enough(
        secret.encode(),
        f"model key from the environment variable {variable}",
        next_step="use a key from `openssl rand -hex 32`, or the one this registry began with",
    )


def _is_of(signature: str, keys: Iterable[bytes], version: str, manifest_sha256: str) -> bool:
    possible = [_signature(key, version, manifest_sha256) for key in keys]
    return any(hmac.compare_digest(signature.encode(), each.encode()) for each in possible)


def _signature(key: bytes, version: str, manifest_sha256: str) -> str:
    return hmac.digest(key, f"{version}\n{manifest_sha256}".encode(), "sha256").hex()
