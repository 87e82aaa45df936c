"""Clean, sessionise and build features: beside rivals, night after night, and with bots.

`make bench-lake` writes bench/results/lake.json; `ARGS="--scale 0.01"` runs a small shop through
everything and writes nothing.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.lake.contest import contest
from bench.lake.crowd import bots
from bench.lake.increments import history, increment
from bench.lake.picture import draw
from bench.lake.shop import shrink_bots
from bench.record import Measure, write

PARTS = {"contest": contest, "increment": increment, "history": history, "bots": bots}


def main() -> int:
    """Run the parts and write what they measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 for 20 million rows")
    parser.add_argument("--parts", default=",".join(PARTS), help="with commas between")
    parser.add_argument("--results", help="write also a small run, under this name")
    given = parser.parse_args()
    shrink_bots(given.scale)
    is_whole = given.scale == 1.0 and given.parts == ",".join(PARTS)
    results = given.results or ("lake" if is_whole else None)
    measures: list[Measure] = []
    failed = 0
    for part in given.parts.split(","):
        try:
            measures += _measured(part, given.scale)
        except SystemExit as error:
            # What the other parts take hours to measure is not lost for it.
            print(f"{part}: {error}")
            failed = 1
        if results:
            written = write(results, measures)
            print(written, draw(written) or "")
    return failed


def _measured(part: str, scale: float) -> list[Measure]:
    """Run a part in a folder that is gone before the next begins."""
    with tempfile.TemporaryDirectory(prefix=f"insight-bench-{part}-") as folder:
        measures = list(PARTS[part](scale, Path(folder)))
    for each in measures:
        target = "" if each.target is None else f" (target {each.target})"
        print(f"{each.name}: {each.value:.4g} {each.unit}{target}  {each.note}", flush=True)
    return measures


if __name__ == "__main__":
    sys.exit(main())
