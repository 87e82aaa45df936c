"""A standalone Spark cluster of this machine's own: a master and two workers on 127.0.0.1."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyspark

SPARK_HOME = Path(pyspark.__file__).parent


@contextmanager
def standalone_cluster(
    folder: Path,
    *,
    cores: int = 1,
    memory: str = "1g",
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The master's URL, while both workers run.

    Args:
        folder: The workers' folders and the log lie in it.
        cores: Of each worker.
        memory: Of each worker.
        environment: What the workers know, and nothing else; this process's without it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"spark://127.0.0.1:{port}"
    known = dict(os.environ if environment is None else environment)
    address = ["--host", "127.0.0.1", "--webui-port", "0"]
    share = ["--cores", str(cores), "--memory", memory, "--work-dir", str(folder / "work")]
    master = ["master.Master", *address, "--port", str(port)]
    worker = ["worker.Worker", *address, *share, url]
    with (folder / "cluster.log").open("w") as log:
        started = [_start(master, known, folder, log)]
        try:
            _wait_for(port)
            started += [_start(worker, known, folder, log) for _ in range(2)]
            yield url
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _start(
    command: list[str], known: dict[str, str], folder: Path, log: object
) -> subprocess.Popen[bytes]:
    kind, *arguments = command
    spark = [str(SPARK_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}"]
    own = known | {"SPARK_HOME": str(SPARK_HOME), "SPARK_DAEMON_MEMORY": "256m"}
    streams = {"stdout": log, "stderr": log}
    return subprocess.Popen([*spark, *arguments], env=own, cwd=folder, **streams)  # type: ignore[call-overload, no-any-return]


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"no master on port {port}")
