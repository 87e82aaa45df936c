"""Small facts of a lake that are noted once, beside its tables, and outlive their logs."""

from dataclasses import dataclass

from pyspark.sql import SparkSession

from insight.exclusive_files import exclusive_files


@dataclass
class NotedFolder:
    """A lake's folder and the notes in it.

    Args:
        spark: The session.
        root: The folder.
    """

    spark: SparkSession
    root: str

    def noted(self, name: str) -> str | None:
        """The text noted under a name; None if there is none."""
        return exclusive_files(self.spark, self.root).read(name)

    def note(self, name: str, text: str) -> bool:
        """Note a text and return whether it is noted; an existing note is never replaced.

        Args:
            name: Begins with an underscore, so readers of data pass over the file.
            text: The note.
        """
        return exclusive_files(self.spark, self.root).create(name, text)
