"""Publish: the morning page of a date."""

from insight.logs import logger
from insight.publishing.collecting import collect_morning
from insight.publishing.facts import Morning
from insight.publishing.report import write_report
from insight.registry.registry import Registry
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMER_SCORES,
    DATA_QUALITY,
    EVALUATION,
    ITEMS,
    QUARANTINE,
    RECOMMENDATIONS,
    RUN_LOG,
)

log = logger(__name__)


def publish(run: Run) -> str | None:
    """Write the page from what is in the lake, whatever of it is there."""
    morning = collect_morning(run.lake, run.run_date)
    page = write_report(run.settings.report, morning, _verdict(run, morning))
    log.info("morning page", path=str(page))
    return None


PUBLISH = Stage(
    name="publish",
    reads=(
        CUSTOMER_SCORES,
        DATA_QUALITY,
        EVALUATION,
        ITEMS,
        QUARANTINE,
        RECOMMENDATIONS,
        RUN_LOG,
    ),
    writes=(),
    work=publish,
)


def _verdict(run: Run, morning: Morning) -> str | None:
    """The gate's reason: of a promotion from the registry, of a refusal from the run log."""
    said = [row.detail for row in morning.stages if row.stage == "promote" and row.detail]
    if said:
        return said[-1]
    if not run.settings.registry.is_dir():
        return None
    tonight = run.run_date.isoformat()
    promoted = [
        f"Model {decision.version} {decision.reason}"
        for decision in Registry(run.settings.registry).decisions()
        if decision.kind == "promoted" and decision.run_date == tonight
    ]
    return promoted[-1] if promoted else None
