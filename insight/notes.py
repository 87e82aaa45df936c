"""Small facts of a lake that are noted once, beside its tables, and outlive their logs."""

from dataclasses import dataclass

from pyspark.sql import SparkSession

from insight.storage import create_file, text_of


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
        return text_of(self.spark, f"{self.root}/{name}")

    def note(self, name: str, text: str) -> None:
        """Note a text; a note that is there already is never replaced.

        Args:
            name: Begins with an underscore, so readers of data pass over the file.
            text: What to note.
        """
        create_file(self.spark, f"{self.root}/{name}", text)
