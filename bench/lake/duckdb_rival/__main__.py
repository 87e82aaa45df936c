"""``python -m bench.lake.duckdb_rival``: the whole night in one DuckDB process."""

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path
from string import Template

import duckdb
from deltalake import DeltaTable

from bench.lake.shop import RAW_TABLES, bench_settings
from bench.meter import Meter
from insight.settings import Settings

FOLDER = Path(__file__).resolve().parent
STAGES = {
    "clean": ("described", "voices", "events", "repeats", "written"),
    "sessionise": ("visits",),
    "build_features": ("items", "customers"),
}


def main() -> int:
    """Run every SQL file in order and write what each stage took."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("lake", "out", "date", "meter"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    meter = Meter(Path(given.meter))
    settings = bench_settings(Path(given.lake).parent)
    values = _values(settings, date.fromisoformat(given.date), given.lake, given.out)
    out = Path(given.out)
    out.mkdir(parents=True)
    config = {"threads": 2, "memory_limit": "8GB", "temp_directory": str(out / "spill")}
    with duckdb.connect(config=config) as connection:
        connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        for stage, names in STAGES.items():
            with meter.stage(stage):
                for name in names:
                    text = Template((FOLDER / f"{name}.sql").read_text()).substitute(values)
                    with meter.step(name):
                        connection.execute(text)
    meter.close()
    return 0


def _values(settings: Settings, run_date: date, lake: str, out: str) -> dict[str, object]:
    """What stands for each ``$name`` in the SQL."""
    files = {name: DeltaTable(f"{lake}/{name}").file_uris() for name in RAW_TABLES}
    clean = settings.clean
    return {
        **clean.model_dump(),
        **files,
        "out": out,
        "run_date": run_date,
        "end_of_run_date": run_date + timedelta(days=1),
        "near_micros": round(clean.near_repeat_seconds * 1_000_000),
        "gap_minutes": settings.sessions.gap_minutes,
        "smoothing_reach": settings.features.smoothing_days // 2,
        "sequence_length": settings.sequences.length,
    }


if __name__ == "__main__":
    sys.exit(main())
