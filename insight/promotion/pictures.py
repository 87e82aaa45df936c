"""The pictures of a model card, and the numbers that they are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from insight.encoding.tasks import NEXT_ACTIONS, YES_NO_TASKS
from insight.metrics.arrays import Floats
from insight.metrics.classification import THRESHOLD
from insight.metrics.curves import confusion, gains_by_tenth, reliability
from insight.models.history import Epoch
from insight.pages.charts import count_matrix
from insight.pages.lines import GUIDE, Axis, Line, line_chart

_KINDS = ("first", "second", "third")
_LOSSES = {
    "loss": "Training loss",
    **{
        f"{head}_loss": f"Validation loss, {head.replace('_', ' ')}"
        for head in ("next_item", *YES_NO_TASKS, "next_action")
    },
}


@dataclass(frozen=True)
class Grid:
    """A table of texts: a title, what the columns are, and rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A drawing and what it is called."""

    caption: str
    drawing: Markup


@dataclass(frozen=True)
class Exhibit:
    """Drawings that belong together, and their numbers."""

    title: str
    figures: tuple[Figure, ...]
    grids: tuple[Grid, ...]


def learning_exhibit(histories: Sequence[Sequence[Epoch]]) -> Exhibit:
    """Losses by epoch, a line for each encoder; nothing where no history was kept.

    Args:
        histories: The epochs of each encoder, in order.
    """
    kept = [(number, each) for number, each in enumerate(histories) if each]
    figures = [_loss_figure(name, title, kept) for name, title in _LOSSES.items()] if kept else []
    columns = ("Encoder", "Epoch", *_LOSSES.values(), "Validation NDCG@10", "Kept")
    rows = [
        (
            f"{number}",
            f"{epoch['epoch']:.0f}",
            *(f"{epoch[name]:.4f}" for name in (*_LOSSES, "ndcg_10")),
            "yes" if epoch is min(history, key=lambda each: each["score"]) else "",
        )
        for number, history in kept
        for epoch in history
    ]
    grids = (Grid("Losses by epoch", columns, tuple(rows)),) if kept else ()
    return Exhibit("Learning curves", tuple(figures), grids)


def yes_no_exhibit(task: str, truth: Floats, said: Floats) -> Exhibit:
    """Confusion matrix, reliability diagram, gain and lift of a task's test rows.

    Args:
        task: One of ``YES_NO_TASKS``.
        truth: 0 or 1, both present, shape (rows,).
        said: Predicted probabilities, shape (rows,).
    """
    matrix, counts = _confusion(truth, said)
    diagram, bins = _reliability(truth, said)
    charts, tenths = _gains(truth, said)
    title = f"{task.capitalize()} on the test window"
    return Exhibit(title, (matrix, diagram, *charts), (counts, bins, tenths))


def action_exhibit(truth: Floats, said: Floats) -> Exhibit:
    """What came next beside what was likeliest, as counts of the test rows.

    Args:
        truth: Index of what happened, shape (rows,).
        said: Predicted probabilities, shape (rows, actions).
    """
    counts = np.zeros((len(NEXT_ACTIONS), len(NEXT_ACTIONS)), np.int64)
    np.add.at(counts, (truth.astype(np.int64), said.argmax(axis=1)), 1)
    there = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    names = [NEXT_ACTIONS[number].replace("_", " ") for number in there]
    shown = counts[np.ix_(there, there)]
    rows = tuple(
        (name, *(f"{count:,}" for count in row)) for name, row in zip(names, shown, strict=True)
    )
    title = "Confusion matrix: what came, by what was likeliest"
    grid = Grid(title, ("", *(f"{name} said" for name in names)), rows)
    cells = [f"{came}, {likeliest} said" for came in names for likeliest in names]
    label = f"What came down, what was likeliest across: {', '.join(names)}"
    matrix = Figure(title, count_matrix(shown.tolist(), names=cells, label=label))
    return Exhibit("Next action on the test window", (matrix,), (grid,))


def _loss_figure(name: str, title: str, kept: Sequence[tuple[int, Sequence[Epoch]]]) -> Figure:
    values = [epoch[name] for _, history in kept for epoch in history]
    last = max(len(history) for _, history in kept)
    lines = [
        Line(
            f"encoder {number}",
            [(epoch["epoch"], epoch[name]) for epoch in history],
            _KINDS[number % len(_KINDS)],
        )
        for number, history in kept
    ]
    y = Axis("loss", min(values), max(values), ".3f")
    label = f"{title} by epoch: from {values[0]:.3f} to {values[-1]:.3f}"
    return Figure(title, line_chart(lines, x=Axis("epoch", 1, last, ".0f"), y=y, label=label))


def _confusion(truth: Floats, said: Floats) -> tuple[Figure, Grid]:
    found = confusion(truth, said)
    counts = ((found.true_yes, found.false_no), (found.false_yes, found.true_no))
    names = (
        "happened, predicted",
        "happened, missed",
        "predicted in vain",
        "rightly not predicted",
    )
    label = ", ".join(
        f"{name}: {count:,}" for name, count in zip(names, sum(counts, ()), strict=True)
    )
    rows = tuple(
        (name, *(f"{count:,}" for count in row))
        for name, row in zip(("happened", "did not happen"), counts, strict=True)
    )
    title = f"Confusion matrix at a probability of {THRESHOLD}"
    grid = Grid(title, ("", "predicted", "not predicted"), rows)
    return Figure(title, count_matrix(counts, names=names, label=label)), grid


def _reliability(truth: Floats, said: Floats) -> tuple[Figure, Grid]:
    points = reliability(truth, said)
    highest = max(max(each.predicted, each.observed) for each in points)
    lines = (
        Line("right", ((0.0, 0.0), (highest, highest)), GUIDE),
        Line("bin", [(each.predicted, each.observed) for each in points]),
    )
    x, y = Axis("predicted", 0.0, highest), Axis("came true", 0.0, highest)
    label = f"Share that came true by predicted probability, {len(points)} bins of equal size"
    rows = tuple((f"{p.predicted:.4f}", f"{p.observed:.4f}", f"{p.rows:,}") for p in points)
    title = "Reliability: what was said and what came"
    grid = Grid(title, ("Mean predicted", "Came true", "Rows"), rows)
    return Figure(title, line_chart(lines, x=x, y=y, label=label)), grid


def _gains(truth: Floats, said: Floats) -> tuple[tuple[Figure, Figure], Grid]:
    points = gains_by_tenth(truth, said)
    x = Axis("share of the customers, likeliest first", 0, 1, ".0%")
    gain = line_chart(
        (
            Line("chance", ((0.0, 0.0), (1.0, 1.0)), GUIDE),
            Line("model", [(0.0, 0.0), *((each.share, each.gain) for each in points)]),
        ),
        x=x,
        y=Axis("share found", 0, 1, ".0%"),
        label=f"Share found among the likeliest; {points[0].gain:.0%} in the first tenth",
    )
    lift = line_chart(
        (
            Line("chance", ((0.0, 1.0), (1.0, 1.0)), GUIDE),
            Line("model", [(each.share, each.lift) for each in points]),
        ),
        x=x,
        y=Axis("times as often", 0, max(each.lift for each in points), ".1f"),
        label=f"Lift of the likeliest; {points[0].lift:.1f} in the first tenth",
    )
    rows = tuple((f"{p.share:.1%}", f"{p.gain:.1%}", f"{p.lift:.2f}") for p in points)
    grid = Grid("Gain and lift by tenths", ("Likeliest customers", "Gain", "Lift"), rows)
    return (Figure("Gain by tenths", gain), Figure("Lift by tenths", lift)), grid
