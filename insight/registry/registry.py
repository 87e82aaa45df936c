"""Publish, verify, find and promote model versions."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import BaseFileLock, FileLock

from insight.errors import ModelDamagedError, ModelNotFoundError
from insight.logs import logger
from insight.registry.manifest import place_version, read_manifest
from insight.registry.signing import proved_hash, sealed
from insight.registry.store import Store, tags_of
from insight.registry.trail import (
    Decision,
    as_tag,
    champion_and_before,
    decided,
    decisions_in,
    free_name,
    is_archived,
    refuse_archived,
    refuse_champion,
    way_back,
)
from insight.registry.version import ModelVersion

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Entry

log = logger(__name__)

CHAMPION, CHALLENGER = "champion", "challenger"


class Registry:
    """The model versions of one shop.

    Args:
        root: Folder of the models and of MLflow's database.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    @cached_property
    def store(self) -> Store:
        """MLflow, for what is no version: trials of a search."""
        self._root.mkdir(parents=True, exist_ok=True)
        return Store(f"sqlite:///{self._root}/mlflow.db")

    @cached_property
    def _turn(self) -> BaseFileLock:
        """Held by the one process that changes the registry; the system frees it with a process."""
        return FileLock(self._root / "registry.lock")

    def publish(
        self, prepared: Path, facts: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> ModelVersion:
        """Make a version of a prepared folder, whole or not at all, and a challenger of it.

        Publishers take turns. Who publishes the inputs of a version that is registered and sound
        gets that version: the first one stands.

        Args:
            prepared: A folder with the model's files; it stays as it is.
            facts: Must hold ``run_date`` (ISO) and ``inputs_hash`` (hex).
            metrics: What training measured.

        Raises:
            ModelDamagedError: A file is of a format that can run code.
        """
        with self._turn:
            version = free_name(facts, self._tags())
            published = self._proved(version) if version in self.versions() else None
            if published is not None:
                log.warning("model already published", version=version)
                return published
            folder, named = self.folder(version), {**facts, "version": version}
            manifest_hash = place_version(folder, prepared, named, metrics)
            tags = {name: named[name] for name in ("version", "run_date", "inputs_hash")}
            self.store.add(folder, tags | sealed(version, manifest_hash))
            self.store.alias(CHALLENGER, self.entry(version))
        log.info("model published", version=version)
        return self.verify(version)

    def verify(self, version: str) -> ModelVersion:
        """Prove that a version's files are those published, and return it.

        Raises:
            ModelNotFoundError: No such version is registered.
            ModelDamagedError: Its files are others, or can run code, or it is not signed.
        """
        folder = self.folder(version)
        known_hash = proved_hash(version, tags_of(self.entry(version)))
        content = read_manifest(folder, known_hash)
        return ModelVersion(version, folder, content["facts"], content["metrics"], known_hash)

    def champion(self, as_of: date) -> ModelVersion:
        """The version that was champion at the end of a date.

        A backfill of an old date so never meets a model that was promoted later.

        Raises:
            ModelNotFoundError: None was promoted by then.
            ModelDamagedError: Its files are not those published.
        """
        found = self.champion_or_none(as_of)
        if found is None:
            raise ModelNotFoundError(
                f"champion as of {as_of}",
                found="no version promoted by then",
                expected="one that beat its baselines",
                next_step="run train and promote for this date first",
            )
        return found

    def champion_or_none(self, as_of: date) -> ModelVersion | None:
        """As ``champion``, but None where there is none."""
        version, _ = champion_and_before(self.decisions(), as_of)
        return self.verify(version) if version else None

    def challenger(self, run_date: date) -> ModelVersion:
        """The newest version trained for a run date, promoted or not.

        Raises:
            ModelNotFoundError: None was trained for it.
            ModelDamagedError: Its files are not those published.
        """
        trained = self._in_service(run_date)
        if not trained:
            raise ModelNotFoundError(
                f"challenger of {run_date}",
                found="no version trained for this date",
                expected="at least one",
                next_step="run train for this date first",
            )
        return self.verify(tags_of(trained[-1])["version"])

    def find_same(self, run_date: date, inputs_hash: str) -> ModelVersion | None:
        """The undamaged version made of the same inputs for the same date, if there is one."""
        for entry in self._in_service(run_date):
            if tags_of(entry).get("inputs_hash") == inputs_hash:
                found = self._proved(tags_of(entry)["version"])
                if found is not None:
                    return found
        return None

    def promote(self, version: str, run_date: date, reason: str) -> ModelVersion:
        """Make a version champion from a run date on.

        The decision is one record, so readers see the champion before or the one after; the
        alias, for people, follows.

        Args:
            version: The version to promote.
            run_date: The night that decided, not the time of day it ran at.
            reason: Why, for the audit trail.

        Raises:
            ModelNotFoundError: No such version is registered, or it is archived.
            ModelDamagedError: Its files are not those published.
        """
        with self._turn:
            verified = self.verify(version)
            refuse_archived(version, self.decisions())
            self.note(decided("promoted", version, run_date, reason, verified))
            self._point_alias()
        return verified

    def roll_back(self, run_date: date, reason: str) -> ModelVersion:
        """Make the champion before the present one champion again, from a run date on.

        Raises:
            ModelNotFoundError: There was none before.
            ModelDamagedError: Its files are not those published.
        """
        with self._turn:
            present, earlier = way_back(self.decisions(), run_date)
            self.verify(earlier)
            # Before the promotion: a process that dies between the two has left the champion.
            self.note(decided("rolled_back", present, run_date, reason, self._proved(present)))
            return self.promote(earlier, run_date, reason)

    def archive(self, version: str, run_date: date, reason: str) -> None:
        """Take a version out of service for good; its files stay for whoever asks later.

        Raises:
            ModelNotFoundError: No such version is registered.
            PromotionRefused: It is the champion, and a sound one.
        """
        with self._turn:
            proved = self._proved(version)
            if proved:
                refuse_champion(version, self.decisions())
            self.note(decided("archived", version, run_date, reason, proved))
            self._point_alias()

    def _point_alias(self) -> None:
        """Point the alias, which is for people, at the champion of the newest date."""
        champion, _ = champion_and_before(self.decisions(), date.max)
        self.store.alias(CHAMPION, self.entry(champion) if champion else None)

    def _tags(self) -> list[dict[str, str]]:
        return [tags_of(entry) for entry in self.store.entries()]

    def decisions(self) -> list[Decision]:
        """The audit trail of all versions, oldest first."""
        return decisions_in(self._tags())

    def note(self, decision: Decision) -> None:
        """Write a line of the audit trail."""
        self.store.tag(self.entry(decision.version), *as_tag(decision))
        told = {name: getattr(decision, name) for name in ("version", "run_date", "reason")}
        log.info(f"model {decision.kind}", **told)

    def _proved(self, version: str) -> ModelVersion | None:
        """None for a damaged one: it must be possible to leave it."""
        try:
            return self.verify(version)
        except ModelDamagedError as error:
            log.warning("model damaged", version=version, why=str(error))
            return None

    def versions(self) -> list[str]:
        """Names of all versions, oldest first; archived ones too."""
        return list(dict.fromkeys(tags["version"] for tags in self._tags()))

    def entry(self, version: str) -> "Entry":
        """What the database keeps of a version."""
        found = self.store.entries(version=version)
        if not found:
            raise ModelNotFoundError(
                f"model version {version}",
                found="no such version in the registry",
                expected=f"one of {self.versions()}",
                next_step="name a registered version",
            )
        return found[-1]

    def _in_service(self, run_date: date) -> list["Entry"]:
        """Trained for a date and not archived, oldest first."""
        trained, decisions = self.store.entries(run_date=run_date.isoformat()), self.decisions()
        return [each for each in trained if not is_archived(tags_of(each)["version"], decisions)]

    def folder(self, version: str) -> Path:
        """Where a version's files lie."""
        return self._root / "models" / version
