"""The simulated shops, and the homes that hold their landing files and lakes."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.meter import ROOT
from insight.settings import Settings, load_settings

FIRST = date(2024, 1, 1)
RAW_TABLES = ("raw_events", "raw_items", "raw_customers", "raw_feedback", "raw_exposures")

_EVENTS_A_DAY = 17_120_000 / 30
"""By people: with bots and repeats 20 million rows in 30 days."""
_CUSTOMERS = 200_000
_BOT_SHARE = 0.02
_BOT_MIN_EVENTS = 500
_KEY = "17" * 32


@dataclass(frozen=True)
class Size:
    """How large a shop is simulated.

    Args:
        scale: 1 for 200,000 customers; each is as busy in a smaller shop.
        days: How long it is open.
        bot_share: Of all rows.
    """

    scale: float
    days: int
    bot_share: float = _BOT_SHARE

    @property
    def last(self) -> date:
        return day(self.days)


def day(number: int) -> date:
    """The date of a day of the shop; the first is 1."""
    return FIRST + timedelta(days=number - 1)


def simulate(size: Size, home: Path) -> None:
    """Write the shop's landing files into a home; more bots take the place of people."""
    people = (1 - size.bot_share) / (1 - _BOT_SHARE)
    command = [sys.executable, "jobs/simulate.py", "--first", str(FIRST)]
    command += ["--events", str(round(_EVENTS_A_DAY * size.days * size.scale * people))]
    command += ["--days", str(size.days)]
    environment = {
        "INSIGHT_SET_SIMULATE__CUSTOMERS": str(max(round(_CUSTOMERS * size.scale), 50)),
        "INSIGHT_SET_SIMULATE__BOT_SHARE": str(size.bot_share),
        "INSIGHT_SET_LANDING": str(home / "landing"),
    }
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)
    # Always the same key: the pseudonyms decide which customers share a task.
    (home / "key").touch(mode=0o600)
    (home / "key").write_text(_KEY)


def shrink_bots(scale: float) -> None:
    """Let every process below this one know the few bots of a small shop for what they are."""
    least = max(round(_BOT_MIN_EVENTS * min(scale, 1.0)), 10)
    os.environ["INSIGHT_SET_CLEAN__BOT_MIN_EVENTS"] = str(least)


def bench_settings(home: Path) -> Settings:
    """What every engine runs by: the defaults, on the landing files and the lake of a home.

    Bots are refused rows, and a shop where they are a third of all is no broken delivery here.
    """
    places = {name: str(home / name) for name in ("lake", "landing", "registry", "report")}
    fixed = {"sources": ["simulated"], "clean.max_quarantined_share": 0.9}
    places["pseudonym_key_file"] = str(home / "key")
    return load_settings("local", overrides={**places, **fixed})


def copy_landing(home: Path, other: Path, *, first: date = FIRST) -> None:
    """Another home with the same key and deliveries; events only those delivered since a date.

    Descriptions are taken from the beginning: the catalogue came on the first day.
    """
    source = home / "landing" / "simulated"
    for path in source.rglob("*.parquet"):
        part = path.relative_to(source)
        delivered = part.parts[1].removesuffix(".parquet")
        if part.parts[0] in ("items", "customers") or delivered >= str(first):
            target = other / "landing" / "simulated" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    shutil.copy2(home / "key", other / "key")


def copy_lake(home: Path, other: Path, tables: tuple[str, ...] = ()) -> None:
    """The lake of a home, or some of its tables, in another home: data files are linked.

    A file of the log may be written anew in place, so each lake has its own.
    """
    for folder in sorted((home / "lake").iterdir()):
        if not tables or folder.name in tables:
            shutil.copytree(folder, other / "lake" / folder.name, copy_function=_linked)
    shutil.copy2(home / "key", other / "key")


def _linked(source: str, target: str) -> None:
    if "_delta_log" in source:
        shutil.copy2(source, target)
    else:
        os.link(source, target)
