"""The audit trail: what was decided about a version, by whom, when, why, on which metrics."""

import getpass
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from insight.errors import ModelNotFoundError, PromotionRefused
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

    Decisions count in the order of the run dates that they hold from. A promotion puts a version
    in service. A rollback takes it out of service, until it is promoted again. Archiving takes it
    out of service for every date. The champion is the newest promotion that is left.

    Args:
        decisions: The trail of all versions.
        as_of: Decisions that hold from a later run date are ignored.

    Returns:
        The champion and the newest other version in service; None for a missing one.
    """
    in_service: list[str] = []
    for decision in sorted(decisions, key=lambda decision: (decision.run_date, decision.at)):
        if decision.run_date > as_of.isoformat() or is_archived(decision.version, decisions):
            continue
        if decision.kind == "promoted":
            in_service.append(decision.version)
        elif decision.kind == "rolled_back":
            in_service = [version for version in in_service if version != decision.version]
    if not in_service:
        return None, None
    champion = in_service[-1]
    earlier = [version for version in in_service if version != champion]
    return champion, earlier[-1] if earlier else None


def way_back(decisions: Sequence[Decision], as_of: date) -> tuple[str, str]:
    """The champion at the end of a date, and the version that a rollback puts in its place.

    Raises:
        ModelNotFoundError: There is no champion, or no other version in service.
    """
    champion, earlier = champion_and_before(decisions, as_of)
    if champion is None or earlier is None:
        raise ModelNotFoundError(
            f"champion before {champion}",
            found="no other version that was promoted and is not archived",
            expected="one to go back to",
            next_step="promote a version by its name, or train again",
        )
    return champion, earlier


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


def refuse_champion(version: str, decisions: Sequence[Decision]) -> None:
    """Refuse to take the champion of the newest date out of service.

    Raises:
        PromotionRefused: The version is the champion.
    """
    if champion_and_before(decisions, date.max)[0] == version:
        raise PromotionRefused(
            f"model version {version}",
            found="it is the champion",
            expected="a version that nothing is scored with",
            next_step="promote another one or roll back first",
        )


def free_name(facts: Mapping[str, Any], tags: Sequence[Mapping[str, str]]) -> str:
    """The name of a version of some inputs: its run date, and the start of their hash.

    It is numbered if a version of that name is archived, or was made of other inputs.

    Args:
        facts: With the version's ``run_date`` and ``inputs_hash``.
        tags: Of all versions.
    """
    decisions, inputs_hash = decisions_in(tags), facts["inputs_hash"]
    others = {each["version"] for each in tags if each.get("inputs_hash") != inputs_hash}
    wanted = name = f"{facts['run_date']}-{inputs_hash[:8]}"
    number = 1
    while is_archived(name, decisions) or name in others:
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
