"""Publish, verify, find and promote model versions."""

import json
import shutil
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insight.errors import ModelDamagedError, ModelNotFoundError
from insight.logs import logger
from insight.registry.manifest import read_manifest, write_manifest
from insight.registry.store import Store, tags_of
from insight.registry.version import ModelVersion

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Entry

log = logger(__name__)

CHAMPION, CHALLENGER = "champion", "challenger"


class Registry:
    """The model versions of one shop.

    Args:
        root: Folder of the models, and of the database where no other is named.
        database: SQLAlchemy address of MLflow's database; SQLite in ``root`` by default.
    """

    def __init__(self, root: Path, database: str | None = None) -> None:
        self._root = root.resolve()
        self._database = database or f"sqlite:///{self._root}/mlflow.db"

    @cached_property
    def _store(self) -> Store:
        self._root.mkdir(parents=True, exist_ok=True)
        return Store(self._database)

    def publish(
        self, prepared: Path, facts: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> ModelVersion:
        """Make a version of a prepared folder, whole or not at all, and a challenger of it.

        Args:
            prepared: A folder with the model's files; it stays as it is.
            facts: Must hold ``run_date`` (ISO) and ``inputs_hash`` (hex).
            metrics: What training measured.

        Raises:
            ModelDamagedError: A file is of a format that can run code.
        """
        version = f"{facts['run_date']}-{facts['inputs_hash'][:8]}"
        incoming = self._root / "models" / f".incoming-{uuid.uuid4().hex}"
        shutil.copytree(prepared, incoming)
        try:
            manifest_hash = write_manifest(incoming, {**facts, "version": version}, metrics)
            folder = self._folder(version)
            # A folder that the database does not know was left by a run that died here.
            shutil.rmtree(folder, ignore_errors=True)
            incoming.rename(folder)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        tags = {
            "version": version,
            "run_date": facts["run_date"],
            "inputs_hash": facts["inputs_hash"],
            "manifest_sha256": manifest_hash,
        }
        self._store.add(folder, tags)
        self._store.alias(CHALLENGER, self._entry(version))
        log.info("model published", version=version)
        return self.verify(version)

    def verify(self, version: str) -> ModelVersion:
        """Prove that a version's files are those published, and return it.

        Raises:
            ModelNotFoundError: No such version is registered.
            ModelDamagedError: A file is changed, missing or not listed, or can run code.
        """
        folder = self._folder(version)
        known_hash = tags_of(self._entry(version)).get("manifest_sha256")
        content = read_manifest(folder, known_hash)
        return ModelVersion(version, folder, content["facts"], content["metrics"])

    def champion(self, as_of: date) -> ModelVersion:
        """The version that was champion at the end of a date.

        A backfill of an old date so never meets a model that was promoted later.

        Raises:
            ModelNotFoundError: None was promoted by then.
            ModelDamagedError: Its files are not those published.
        """
        entry = self._champion_entry(as_of)
        if entry is None:
            raise ModelNotFoundError(
                f"champion as of {as_of}",
                found="no version promoted by then",
                expected="one that beat its baselines",
                next_step="run train and promote for this date first",
            )
        return self.verify(tags_of(entry)["version"])

    def champion_or_none(self, as_of: date) -> ModelVersion | None:
        """As ``champion``, but None where there is none."""
        return self.champion(as_of) if self._champion_entry(as_of) else None

    def challenger(self, run_date: date) -> ModelVersion:
        """The newest version trained for a run date, promoted or not.

        Raises:
            ModelNotFoundError: None was trained for it.
            ModelDamagedError: Its files are not those published.
        """
        trained = self._with_tag("run_date", run_date.isoformat())
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
        for entry in self._with_tag("run_date", run_date.isoformat()):
            if tags_of(entry).get("inputs_hash") == inputs_hash:
                try:
                    return self.verify(tags_of(entry)["version"])
                except ModelDamagedError as error:
                    log.warning("model damaged", version=tags_of(entry)["version"], why=str(error))
        return None

    def promote(self, version: str, run_date: date, reason: str) -> ModelVersion:
        """Make a version champion from a run date on; each promotion is kept as a record.

        Args:
            version: The version to promote; an older one for a rollback.
            run_date: The night that decided, not the time of day it ran at.
            reason: Why, for the audit trail.

        Raises:
            ModelNotFoundError: No such version is registered.
            ModelDamagedError: Its files are not those published.
        """
        verified = self.verify(version)
        entry = self._entry(version)
        record = {
            "run_date": run_date.isoformat(),
            "reason": reason,
            "promoted_at": datetime.now(UTC).isoformat(),
        }
        self._store.tag(entry, "promotions", json.dumps([*_promotions(entry), record]))
        self._store.tag(entry, "promoted_on", run_date.isoformat())
        newest = self._champion_entry(date.max)
        if newest is not None:
            self._store.alias(CHAMPION, newest)
        log.info("model promoted", version=version, run_date=str(run_date), reason=reason)
        return verified

    def promotions(self) -> list[dict[str, str]]:
        """The audit trail, oldest first: ``version``, ``run_date``, ``reason``, ``promoted_at``."""
        records = [
            {"version": tags_of(entry)["version"], **record}
            for entry in self._store.entries()
            for record in _promotions(entry)
        ]
        return sorted(records, key=lambda record: record["promoted_at"])

    def log_trial(
        self,
        search: str,
        number: int,
        params: Mapping[str, object],
        values: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> None:
        """Keep one trial of a search as an MLflow run; versions and aliases stay as they are.

        Args:
            search: Its experiment.
            number: Of the trial, from 0.
            params: What it tried, seeds among it.
            values: What came of it, by fold.
            tags: How it ended.
        """
        self._store.log_run(search, f"trial {number}", params, values, tags)

    def _champion_entry(self, as_of: date) -> "Entry | None":
        """The last promoted of those promoted for the newest run date up to ``as_of``."""
        promoted = [
            (record["run_date"], record["promoted_at"], position, entry)
            for position, entry in enumerate(self._entries())
            for record in _promotions(entry)
            if record["run_date"] <= as_of.isoformat()
        ]
        return max(promoted, key=lambda found: found[:3])[3] if promoted else None

    def _entries(self) -> list["Entry"]:
        return [entry for entry in self._store.entries() if "version" in tags_of(entry)]

    def _entry(self, version: str) -> "Entry":
        found = self._with_tag("version", version)
        if not found:
            raise ModelNotFoundError(
                f"model version {version}",
                found="no such version in the registry",
                expected=f"one of {[tags_of(entry)['version'] for entry in self._entries()]}",
                next_step="name a registered version",
            )
        return found[-1]

    def _with_tag(self, name: str, value: str) -> list["Entry"]:
        return [entry for entry in self._entries() if tags_of(entry).get(name) == value]

    def _folder(self, version: str) -> Path:
        return self._root / "models" / version


def _promotions(entry: "Entry") -> list[dict[str, str]]:
    """The promotions recorded on one version, oldest first."""
    return list(json.loads(tags_of(entry).get("promotions", "[]")))
