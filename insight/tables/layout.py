"""How a table's rows are laid out before they are written to files."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.tables.table import Table


def laid_out(rows: DataFrame, table: Table, files: int | None) -> DataFrame:
    """Rows laid out for the files: equal files where ranks share them, else few per partition.

    Otherwise each of a night's tasks would write a file of its own into each date.
    """
    if files is not None:
        # In an order of their own, whatever made them: what learns from them learns the same again.
        return rows.repartition(files, *table.key).sortWithinPartitions(F.xxhash64(*table.key))
    if table.layout == "as_read":
        return rows
    columns = ", ".join(table.partition_by)
    rebalanced = f"SELECT /*+ REBALANCE({columns}) */ * FROM {{rows}}"
    return rows.sparkSession.sql(rebalanced, rows=rows)
