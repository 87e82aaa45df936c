"""Show a shop's model versions and their trail; promote one, roll back, archive or sign one."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date

from rich.console import Console
from rich.table import Table as Grid

from insight.errors import InsightError, ModelDamagedError
from insight.logs import configure_logs, logger
from insight.registry import Registry
from insight.registry.signing import refuse_missing_key, sign
from insight.registry.store import tags_of
from insight.registry.trail import newest_night
from insight.settings import date_given, load_settings
from insight.tables import Table

READS: tuple[Table, ...] = ()
WRITES: tuple[Table, ...] = ()

SHOWN = {
    "purchase AUC": "purchase.auc",
    "churn AUC": "churn.auc",
    "campaign AUC": "campaign.auc",
    "next item NDCG@10": "next_item.ndcg_10",
}
"""Of what training measured: enough to tell versions apart; promotion judges on later days."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked and show the trail; 0 done, 2 do not retry."""
    configure_logs()
    asked = _parse(arguments)
    try:
        settings = load_settings(asked.profile)
        if settings.signed_models:
            refuse_missing_key()
        registry = Registry(settings.registry)
        _act(registry, asked)
        show(registry)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    parser.add_argument("--date", help="the night it holds from; without it the newest of the shop")
    parser.add_argument("--reason", help="for the trail; asked for by every change")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--promote", metavar="VERSION")
    what.add_argument("--roll-back", action="store_true", help="to the champion before this one")
    what.add_argument("--archive", metavar="VERSION", help="it never serves again")
    what.add_argument("--sign", metavar="VERSION", help="with INSIGHT_MODEL_KEY; needs no reason")
    asked = parser.parse_args(arguments)
    if (asked.promote or asked.roll_back or asked.archive) and not asked.reason:
        parser.error("--reason is missing: who reads the trail will want it")
    return asked


def _act(registry: Registry, asked: argparse.Namespace) -> None:
    day = date_given("--date", asked.date) if asked.date else _newest_night(registry)
    if asked.promote:
        registry.promote(asked.promote, day, asked.reason)
    elif asked.roll_back:
        registry.roll_back(day, asked.reason)
    elif asked.archive:
        registry.archive(asked.archive, day, asked.reason)
    elif asked.sign:
        sign(registry, asked.sign)


def _newest_night(registry: Registry) -> date:
    """Never today: nights of another year would not hear of it."""
    return newest_night([tags_of(entry) for entry in registry.store.entries()])


def show(registry: Registry) -> None:
    """Every version, and every decision on one."""
    console = Console()
    decisions = registry.decisions()
    judged = {each.version for each in decisions if each.kind in ("promoted", "refused")}
    grid = Grid("version", "what, by whom and why", "on validation", show_lines=True)
    grid.columns[0].no_wrap = True
    for version in registry.versions():
        if version not in judged:
            grid.add_row(version, "trained, not judged yet", _proved(registry, version))
    for each in decisions:
        kind, at = each.kind.replace("_", " "), each.at[:16].replace("T", " ")
        since = "in the night of" if each.kind == "refused" else "from"
        what = f"{kind} {since} {each.run_date}\nby {each.by}, {at} UTC\n{each.reason}"
        grid.add_row(each.version, what, _measured(each.metrics))
    console.print(grid if grid.row_count else "No model was trained yet: run make nightly.")


def _proved(registry: Registry, version: str) -> str:
    try:
        return _measured(registry.verify(version).metrics)
    except ModelDamagedError as error:
        return f"not proved: {error.found}"


def _measured(metrics: Mapping[str, float]) -> str:
    found = {title: metrics.get(f"validation.{name}") for title, name in SHOWN.items()}
    return "\n".join(f"{title} {value:.3f}" for title, value in found.items() if value is not None)


if __name__ == "__main__":
    sys.exit(main())
