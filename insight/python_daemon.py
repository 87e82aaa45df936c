"""The process from which Spark forks its Python workers (``spark.python.daemon.module``).

Spark puts archives of itself on the workers' path: its core jar, pyspark and py4j. Each task
invalidates Python's import caches, after which Python reads the directories of these archives
again. The environment has the same pyspark, so that they are not needed. A task of a few rows
takes 0.17 s instead of 0.29 s.
"""

import gc
import sys
from importlib import import_module
from pathlib import PurePath

SPARKS_OWN = ("pyspark.zip", "py4j-*.zip", "spark-core_*.jar")


def _is_sparks_own(place: str) -> bool:
    return any(PurePath(place).match(name) for name in SPARKS_OWN)


sys.path[:] = [place for place in sys.path if not _is_sparks_own(place)]
for archive in [*filter(_is_sparks_own, sys.path_importer_cache)]:
    del sys.path_importer_cache[archive]

# Only now, so that pyspark comes from the environment.
from pyspark.daemon import manager  # noqa: E402

if __name__ == "__main__":
    # Workers share what is imported before the fork; TensorFlow's threads would not survive it.
    for package in ("pandas", "pyarrow"):
        import_module(package)
    # Workers collect garbage after each task; they need not look through the imported modules.
    gc.freeze()
    manager()  # type: ignore[no-untyped-call]
