"""Row for row: what the product wrote, against what a rival wrote.

Rows are paired by the table's key and compared column by column: text, whole numbers, dates,
times and money exactly, floating-point numbers to a relative 1e-9 (two engines add them in other
orders). Left out is what is no fact about the rows: the night that read them (``ingest_date``),
and the hash that decides the order within one moment of a sequence (``tie_break``), for which
DuckDB has its own. Sequences are compared moment by moment, the events of one moment as a set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    CUSTOMERS,
    EVENTS,
    EXPOSURES,
    FEEDBACK,
    ITEM_DAILY,
    ITEM_FEATURES,
    ITEMS,
    MONEY,
    QUARANTINE,
    RAW_CUSTOMERS,
    RAW_EVENTS,
    RAW_EXPOSURES,
    RAW_FEEDBACK,
    RAW_ITEMS,
    RETURNS,
    SESSIONS,
    Column,
    Table,
)

COMPARED = (
    CUSTOMERS,
    ITEMS,
    FEEDBACK,
    EXPOSURES,
    EVENTS,
    RETURNS,
    SESSIONS,
    CUSTOMER_DAILY,
    ITEM_DAILY,
    CUSTOMER_SEQUENCES,
    CUSTOMER_FEATURES,
    ITEM_FEATURES,
    QUARANTINE,
)

RAW_OF = {
    "customers": RAW_CUSTOMERS,
    "items": RAW_ITEMS,
    "feedback": RAW_FEEDBACK,
    "exposures": RAW_EXPOSURES,
    "events": RAW_EVENTS,
}

_SUMMED = {"bigint": "BIGINT", MONEY: "DECIMAL(18, 6)"}
"""Types of what is added up over the nights of an item's day, as DuckDB names them."""
_BOOKKEEPING = ("ingest_date", "run_date")
_NOT_IN_PAYLOADS = (
    *_BOOKKEEPING,
    "covers_from_at",
    "covers_until_at",
    "date_zone",
    "absent_is_removed",
)
"""The rivals read no zones and no declarations: simulated files begin and end at midnight UTC, and
their rows lack nothing."""


@dataclass(frozen=True)
class Difference:
    """What a table holds otherwise.

    Args:
        table: Its name.
        rows: Rows of the first side.
        only_first: Rows without a partner there.
        only_second: Rows without a partner on the other side.
        unequal: Pairs that differ, by column.
    """

    table: str
    rows: int
    only_first: int
    only_second: int
    unequal: dict[str, int]

    def __str__(self) -> str:
        if self.is_equal:
            return f"{self.table}: {self.rows} rows equal"
        unequal = {name: count for name, count in self.unequal.items() if count}
        return (
            f"{self.table}: {self.rows} rows, {self.only_first} without a partner,"
            f" {self.only_second} on the other side, unequal by column: {unequal}"
        )

    @property
    def is_equal(self) -> bool:
        return not (self.only_first or self.only_second or any(self.unequal.values()))


