"""What a night costs by the days behind it, as a picture: ``python -m bench.lake.picture``."""

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from bench.record import RESULTS

_NAME = "lake.history_cpu."


def draw(results: Path) -> Path | None:
    """Draw the history part of a bench's results beside them; nothing where it was not run.

    Returns:
        The SVG, the same bytes for the same results.
    """
    measures = json.loads(results.read_text())["measures"]
    cost = {
        int(each["name"].removeprefix(_NAME).partition("_")[0]): each["value"]
        for each in measures
        if each["name"].startswith(_NAME)
    }
    if not cost:
        return None
    path = results.with_name(f"{results.stem}_history.svg")
    with mpl.rc_context({"svg.hashsalt": results.stem}):
        _figure(cost).savefig(path, metadata={"Date": None})
    return path


def _figure(cost: dict[int, float]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(cost), list(cost.values()), marker="o")
    for days, seconds in cost.items():
        axes.annotate(
            f"{seconds:.1f}", (days, seconds), (0, 6), textcoords="offset points", ha="center"
        )
    axes.set_ylim(0, 1.25 * max(cost.values()))
    axes.xaxis.set_major_locator(MultipleLocator(10))
    axes.set_xlabel("days of history in the lake")
    axes.set_ylabel("CPU seconds")
    axes.set_title("One night of the same size: clean, sessionise, features", fontsize=10)
    return figure


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else "lake"
    print(draw(RESULTS / f"{name}.json"))
