"""The product and its rivals on the same raw tables, each in a process of its own."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.lake.equality import differences
from bench.lake.product import MEASURED
from bench.lake.shop import RAW_TABLES, Size, copy_lake, simulate
from bench.meter import Account, measured
from bench.record import Measure

ENGINES = {"duckdb": 3, "product": 2, "plain_spark": 1}
"""How often each runs: the cheap ones more often, their median counts."""

RIVALS = {"duckdb": "bench.lake.duckdb_rival", "plain_spark": "bench.lake.plain_spark"}
DAYS = 30

_TOTALS = "process totals, start of Python and Spark included; ingest is not measured"


def contest(scale: float, folder: Path) -> Iterator[Measure]:
    """Simulate, ingest, let every engine do the three stages, and compare what they wrote.

    Raises:
        SystemExit: A rival's rows are not the product's.
    """
    size, home = Size(scale, DAYS), folder / "contest"
    simulate(size, home)
    night = f"{home}={size.last}"
    product = "bench.lake.product"
    measured(product, "--nights", night, "--stages", "ingest", meter=folder / "ingest.json")
    accounts: dict[str, list[Account]] = {name: [] for name in ENGINES}
    for turn in range(max(ENGINES.values())):
        for engine, turns in ENGINES.items():
            if turn < turns:
                accounts[engine].append(_turn(engine, home, size, folder / f"{engine}-{turn}"))
    yield from _compared(folder, size)
    yield from _measures(accounts)


def _turn(engine: str, home: Path, size: Size, out: Path) -> Account:
    """One run of an engine; only the first one's tables are kept, to be compared."""
    meter = out.with_suffix(".json")
    if engine == "product":
        copy_lake(home, out, RAW_TABLES)
        account = measured("bench.lake.product", "--nights", f"{out}={size.last}", meter=meter)
    else:
        places = ("--lake", str(home / "lake"), "--out", str(out), "--date", str(size.last))
        account = measured(RIVALS[engine], *places, meter=meter)
    if not out.name.endswith("-0"):
        shutil.rmtree(out)
    print(f"{engine}: {account.cpu:.1f} CPU seconds, {account.wall:.1f} wall", flush=True)
    return account


def _compared(folder: Path, size: Size) -> Iterator[Measure]:
    rows = 0
    for rival in RIVALS:
        for found in differences(
            folder / "product-0" / "lake", folder / f"{rival}-0", as_of=size.last
        ):
            print(f"{rival} {found}", flush=True)
            if not found.is_equal:
                sys.exit(f"{rival}: {found.table} is not the product's")
            rows += found.rows
    note = "13 tables, paired by key, all columns but ingest_date and tie_break; none differs"
    yield Measure("lake.equal_rows", rows, "rows compared with two rivals", note=note)


def _measures(accounts: dict[str, list[Account]]) -> Iterator[Measure]:
    cpu = {engine: median(each.cpu for each in runs) for engine, runs in accounts.items()}
    targets = {"duckdb": 2.0, "plain_spark": 0.5}
    for rival, target in targets.items():
        ratio, note = cpu["product"] / cpu[rival], f"CPU seconds, {_TOTALS}"
        yield Measure(f"lake.cpu_ratio_{rival}", ratio, "", target=target, note=note)
    for engine, runs in accounts.items():
        each = ", ".join(f"{run.cpu:.1f}" for run in runs)
        yield Measure(f"lake.cpu.{engine}", cpu[engine], "CPU seconds", note=f"runs: {each}")
        wall = median(run.wall for run in runs)
        yield Measure(f"lake.wall.{engine}", wall, "seconds")
        peak = max(run.peak_gib for run in runs)
        name = "lake.peak_gib" if engine == "product" else f"lake.peak_gib.{engine}"
        yield Measure(name, peak, "GiB", note="PSS of the whole process tree")
        yield from _parts(engine, runs)


def _parts(engine: str, runs: list[Account]) -> Iterator[Measure]:
    for stage in MEASURED:
        value = median(
            cpu for run in runs for name, cpu in run.stages.items() if name.endswith(stage)
        )
        yield Measure(f"lake.cpu.{engine}.{stage}", value, "CPU seconds")
    for step in runs[0].steps:
        value = median(run.steps[step] for run in runs)
        yield Measure(f"lake.cpu.{engine}.{step}", value, "CPU seconds", note="part of a stage")
