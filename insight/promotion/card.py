"""The model card: what a version is, what it was judged on, and what it is not for.

After Mitchell et al. 2019, "Model Cards for Model Reporting". No time of day is on it: a date
that is run again writes the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.bootstrap import Estimate
from insight.models.history import load_history
from insight.models.shape import ModelShape, member_folders
from insight.pages.wording import contender_title, metric_title
from insight.pages.writing import card_address, open_templates, replace_page
from insight.promotion.caveats import intended_use, limits
from insight.promotion.gate import Decision
from insight.promotion.judging import Evidence
from insight.promotion.measurements import ALL, Measurement
from insight.promotion.pictures import (
    Exhibit,
    Grid,
    action_exhibit,
    learning_exhibit,
    yes_no_exhibit,
)
from insight.registry.shipping import verified_copy
from insight.registry.version import ModelVersion
from insight.settings import Settings

_UNKNOWN = "–"


@dataclass(frozen=True)
class Judged:
    """A version and all that was found out about it.

    Args:
        version: The challenger.
        run_date: The night that judged it.
        evidence: What was measured.
        decision: The gate's.
        settings: The run's.
    """

    version: ModelVersion
    run_date: date
    evidence: Evidence
    decision: Decision
    settings: Settings


def write_card(judged: Judged) -> Path:
    """Write ``card.md`` and ``card.html`` of a version below the report's folder.

    Returns:
        The HTML page.
    """
    with verified_copy(judged.version) as copy:
        return _written(replace(judged, version=copy))


def _written(judged: Judged) -> Path:
    page = judged.settings.report / card_address(judged.version.version)
    page.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "version": judged.version.version,
        "verdict": judged.decision.reason,
        "intended": intended_use(judged.settings),
        "limits": limits(judged.settings),
        "origin": list(_origin(judged)),
        "measured": list(_measured(judged.evidence.measurements)),
        "exhibits": list(_exhibits(judged)),
    }
    templates = open_templates("insight.promotion")
    templates.filters["cell"] = _cell
    for path in (page.with_suffix(".md"), page):
        replace_page(path, templates.get_template(f"{path.name}.j2").render(told))
    return page


def _origin(judged: Judged) -> Iterator[Grid]:
    """Where the version comes from: what it was made of, with which settings, from which data."""
    facts = judged.version.facts
    encoders = [ModelShape.load(each).encoder for each in member_folders(judged.version.folder)]
    examples = judged.settings.examples
    horizons = (examples.purchase_days, examples.churn_days)
    cutoff = judged.run_date - timedelta(days=max(horizons))
    purchase, churn = (cutoff + timedelta(days=days) for days in horizons)
    rows = {
        "Version": judged.version.version,
        "Trained in the night of": facts.get("run_date"),
        "Judged in the night of": judged.run_date,
        "Trained through": facts.get("trained_through"),
        "Judged on customers as of": f"{cutoff}; purchases until {purchase}, churn until {churn}",
        "Began with the weights of": facts.get("warm_from") or "none",
        "Compressed": facts.get("compressed") or "no",
        "Rows learned from": facts.get("train_rows"),
        "Rows judged on": len(judged.evidence.ring.labels.customers),
        "Encoders": ", ".join(encoders),
        "Seed": facts.get("seed"),
        "Code": facts.get("code_version"),
        "Locked packages, SHA-256": facts.get("lock_sha256"),
        "Training table's schema, SHA-256": facts.get("schema_sha256"),
    }
    yield Grid("What it is", ("Fact", ""), tuple((k, _text(v)) for k, v in rows.items()))
    for title, name, column in (
        ("Tables it was trained on", "input_versions", "Delta version"),
        ("Settings of the training", "settings", "Value"),
    ):
        found = sorted(facts.get(name, {}).items())
        yield Grid(title, ("Name", column), tuple((key, _text(value)) for key, value in found))


def _measured(measurements: Sequence[Measurement]) -> Iterator[Grid]:
    """A grid for each task with all contenders, then one for each task's slices."""
    for is_whole, what in ((True, "all test rows"), (False, "slices")):
        chosen = [each for each in measurements if (each.slice == ALL) is is_whole]
        for task in dict.fromkeys(each.task for each in chosen):
            title = f"{task.replace('_', ' ').capitalize()}: {what}"
            yield _compared(title, [each for each in chosen if each.task == task])


def _compared(title: str, measurements: Sequence[Measurement]) -> Grid:
    """Contenders side by side: a row for each metric and slice."""
    contenders = list(dict.fromkeys(each.contender for each in measurements))
    found = {(each.slice, each.metric, each.contender): each.estimate for each in measurements}
    counts = {(each.slice, each.metric): each.row_count for each in measurements}
    rows = [
        (
            metric_title(metric) if name == ALL else f"{metric_title(metric)}, {name}",
            f"{count:,}",
            *(_interval(found.get((name, metric, contender))) for contender in contenders),
        )
        for (name, metric), count in counts.items()
    ]
    return Grid(title, ("Metric", "Rows", *map(contender_title, contenders)), tuple(rows))


def _exhibits(judged: Judged) -> Iterator[Exhibit]:
    folders = member_folders(judged.version.folder)
    yield learning_exhibit([load_history(folder) for folder in folders])
    ring, challenger = judged.evidence.ring, judged.evidence.challenger
    for task in YES_NO_TASKS:
        if task in ring.tasks() and task in challenger.probabilities:
            yield yes_no_exhibit(task, ring.truth(task), ring.said(challenger, task))
    if "next_action" in ring.tasks() and challenger.actions is not None:
        asked = ring.labels.labelled["next_action"]
        yield action_exhibit(ring.truth("next_action"), challenger.actions[asked])


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return _UNKNOWN
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


def _text(value: object) -> str:
    """A fact as text; older versions lack some."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or _UNKNOWN
    return _UNKNOWN if value is None else str(value)


def _cell(text: str) -> str:
    """A text as a cell of a Markdown table: a bar in it would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
