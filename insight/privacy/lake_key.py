"""The one pseudonym key of a lake, by its id: a file in the lake's folder holds it.

A table's property would be lost with the table's folder, which the runbook moves away if its log
is damaged; and the first night may bring rows of any table.
"""

import json
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame

from insight.delta import Lake
from insight.errors import SettingsError
from insight.logs import logger
from insight.privacy.pseudonyms import PseudonymKey, load_key
from insight.tables import TABLES
from insight.tables.delivery import KEY_ID

log = logger(__name__)

KEY_RECORD = "_pseudonym_key.json"
"""Name of the file. Readers of data pass over names with an underscore."""


def load_lake_key(lake: Lake, key_file: Path, *, may_generate: bool) -> PseudonymKey:
    """Return the key, if it is the one this lake began with.

    A key is generated only for a lake that has none: beside existing pseudonyms a new key is
    useless, and it would take the place of the lost one.

    Args:
        lake: The lake.
        key_file: File of the key; the environment comes first.
        may_generate: Whether a lake without a key may get a new one.

    Raises:
        SettingsError: There is no key, or it is weak or not the lake's; or the lake's tables
            hold pseudonyms of two keys.
    """
    known = _known_key_id(lake)
    if known is None:
        return load_key(key_file, may_generate=may_generate)
    wanted = f"key {known}, which this lake began with"
    key = load_key(key_file, may_generate=False, wanted=wanted)
    if key.key_id != known:
        raise SettingsError(
            "pseudonym key",
            found=f"key {key.key_id}",
            expected=wanted,
            next_step="restore that key: with another one no customer matches their past. To "
            "change keys, build a new lake from the landing files",
        )
    return key


def record_key(lake: Lake, key: PseudonymKey) -> None:
    """Note the key's id in the lake, before the first row is written with it.

    Raises:
        SettingsError: Another run has recorded another key in the meantime.
    """
    # Whether or not the file is created, the key in it is the lake's.
    lake.note(KEY_RECORD, json.dumps({"key_id": key.key_id}) + "\n")
    recorded = _recorded_key_id(lake)
    if recorded != key.key_id:
        raise SettingsError(
            "pseudonym key",
            found=f"key {key.key_id}, while another run began this lake with key {recorded}",
            expected="one key for all runs of a lake",
            next_step="give every run the same key; nothing was written with this one",
        )


def _known_key_id(lake: Lake) -> str | None:
    return _recorded_key_id(lake) or _key_id_of_rows(lake)


def _recorded_key_id(lake: Lake) -> str | None:
    text = lake.noted(KEY_RECORD)
    if text is None:
        return None
    try:
        return str(json.loads(text)["key_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"file {lake.root}/{KEY_RECORD}",
            found="no id of a pseudonym key",
            expected='one line such as {"key_id": "0123456789ab"}',
            next_step="delete the file: the next night takes the id from the raw tables' rows",
        ) from error


def _key_id_of_rows(lake: Lake) -> str | None:
    """The id that raw rows name, in a lake from before the file existed."""
    tables = [table for table in TABLES if KEY_ID in table.columns and lake.version(table) >= 0]
    if not tables:
        return None
    parts = [lake.read(table).select(KEY_ID.name) for table in tables]
    rows = reduce(DataFrame.unionByName, parts).distinct().collect()
    ids = sorted(row[KEY_ID.name] for row in rows)
    if len(ids) > 1:
        raise SettingsError(
            f"lake {lake.root}",
            found=f"pseudonyms of {len(ids)} keys: {', '.join(ids)}",
            expected="one key for all raw tables",
            next_step="build the lake anew from the landing files with one key",
        )
    if ids:
        log.warning("the lake's rows name its pseudonym key; no file did", key_id=ids[0])
    return ids[0] if ids else None
