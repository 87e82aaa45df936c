"""The audit trail: what was decided about a version, by whom, when, why, on which metrics."""

import getpass
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Literal

_PREFIX = "decision."

Kind = Literal["promoted", "archived"]


@dataclass(frozen=True)
class Decision:
    """One line of the trail.

    Args:
        version: What it is about.
        kind: What was done with it.
        run_date: ISO date of the night it holds from.
        reason: Why.
        by: Who: the user of the process that did it.
        at: When, ISO, UTC.
        metrics: The version's, as training measured them on validation.
    """

    version: str
    kind: Kind
    run_date: str
    reason: str
    by: str
    at: str
    metrics: Mapping[str, float]


def decided(
    kind: Kind, version: str, run_date: date, reason: str, metrics: Mapping[str, float]
) -> Decision:
    """A decision taken now, by whoever runs this."""
    at = datetime.now(UTC).isoformat()
    return Decision(version, kind, run_date.isoformat(), reason, getpass.getuser(), at, metrics)


def as_tag(decision: Decision) -> tuple[str, str]:
    """A tag of its own for each decision: two at once do not overwrite each other."""
    return f"{_PREFIX}{uuid.uuid4().hex}", json.dumps(asdict(decision))


def decisions_in(tags: Mapping[str, str]) -> list[Decision]:
    """The decisions among a version's tags, oldest first."""
    found = [
        Decision(**json.loads(value)) for name, value in tags.items() if name.startswith(_PREFIX)
    ]
    return sorted(found, key=lambda decision: decision.at)


def champion_and_before(
    decisions: Sequence[Decision], as_of: date
) -> tuple[str | None, str | None]:
    """The version that is champion at the end of a date, and one to go back to.

    The champion is the last promoted of those promoted for the newest run date up to then; the
    one before it is the last other version that was promoted and is not archived.
    """
    promoted = sorted(
        (each for each in decisions if each.kind == "promoted" and _is_in_force(each, as_of)),
        key=lambda decision: (decision.run_date, decision.at),
    )
    if not promoted:
        return None, None
    champion = promoted[-1].version
    passed_over = {champion} | {each.version for each in decisions if each.kind == "archived"}
    earlier = [each.version for each in promoted if each.version not in passed_over]
    return champion, earlier[-1] if earlier else None


def _is_in_force(decision: Decision, as_of: date) -> bool:
    return decision.run_date <= as_of.isoformat()
