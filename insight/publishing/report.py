"""Writes the morning page: one HTML file that needs nothing else."""

import os
import tempfile
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from insight.publishing.charts import histogram, interval_bar
from insight.publishing.comparison import compared_tasks
from insight.publishing.facts import Morning
from insight.publishing.wording import contender_title, headline, metric_title, outcome_title


def render(morning: Morning, verdict: str | None = None) -> str:
    """The page as HTML.

    Args:
        morning: What the lake knows of the night.
        verdict: The gate's own words, where it gave any.
    """
    environment = Environment(
        loader=PackageLoader("insight.publishing", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=_count,
        percent=_percent,
        seconds=_seconds,
        contender=contender_title,
        metric=metric_title,
        outcome=outcome_title,
    )
    page = environment.get_template("report.html.j2")
    return page.render(
        morning=morning,
        verdict=verdict,
        headline=headline(morning),
        tasks=compared_tasks(morning.metrics),
        interval_bar=interval_bar,
        histogram=histogram,
    )


def write_report(folder: Path, morning: Morning, verdict: str | None = None) -> Path:
    """Write ``<run_date>.html`` and ``latest.html``, each whole or not at all.

    An older date that is run again does not become the latest.

    Returns:
        The page of the date.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = render(morning, verdict)
    dated = folder / f"{morning.run_date.isoformat()}.html"
    _replace(dated, page)
    # ISO dates sort as time does; a name of another form is not one of our pages.
    newest = max(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].html"))
    if newest == dated:
        _replace(folder / "latest.html", page)
    return dated


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=".", suffix=".html", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    try:
        # A temporary file is for its owner only; the page is for everybody.
        Path(file.name).chmod(0o644)
        os.replace(file.name, path)  # noqa: PTH105 - the atomic rename is the point
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _percent(share: Any) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.2f} %" if 0 < share < 0.1 else f"{100 * share:.1f} %"


def _seconds(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:02.0f} s" if minutes else f"{rest:.1f} s"
