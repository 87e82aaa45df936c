"""How results are kept: one JSON per bench, with what it ran on."""

import json
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
    arguments: str = "",
    chosen: Mapping[str, object] | None = None,
) -> Path:
    """Write ``bench/results/<bench>.json``.

    Args:
        bench: Its name.
        measures: What came out.
        arguments: Of its make target.
        chosen: Seeds, and the settings that were given or found.
    """
    result = {
        "bench": bench,
        "commit": _commit(),
        "command": f"make bench-{bench}{arguments}",
        "machine": _machine(),
        "settings": dict(chosen or {}),
        "versions": {name: version(name) for name in PACKAGES},
        "measures": [asdict(each) | {"value": round(each.value, 4)} for each in measures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{bench}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path


@cache
def _commit() -> str:
    """As it was at the first writing: the results themselves change the tree."""
    return code_version()


def _machine() -> dict[str, Any]:
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return {
        "cores": psutil.cpu_count(),
        "cpu": models[0] if models else "unknown",
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
    }
