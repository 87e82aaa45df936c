"""How results are kept: one JSON per bench, with what it ran on."""

import json
import shlex
import sys
from argparse import ArgumentTypeError
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import psutil

from insight.launch import code_version

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("pyspark", "delta-spark", "tensorflow-cpu", "horovod", "petastorm", "pyarrow", "duckdb")


@dataclass(frozen=True)
class Measure:
    """One number; ``better`` says on which side of the target it should lie, or near it."""

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["lower", "higher", "nearer"] = "lower"
    note: str = ""


def write(
    bench: str,
    measures: list[Measure],
    *,
    chosen: Mapping[str, object] | None = None,
) -> Path:
    """Write ``bench/results/<bench>.json``.

    Args:
        bench: Its name.
        measures: What came out.
        chosen: Seeds, and the settings that were given or found.
    """
    result = {
        "bench": bench,
        "commit": _commit(),
        "command": f"make bench-{bench}{_arguments(sys.argv[1:])}",
        "machine": _machine(),
        "settings": dict(chosen or {}),
        "versions": {name: version(name) for name in PACKAGES},
        "measures": [asdict(each) | {"value": round(each.value, 4)} for each in measures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{bench}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path


def there(value: str) -> Path:
    """An argument that names a file or folder.

    Raises:
        ArgumentTypeError: There is none.
    """
    path = Path(value)
    if not value or not path.exists():
        found = f"{value}: not there" if value else "no file named"
        raise ArgumentTypeError(f"{found}; name the data as in make bench-… DATA=<file or folder>")
    return path


@cache
def _commit() -> str:
    """As it was at the first writing: the results themselves change the tree."""
    return code_version()


def _arguments(given: list[str]) -> str:
    """As make takes them; of a file its name, since where it lies is each machine's own."""
    variables, rest = "", list(given)
    for option in ("--data", "--date"):
        if option in rest:
            place = rest.index(option)
            _, value = rest[place : place + 2]
            del rest[place : place + 2]
            variables += f" {option[2:].upper()}={Path(value).name}"
    return variables + (f' ARGS="{shlex.join(rest)}"' if rest else "")


def _machine() -> dict[str, Any]:
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return {
        "cores": psutil.cpu_count(),
        "cpu": models[0] if models else "unknown",
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
    }
