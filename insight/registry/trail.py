"""The audit trail: what was decided about a version, by whom, when, why, on which metrics."""

import getpass
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Literal

from insight.errors import ModelNotFoundError
from insight.registry.version import ModelVersion

_PREFIX = "decision."

Kind = Literal["promoted", "refused", "rolled_back", "archived", "signed"]


@dataclass(frozen=True)
class Decision:
    """One line of the trail.

    Args:
        version: What it is about.
        kind: What was done with it.
        run_date: ISO date of the night it holds from; of a signature, that it was trained in.
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
    kind: Kind, version: str, run_date: date, reason: str, proved: ModelVersion | None
) -> Decision:
    """A decision taken now, by whoever runs this; without metrics on what nothing proves."""
    at = datetime.now(UTC).isoformat()
    metrics = proved.metrics if proved else {}
    return Decision(version, kind, run_date.isoformat(), reason, _user(), at, metrics)


def as_tag(decision: Decision) -> tuple[str, str]:
    """A tag of its own for each decision: two at once do not overwrite each other."""
    return f"{_PREFIX}{uuid.uuid4().hex}", json.dumps(asdict(decision))


def decisions_in(tags: Sequence[Mapping[str, str]]) -> list[Decision]:
    """The decisions among the tags of versions, oldest first."""
    found = [
        Decision(**json.loads(value))
        for each in tags
        for name, value in each.items()
        if name.startswith(_PREFIX)
    ]
    return sorted(found, key=lambda decision: decision.at)


def newest_night(tags: Sequence[Mapping[str, str]]) -> date:
    """The newest run date that a version was trained for, or that a decision holds from.

    Args:
        tags: Of all versions.
    """
    nights = [each["run_date"] for each in tags]
    nights += [decision.run_date for decision in decisions_in(tags)]
    return date.fromisoformat(max(nights, default=date.min.isoformat()))


def champion_and_before(
    decisions: Sequence[Decision], as_of: date
) -> tuple[str | None, str | None]:
    """The version that is champion at the end of a date, and one to go back to.

    The champion is the last promoted of those promoted for the newest run date up to then,
    archived ones left out; the one before it is the last other that was not rolled back.
    """
    known = sorted(decisions, key=lambda decision: (decision.run_date, decision.at))
    promoted = [
        each.version
        for each in known
        if each.kind == "promoted" and each.run_date <= as_of.isoformat()
        if not is_archived(each.version, decisions)
    ]
    if not promoted:
        return None, None
    left = {promoted[-1]} | {each.version for each in known if each.kind == "rolled_back"}
    earlier = [version for version in promoted if version not in left]
    return promoted[-1], earlier[-1] if earlier else None


def is_archived(version: str, decisions: Sequence[Decision]) -> bool:
    """Whether a version is out of service."""
    return any(each.kind == "archived" and each.version == version for each in decisions)


def refuse_archived(version: str, decisions: Sequence[Decision]) -> None:
    """Refuse to serve a version that is out of service.

    Raises:
        ModelNotFoundError: It is archived.
    """
    if is_archived(version, decisions):
        raise ModelNotFoundError(
            f"model version {version}",
            found="it is archived",
            expected="a version in service",
            next_step="promote another one, or train again",
        )


def free_name(wanted: str, decisions: Sequence[Decision]) -> str:
    """A version's name, numbered where one of that name is archived: that one stays."""
    name, number = wanted, 1
    while is_archived(name, decisions):
        number += 1
        name = f"{wanted}-{number}"
    return name


def why_left(version: str, decisions: Sequence[Decision]) -> str | None:
    """Why a version was rolled back, unless somebody promoted it again since then."""
    # A signature or a refusal by the gate puts no version back into service.
    acts = ("promoted", "rolled_back", "archived")
    about = [each for each in decisions if each.version == version and each.kind in acts]
    last = max(about, key=lambda decision: decision.at, default=None)
    return last.reason if last is not None and last.kind == "rolled_back" else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user need not have a name.
        return f"uid {os.getuid()}"
