"""Row 18: a type changed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from tests.small_lake import invoice, land_invoices, run_night, written_to_lake
from tests.small_shop import land_small_shop

DAY = "2010-12-01"


def test_fault_18_text_where_numbers_were_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    spelled = invoice(DAY).replace(",2,", ",two,")
    land_invoices(tmp_path, DAY, [spelled, invoice(DAY, number=2)])
    with pytest.raises(SourceFormatError, match="column Quantity") as refused:
        run_night(spark, tmp_path, DAY)
    assert "50% of its values are not int" in refused.value.found
    assert written_to_lake(tmp_path) == []


def test_fault_18_a_fraction_is_not_cut_to_a_whole_number(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY).replace(",2,", ",2.7,")])
    with pytest.raises(SourceFormatError, match="column Quantity"):
        run_night(spark, tmp_path, DAY)


def test_fault_18_a_retyped_parquet_column_is_named(spark: SparkSession, tmp_path: Path) -> None:
    day = land_small_shop(tmp_path / "landing", customers=4, items=5, days=2)[0]
    path = tmp_path / "landing" / "complete_journey" / "transactions" / f"{day}.parquet"
    table = pq.read_table(path)
    position = table.column_names.index("quantity")
    pq.write_table(
        table.set_column(position, "quantity", table["quantity"].cast(pa.string())), path
    )
    with pytest.raises(SourceFormatError, match="quantity is string, not bigint") as refused:
        run_night(spark, tmp_path, str(day), sources=["complete_journey"])
    assert f"{day}.parquet" in refused.value.subject
    assert written_to_lake(tmp_path) == []
