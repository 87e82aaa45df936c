"""DuckDB over a lake whose folder has any name, and of which a table may be damaged."""

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from insight.errors import SettingsError, TableDamagedError
from insight.publishing import duckdb_query
from insight.publishing.duckdb_lake import register_duckdb
from insight.tables import ITEMS

VALUES = ["2024 1", "b%c", "x/y", "ü"]
NAMES = ("my lake", "a'b", 'q"q', "x#y", "u?v", "st*r", "x[1]", "x{a,b}", "ünï", "a=b&c;d")
QUERY = "SELECT value FROM sessions ORDER BY rank"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    rows = pa.table({"value": VALUES, "rank": list(range(len(VALUES)))})
    write_deltalake(str(folder / "sessions"), rows, partition_by=["value"])
    write_deltalake(str(folder / "items"), pa.table({"item_id": ["tea"]}))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_lake_may_have_any_name(name: str, lake: Path) -> None:
    shutil.copytree(lake, lake.parent / name)
    with duckdb_query.read_only_duckdb(f"{lake.parent}/{name}") as (connection, _):
        found = duckdb_query.read_only_query(connection, QUERY).fetchall()
    assert [value for (value,) in found] == VALUES


def test_a_name_that_is_a_pattern_matches_no_other_lake(lake: Path) -> None:
    for name in ("x[1]", "x1"):
        shutil.copytree(lake, lake.parent / name)
    for file in (lake.parent / "x[1]" / "items").glob("*.parquet"):
        file.unlink()
    with pytest.raises(TableDamagedError, match="table items"):
        register_duckdb(duckdb.connect(), f"{lake.parent}/x[1]/", [ITEMS])


@pytest.mark.parametrize("name", ["100%", "%41", "back\\slash"])
def test_a_name_that_deltalake_changes_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--engine spark"):
        register_duckdb(duckdb.connect(), f"file:{tmp_path}/{name}")


def test_a_damaged_table_is_left_out_unless_it_is_asked_for(lake: Path) -> None:
    (file,) = (lake / "items").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-10])
    connection = duckdb.connect()
    assert list(register_duckdb(connection, str(lake))) == ["sessions"]
    assert len(connection.execute(QUERY).fetchall()) == len(VALUES)
    with pytest.raises(TableDamagedError, match=file.name) as refused:
        register_duckdb(connection, str(lake), [ITEMS])
    assert refused.value.exit_code == 2
