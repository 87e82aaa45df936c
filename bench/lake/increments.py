"""One more night on a lake with history: against a rebuild, and against a shorter history.

Nights are measured inside a process that has run others before: nothing of Spark's start and
of the first compilation of its code is in them, neither in the night nor in the rebuild.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.lake.equality import differences
from bench.lake.product import MEASURED
from bench.lake.shop import Size, copy_lake, copy_landing, day, simulate
from bench.meter import Account, measured
from bench.record import Measure

HISTORIES = (10, 20, 30, 60)
TURNS = 3

_ALL = "ingest," + ",".join(MEASURED)
_HISTORY_DAYS = 30
_HISTORY_SCALE = 0.5
"""Of the shop: 120 days of history are ingested and cleaned before the first measured night."""


def increment(scale: float, folder: Path) -> Iterator[Measure]:
    """Thirty days in one night, then the next day, against all of them in one night.

    Raises:
        SystemExit: The two lakes are not equal.
    """
    size = Size(scale, _HISTORY_DAYS + 1)
    grown, rebuilt = folder / "grown", folder / "rebuilt"
    simulate(size, grown)
    copy_landing(grown, rebuilt)
    # A small shop's two nights first, so that all of the code has run before it is measured.
    warm = folder / "warm"
    simulate(Size(scale / 20, size.days), warm)
    last, before = size.last, day(_HISTORY_DAYS)
    nights = [f"{warm}={before}", f"{warm}={last}", f"{grown}={before}", f"{rebuilt}={last}"]
    nights.append(f"{grown}={last}")
    account = _nights(nights, folder / "increment.json")
    night, again = (_cpu(account, f"{home}={last}") for home in (grown, rebuilt))
    note = f"{night:.1f} of {again:.1f} CPU seconds of {', '.join(MEASURED)}; warm session"
    share = night / again
    yield Measure("lake.increment_share", share, "", target=0.15, note=note)
    whole = _cpu(account, f"{grown}={last}", ("ingest",)) + night
    rebuild = _cpu(account, f"{rebuilt}={last}", ("ingest",)) + again
    note = f"{whole:.1f} of {rebuild:.1f} CPU seconds, ingest included"
    yield Measure("lake.increment_share_with_ingest", whole / rebuild, "", note=note)
    yield _equal(grown, rebuilt, size)


def history(scale: float, folder: Path) -> Iterator[Measure]:
    """The same day's deliveries on lakes that hold the 10, 20, 30 and 60 days before it."""
    size = Size(scale * _HISTORY_SCALE, max(HISTORIES) + 1)
    shop = folder / "history"
    simulate(size, shop)
    homes = {days: folder / f"history-{days}" for days in HISTORIES}
    for days, home in homes.items():
        copy_landing(shop, home, first=day(size.days - days))
    before = day(size.days - 1)
    _nights([f"{home}={before}" for home in homes.values()], folder / "histories.json")
    cpu: dict[int, list[float]] = {days: [] for days in HISTORIES}
    for turn in range(TURNS):
        for days, seconds in _turn(homes, folder, turn, size).items():
            cpu[days].append(seconds)
    shortest, longest = median(cpu[min(cpu)]), median(cpu[max(cpu)])
    note = f"{longest:.1f} and {shortest:.1f} CPU seconds; the same day's files on every lake"
    name = "lake.history_60_over_10_days"
    yield Measure(name, longest / shortest, "", target=1.3, note=note)
    for days, seconds in cpu.items():
        each = ", ".join(f"{value:.1f}" for value in seconds)
        name = f"lake.history_cpu.{days}_days"
        yield Measure(name, median(seconds), "CPU seconds", note=f"nights: {each}")


def _turn(homes: dict[int, Path], folder: Path, turn: int, size: Size) -> dict[int, float]:
    """The last day's night on copies of all lakes, in one process, each turn in another order.

    One night more comes first, to warm the session.
    """
    begin = turn % len(HISTORIES)
    order = [*HISTORIES[begin:], *HISTORIES[:begin]]
    copies = {days: folder / f"history-{days}-{turn}" for days in order}
    warm = folder / f"warm-{turn}"
    for days, home in (*copies.items(), (order[0], warm)):
        copy_landing(homes[days], home)
        copy_lake(homes[days], home)
    nights = [f"{home}={size.last}" for home in (warm, *copies.values())]
    account = _nights(nights, folder / f"turn-{turn}.json")
    return {days: _cpu(account, f"{home}={size.last}") for days, home in copies.items()}


def _nights(nights: list[str], meter: Path) -> Account:
    product = "bench.lake.product"
    return measured(product, "--nights", ",".join(nights), "--stages", _ALL, meter=meter)


def _cpu(account: Account, night: str, stages: tuple[str, ...] = MEASURED) -> float:
    return sum(account.stages[f"{night}/{stage}"] for stage in stages)


def _equal(grown: Path, rebuilt: Path, size: Size) -> Measure:
    rows = 0
    for found in differences(grown / "lake", rebuilt / "lake", as_of=size.last):
        print(found, flush=True)
        if not found.is_equal:
            sys.exit(f"increment: {found.table} is not the rebuild's")
        rows += found.rows
    note = "13 tables; snapshots of the last date; none differs"
    return Measure("lake.increment_equal_rows", rows, "rows compared", note=note)
