"""Loads the model in a worker process, once."""

from typing import TYPE_CHECKING

from pyspark import Broadcast

from insight.registry.shipping import Parcel, unpacked

if TYPE_CHECKING:
    from insight.scoring.worker import LoadedModel

_loaded: dict[str, "LoadedModel"] = {}


def loaded(parcel: Broadcast[Parcel], name: str) -> "LoadedModel":
    """The model in this worker process: unpacked and loaded at the first call only.

    Args:
        parcel: From ``ship``.
        name: What the model is known by; two models never share one.
    """
    if name not in _loaded:
        # TensorFlow is imported here, in the worker; the driver stays without it.
        from insight.models.threads import keep_to_task
        from insight.scoring.worker import load_model

        keep_to_task()
        with unpacked(parcel) as folder:
            # A worker serves one run's model at a time: the one before may go.
            _loaded.clear()
            _loaded[name] = load_model(folder)
    return _loaded[name]
