"""Writes the morning page: one HTML file that needs nothing else."""

from pathlib import Path
from typing import Any

from insight.pages.charts import histogram, interval_bar
from insight.pages.writing import card_address, open_templates, replace_page
from insight.publishing.comparison import compared_tasks
from insight.publishing.facts import Morning
from insight.publishing.wording import headline, outcome_title


def render(morning: Morning, verdict: str | None = None, card: str | None = None) -> str:
    """The page as HTML.

    Args:
        morning: What the lake knows of the night.
        verdict: The gate's own words, where it gave any.
        card: Address of the scoring model's card, where there is one.
    """
    environment = open_templates("insight.publishing")
    environment.filters.update(percent=_percent, seconds=_seconds, outcome=outcome_title)
    page = environment.get_template("report.html.j2")
    return page.render(
        morning=morning,
        verdict=verdict,
        card=card,
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
    page = render(morning, verdict, _card(folder, morning))
    dated = folder / f"{morning.run_date.isoformat()}.html"
    replace_page(dated, page)
    # ISO dates sort as time does; a name of another form is not one of our pages.
    newest = max(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].html"))
    if newest == dated:
        replace_page(folder / "latest.html", page)
    return dated


def _card(folder: Path, morning: Morning) -> str | None:
    """The champion's card; one judged before there were cards has none."""
    if morning.tonight is None:
        return None
    address = card_address(morning.tonight.model_version)
    return address if (folder / address).is_file() else None


def _percent(share: Any) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.2f} %" if 0 < share < 0.1 else f"{100 * share:.1f} %"


def _seconds(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:02.0f} s" if minutes else f"{rest:.1f} s"