def differences(first: Path, second: Path, *, as_of: date) -> Iterator[Difference]:
    """Compare two results; each a lake of Delta tables, or a folder with a Parquet per table.

    Args:
        first: One of them.
        second: The other.
        as_of: The date whose snapshots are compared; all other tables are, as a whole.
    """
    with duckdb.connect(config={"memory_limit": "8GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        for table in COMPARED:
            for side, root in (("a", first), ("b", second)):
                connection.execute(f"CREATE OR REPLACE VIEW {side} AS {_scan(root, table, as_of)}")
            compare = _paired if table.key else _counted
            yield compare(connection, table)


def _scan(root: Path, table: Table, as_of: date) -> str:
    folder = root / table.name
    if (folder / "_delta_log").is_dir():
        files = DeltaTable(str(folder)).file_uris()
    else:
        files = sorted(str(path) for path in root.glob(f"{table.name}.parquet"))
        files += sorted(str(path) for path in folder.rglob("*.parquet"))
    scan = f"FROM read_parquet({files}, hive_partitioning = true)"
    if table is ITEM_DAILY:
        # A late event's row stands beside the day's first one: a day is the sum of both.
        key = ("item_id", "event_date")
        sums = [
            f"sum({column.name})::{_SUMMED[column.type]} AS {column.name}"
            for column in table.columns
            if column.type in _SUMMED
        ]
        return f"SELECT {', '.join((*key, *sums))} {scan} GROUP BY {', '.join(key)}"
    where = f"WHERE feature_date = '{as_of}'" if "feature_date" in table.key else ""
    return f"SELECT * {scan} {where}"


def _paired(connection: duckdb.DuckDBPyConnection, table: Table) -> Difference:
    """Every row and its partner; a key that is there twice counts as rows without a partner."""
    key = [name for name in table.key if name not in _BOOKKEEPING]
    columns = [c for c in table.columns if c.name not in (*key, *_BOOKKEEPING)]
    on = " AND ".join(f"a.{name} = b.{name}" for name in key)
    unequal = [f"count(*) FILTER (NOT ({_same(column)}))" for column in columns]
    found = connection.execute(
        f"SELECT {', '.join(unequal) or 0}, count(*), count(DISTINCT ({_row('a', key)}))"
        f" FROM a JOIN b ON {on}"
    ).fetchone()
    rows, others = (
        connection.execute(f"SELECT count(*) FROM {side}").fetchone()[0] for side in "ab"
    )
    pairs, distinct = found[-2:]
    counts = dict(zip((column.name for column in columns), found, strict=False))
    twice = pairs - distinct
    return Difference(table.name, rows, rows - pairs + twice, others - pairs + twice, counts)


def _row(side: str, names: list[str]) -> str:
    return ", ".join(f"{side}.{name}" for name in names)


def _same(column: Column) -> str:
    a, b = (_normal(f"{side}.{column.name}", column.type) for side in "ab")
    if column.type == "double":
        near = f"abs({a} - {b}) <= 1e-9 * greatest(abs({a}), abs({b}), 1e-300)"
        return f"coalesce({near}, {a} IS NULL AND {b} IS NULL)"
    return f"{a} IS NOT DISTINCT FROM {b}"


def _normal(value: str, kind: str) -> str:
    """A column's value in one form, whichever engine wrote it."""
    if kind == "timestamp":
        return f"epoch_us({value})"
    if kind.startswith("array<struct"):
        event = (
            "{moment: epoch_us(e.event_at), item: e.item_id, kind: e.event_type, price: e.price}"
        )
        moments = f"list_transform({value}, lambda e: epoch_us(e.event_at))"
        return f"row({moments}, list_sort(list_transform({value}, lambda e: {event})))"
    return f"{value}::{_DUCKDB.get(kind, kind)}"


_DUCKDB = {"string": "VARCHAR"}


def _counted(connection: duckdb.DuckDBPyConnection, table: Table) -> Difference:
    """Refused rows have no key: the two sides are compared as bags of the fields they hold."""
    bags = {}
    for side in "ab":
        parts = [_refused(side, target) for target in RAW_OF]
        bags[side] = f"SELECT * FROM ({' UNION ALL '.join(parts)})"
    rows, only_a, only_b = (
        connection.execute(f"SELECT count(*) FROM ({query})").fetchone()[0]
        for query in (
            bags["a"],
            f"{bags['a']} EXCEPT ALL {bags['b']}",
            f"{bags['b']} EXCEPT ALL {bags['a']}",
        )
    )
    return Difference(table.name, rows, only_a, only_b, {})


def _refused(side: str, target: str) -> str:
    """A target's refused rows, the fields of the payload read as what they are."""
    fields = []
    for column in (c for c in RAW_OF[target].columns if c.name not in _NOT_IN_PAYLOADS):
        text = f"json_extract_string(payload, '$.{column.name}')"
        if column.type in ("double", "timestamp"):
            text = f"try_cast({text} AS {column.type})::VARCHAR"
        fields.append(f"coalesce({text}, '')")
    return (
        f"SELECT target, reason, source, source_file, [{', '.join(fields)}] AS fields"
        f" FROM {side} WHERE target = '{target}'"
    )
