"""Customers are named by a keyed hash, and the key shows nowhere."""

import base64
import errno
import hashlib
import hmac
import os
import pickle
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.errors import SettingsError
from insight.local_frames import local_frame
from insight.privacy.keys import PSEUDONYM_KEY
from insight.privacy.pseudonyms import PseudonymKey, load_key, pseudonymised
from insight.settings import load_settings

SECRET = b"Jefe's key, long enough for this shop"


def _hmac_sha256(key: bytes, message: bytes) -> str:
    """RFC 2104, section 2, written out: H(K xor opad, H(K xor ipad, text))."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded) + message).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in padded) + inner).hexdigest()


def test_the_derivation_of_this_test_meets_rfc_4231() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert _hmac_sha256(b"Jefe", b"what do ya want for nothing?") == expected


def test_a_pseudonym_is_the_first_half_of_the_keyed_hash_and_null_stays_null(
    spark: SparkSession,
) -> None:
    ids = local_frame(spark, [("17850",), ("Zoë",), (None,), ("17850",)], "id string")
    actual = ids.select("id", pseudonymised(F.col("id"), PseudonymKey(SECRET)).alias("pseudonym"))
    anna = _hmac_sha256(SECRET, b"17850")[:32]
    zoe = _hmac_sha256(SECRET, "Zoë".encode())[:32]
    expected = local_frame(
        spark,
        [("17850", anna), ("Zoë", zoe), (None, None), ("17850", anna)],
        "id string, pseudonym string",
    )
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_another_key_gives_other_pseudonyms_and_another_key_id(spark: SparkSession) -> None:
    ids = local_frame(spark, [("17850",)], "id string")
    keys = [PseudonymKey(SECRET), PseudonymKey(SECRET + b"2")]
    row = ids.select(*(pseudonymised(F.col("id"), key) for key in keys)).first()
    assert row is not None and row[0] != row[1]
    assert keys[0].key_id != keys[1].key_id
    assert len(keys[0].key_id) == 12


def test_the_key_is_in_no_plan_and_no_representation(
    spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    key = PseudonymKey(SECRET)
    ids = local_frame(spark, [("17850",)], "id string")
    named = ids.select(pseudonymised(F.col("id"), key).alias("customer_id"))
    named.explain(extended=True)
    shown = capsys.readouterr().out + repr(key) + str(named.schema)
    for form in (SECRET.decode(), SECRET.hex(), base64.b64encode(SECRET).decode()):
        assert form not in shown
    assert "pseudonymise(" in shown


def test_the_key_is_not_among_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PSEUDONYM_KEY, SECRET.decode())
    settings = load_settings("local", overrides={"pseudonym_key_file": str(tmp_path / "key")})
    assert SECRET not in pickle.dumps(settings)
    assert SECRET.decode() not in settings.model_dump_json()


def test_the_environment_has_the_first_word_then_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    in_file, in_environment = secrets.token_hex(32), secrets.token_urlsafe(32)
    file.write_text(in_file + "\n")
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)
    assert load_key(file, may_generate=False).secret == in_file.encode()
    monkeypatch.setenv(PSEUDONYM_KEY, in_environment)
    assert load_key(file, may_generate=False).secret == in_environment.encode()


def test_a_missing_key_is_refused_where_none_may_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)
    with pytest.raises(SettingsError, match=PSEUDONYM_KEY) as refused:
        load_key(tmp_path / "key", may_generate=False)
    assert str(tmp_path / "key") in refused.value.found
    assert not (tmp_path / "key").exists()


def test_a_local_key_is_made_once_and_only_its_owner_may_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)
    file = tmp_path / "keys" / "key"
    made = load_key(file, may_generate=True)
    assert load_key(file, may_generate=True) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_runs_that_begin_at_once_share_the_key_of_the_fastest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)
    runs = 8
    # All have seen that there is no file, and written a key, before the first one is in place.
    all_have_written = Barrier(runs)
    fsync = os.fsync

    def fsync_together(descriptor: int) -> None:
        fsync(descriptor)
        all_have_written.wait(timeout=30)

    monkeypatch.setattr(os, "fsync", fsync_together)
    with ThreadPoolExecutor(runs) as threads:
        begun = [threads.submit(load_key, tmp_path / "key", may_generate=True) for _ in range(runs)]
        keys = {run.result() for run in begun}
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_a_full_disk_leaves_no_part_of_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            load_key(tmp_path / "key", may_generate=True)
    assert list(tmp_path.iterdir()) == []
    assert load_key(tmp_path / "key", may_generate=True)


def test_a_short_key_is_refused_without_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)
    (tmp_path / "key").write_text("x" * 31)
    with pytest.raises(SettingsError, match="found 31 bytes; expected at least 32") as refused:
        load_key(tmp_path / "key", may_generate=True)
    assert "x" * 31 not in str(refused.value)


@pytest.mark.parametrize("length", [1, 32, 64, 65, 200])
def test_pseudonyms_are_those_of_the_standard_library(length: int) -> None:
    secret = secrets.token_bytes(length)
    found = PseudonymKey(secret).pseudonym("17850 Zoë")
    assert found == hmac.digest(secret, "17850 Zoë".encode(), "sha256").hex()[:32]


def test_equal_numbers_of_two_kinds_share_no_pseudonym_and_unclean_ids_are_marked(
    spark: SparkSession,
) -> None:
    key = PseudonymKey(SECRET)
    raw = ["17850", "a\u0000b", "broken \ufffd", "x" * 512, "x" * 513, "Zoë 茶"]
    ids = local_frame(spark, [(value,) for value in raw], "id string")
    kinds = ("customer_id", "order_id", "event_id")
    row = ids.select(*(pseudonymised(F.col("id"), key, kind=kind).alias(kind) for kind in kinds))
    found = row.collect()
    assert len({found[0][kind] for kind in kinds}) == 3
    derived = _hmac_sha256(SECRET, b"insight pseudonyms of order_id")
    assert found[0]["order_id"] == _hmac_sha256(bytes.fromhex(derived), b"17850")[:32]
    marked = [row["order_id"].startswith("\ufffd") for row in found]
    assert marked == [False, True, True, False, True, False]
    assert not any(row["customer_id"].startswith("\ufffd") for row in found)
