"""Small text files that are created once, whole and by one process alone, and never overwritten."""

import errno
import os
import uuid
from pathlib import Path
from typing import Any, Protocol

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
"""Errors of a file system that has no hard links."""


class ExclusiveFiles(Protocol):
    """The files of one folder."""

    def create(self, name: str, text: str) -> bool:
        """Create a file whole, unless it exists; whether it was created."""

    def names(self) -> list[str]:
        """Names of the files, in order; hidden ones are left out."""

    def read(self, name: str) -> str | None:
        """The text of a file; None if it does not exist."""

    def delete(self, name: str) -> None:
        """Delete a file; nothing happens if it does not exist."""


def exclusive_files(spark: SparkSession, folder: str) -> ExclusiveFiles:
    """The files of a folder, by the means of the file system that it lies on.

    Args:
        spark: Whose Hadoop opens all file systems but the local one.
        folder: A qualified URL.
    """
    if folder.startswith("file:"):
        return LocalFiles(Path("/" + folder.removeprefix("file:").lstrip("/")))
    return HadoopFiles(spark, folder)


class LocalFiles:
    """Files of a local or mounted file system. A hard link is atomic; Hadoop's rename is not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str, text: str) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        incoming = self._folder / f".{uuid.uuid4().hex}"
        try:
            incoming.write_text(text)
            try:
                os.link(incoming, self._folder / name)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self._create_without_links(name, text)
        except FileExistsError:
            return False
        finally:
            incoming.unlink(missing_ok=True)
        return True

    def _create_without_links(self, name: str, text: str) -> None:
        """Create a file exclusively. A process that is killed while it writes leaves half a file.

        Raises:
            FileExistsError: Another process has created it.
        """
        file = (self._folder / name).open("x")
        try:
            with file:
                file.write(text)
        except OSError:
            # A full disk. The file is this process's own: half of it would stop every later run.
            self.delete(name)
            raise

    def names(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.name[0] != ".")

    def read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text()
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


class HadoopFiles:
    """Files of any file system that Hadoop opens.

    A rename that refuses to overwrite is atomic on HDFS and on Azure's hierarchical storage. On
    S3 it is a look, and then a copy.
    """

    def __init__(self, spark: SparkSession, folder: str) -> None:
        context: Any = spark.sparkContext
        self._jvm, self._array = context._jvm, context._gateway.new_array
        self._hadoop = context._jsc.hadoopConfiguration()
        self._folder = self._jvm.org.apache.hadoop.fs.Path(folder)
        self._files = self._folder.getFileSystem(self._hadoop)

    def create(self, name: str, text: str) -> bool:
        incoming = self._path(f".{uuid.uuid4().hex}")
        stream = self._files.create(incoming, False)
        try:
            try:
                stream.write(bytearray(text.encode()))
            finally:
                stream.close()
            context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(
                incoming.toUri(), self._hadoop
            )
            # No option: an existing file is not overwritten.
            options = self._array(getattr(self._jvm.org.apache.hadoop.fs, "Options$Rename"), 0)
            context.rename(incoming, self._path(name), options)
        except Py4JJavaError as error:
            if "FileAlreadyExistsException" not in str(error.java_exception.getClass().getName()):
                raise
            return False
        finally:
            self._files.delete(incoming, False)
        return True

    def names(self) -> list[str]:
        if not self._files.exists(self._folder):
            return []
        names = [str(entry.getPath().getName()) for entry in self._files.listStatus(self._folder)]
        return sorted(name for name in names if name[0] != ".")

    def read(self, name: str) -> str | None:
        try:
            stream = self._files.open(self._path(name))
        except Py4JJavaError as error:
            if "FileNotFoundException" not in str(error.java_exception.getClass().getName()):
                raise
            return None
        try:
            return str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def delete(self, name: str) -> None:
        self._files.delete(self._path(name), False)

    def _path(self, name: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(self._folder, name)
