"""MLflow's model registry, in SQLite beside the models, kept quiet and at home."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Entry
    from mlflow.tracking import MlflowClient

MODEL_NAME = "customer_model"
_PAGE = 1000


class Store:
    """The entries of the registry: one per model version, with tags and aliases.

    Args:
        uri: SQLAlchemy address of the database.
    """

    def __init__(self, uri: str) -> None:
        self._client = _quiet_client(uri)

    def entries(self, **tags: str) -> list["Entry"]:
        """The model versions with these tags, oldest first."""
        found: list[Entry] = []
        token: str | None = None
        while token is None or token:
            page = self._client.search_model_versions(
                f"name = '{MODEL_NAME}'", max_results=_PAGE, page_token=token
            )
            found += page
            token = page.token or ""
        # What somebody else has put there has no version of ours.
        alike = [
            entry
            for entry in found
            if "version" in tags_of(entry) and tags.items() <= tags_of(entry).items()
        ]
        return sorted(alike, key=lambda entry: int(entry.version))

    def add(self, folder: Path, tags: dict[str, str]) -> None:
        """Register a model version; its tags are how it is found again."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(MODEL_NAME)
        except MlflowException:
            self._client.create_registered_model(MODEL_NAME)
        self._client.create_model_version(MODEL_NAME, source=folder.as_uri(), tags=tags)

    def tag(self, entry: "Entry", name: str, value: str) -> None:
        self._client.set_model_version_tag(MODEL_NAME, entry.version, name, value)

    def alias(self, alias: str, entry: "Entry | None") -> None:
        """Point an alias at a version, and at no other one; at none at all with None."""
        if entry is None:
            self._client.delete_registered_model_alias(MODEL_NAME, alias)
        else:
            self._client.set_registered_model_alias(MODEL_NAME, alias, entry.version)

    def log_run(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> None:
        """Keep a run that is over, of an experiment that is made where there is none."""
        known = self._client.get_experiment_by_name(experiment)
        place = known.experiment_id if known else self._client.create_experiment(experiment)
        run = self._client.create_run(place, run_name=name, tags=dict(tags)).info.run_id
        for key, value in params.items():
            self._client.log_param(run, key, value)
        for key, metric in metrics.items():
            self._client.log_metric(run, key, metric)
        self._client.set_terminated(run)


def _quiet_client(uri: str) -> "MlflowClient":
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        # The first call makes or migrates the database.
        client.search_registered_models(max_results=1)
    return client


def tags_of(entry: "Entry") -> dict[str, str]:
    """The tags of an entry, by name."""
    return dict(entry.tags)
