"""One Delta transaction whose files can be read before they are committed.

Spark's writer stages and commits in one go, so rows audited before the commit would have to be
written twice. Delta's own transaction has both halves, but in Scala alone.
"""

from typing import Any, cast

from py4j.java_gateway import JavaObject
from pyspark.sql import DataFrame, SparkSession

from insight.jvm import elements
from insight.table_reader import frame_of, listed_files


class Transaction:
    """Files written into a table's folder, unseen by its readers until they are committed."""

    def __init__(self, spark: SparkSession, folder: str) -> None:
        self._spark = spark
        self._jvm = cast(Any, spark.sparkContext._jvm)
        delta = self._jvm.org.apache.spark.sql.delta
        self._log = delta.DeltaLog.forTable(spark._jsparkSession, folder)
        self._transaction = self._log.startTransaction()
        self._added: list[JavaObject] = []

    def write(self, rows: DataFrame) -> DataFrame:
        """Write rows of the table's schema as its files would be, and read them back.

        Returns:
            What the files hold, whatever the rows would come out as a second time.
        """
        added = self._transaction.writeFiles(rows._jdf)
        self._added += elements(added)
        return frame_of(self._spark, self._log, self._transaction.snapshot(), added)

    @property
    def size(self) -> int | None:
        """Rows written, if all files have statistics."""
        counts = [file.numPhysicalRecords() for file in self._added]
        return sum(c.get() for c in counts) if all(c.isDefined() for c in counts) else None

    def commit(self, *, where: str, metadata: str) -> int | None:
        """Replace the files that a predicate over partition columns names by those written.

        Args:
            where: Conditions on partition columns alone.
            metadata: The commit's userMetadata.

        Returns:
            The version committed; None where nothing would replace nothing.

        Raises:
            Delta's conflict exceptions: Another commit touched these files meanwhile.
        """
        jvm, some = self._jvm, self._jvm.scala.Option.apply
        parser = self._spark._jsparkSession.sessionState().sqlParser()
        condition = self._seq([parser.parseExpression(where)])
        replaced = [*elements(self._matching(condition))]
        if not self._added and not replaced:
            return None
        partitions = self._transaction.metadata().partitionColumns()
        write = getattr(jvm.org.apache.spark.sql.delta, "DeltaOperations$Write")
        overwrite = jvm.org.apache.spark.sql.SaveMode.Overwrite
        operation = write(overwrite, some(partitions), some(where), some(metadata))
        actions = self._seq([*self._added, *(file.remove() for file in replaced)])
        return int(self._transaction.commit(actions, operation))

    def abandon(self) -> None:
        """Delete what was written."""
        hadoop = self._log.newDeltaHadoopConf()
        for file in self._added:
            path = file.absolutePath(self._log)
            path.getFileSystem(hadoop).delete(path, False)

    def _matching(self, condition: JavaObject) -> JavaObject:
        """The files of some partitions, noted as read by the transaction."""
        transaction, snapshot = self._transaction, self._transaction.snapshot()
        files = listed_files(self._spark, snapshot)
        if files is None:
            return transaction.filterFiles(condition, False)
        # What filterFiles does, but for its query over the whole log.
        index = self._jvm.org.apache.spark.sql.delta.files.TahoeBatchFileIndex(
            self._spark._jsparkSession,
            "batch",
            files,
            self._log,
            self._log.dataPath(),
            snapshot,
            False,
        )
        matching = index.matchingFiles(condition, self._seq([]))
        transaction.trackReadPredicates(condition, False, True)
        transaction.trackFilesRead(matching)
        return matching

    def _seq(self, elements: list[JavaObject]) -> JavaObject:
        return self._jvm.PythonUtils.toSeq(elements)
