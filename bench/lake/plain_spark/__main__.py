"""``python -m bench.lake.plain_spark``: the whole night in one Spark process, into Parquet."""

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from bench.lake.plain_spark import customers, described, events, items, visits
from bench.lake.shop import bench_settings
from bench.meter import Meter
from insight.settings import Settings

_DESCRIBING = {
    "customers": ("age_band", "income_band", "household_size", "gender", "country", "region"),
    "items": ("title", "category", "brand", "description", "price", "currency", "stock_units"),
}


@dataclass(frozen=True)
class Night:
    """What the night runs on: the raw files, and the folder that its tables go to."""

    spark: SparkSession
    settings: Settings
    run_date: date
    lake: str
    out: str

    def raw(self, name: str) -> DataFrame:
        table = DeltaTable(f"{self.lake}/{name}")
        reader = self.spark.read.option("basePath", f"{self.lake}/{name}")
        return reader.parquet(*table.file_uris())

    def write(self, rows: DataFrame, name: str) -> DataFrame:
        path = f"{self.out}/{name}"
        rows.write.parquet(path)
        return self.spark.read.parquet(path)


def main() -> int:
    """Run the three stages and write what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("lake", "out", "date", "meter"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    meter = Meter(Path(given.meter))
    settings = bench_settings(Path(given.lake).parent)
    night = Night(_session(), settings, date.fromisoformat(given.date), given.lake, given.out)
    with meter.stage("clean"):
        tables = clean(night, meter)
    with meter.stage("sessionise"):
        sessionise(night, tables)
    with meter.stage("build_features"):
        build_features(night, tables)
    meter.close()
    return 0


def clean(night: Night, meter: Meter) -> dict[str, DataFrame]:
    """Judge every raw row; write the sound ones and the refused ones."""
    settings, written = night.settings.clean, {}
    judged = {
        name: described.judged_descriptions(night.raw(f"raw_{name}"), key=f"{name[:-1]}_id")
        for name in _DESCRIBING
    }
    for name, attributes in _DESCRIBING.items():
        sound = judged[name].where("reason IS NULL")
        rows = described.per_version(sound, key=f"{name[:-1]}_id", attributes=attributes)
        written[name] = night.write(rows, name)
    for name in ("feedback", "exposures"):
        judge, form = getattr(described, f"judged_{name}"), getattr(described, f"to_{name}")
        judged[name] = judge(night.raw(f"raw_{name}"), settings, night.run_date)
        written[name] = night.write(form(judged[name].where("reason IS NULL")), name)
    versions = described.per_price_version(written["items"])
    raw = night.raw("raw_events")
    judged["events"] = events.judged_events(raw, versions, settings, run_date=night.run_date)
    # Asked for twice: kept on disk where memory does not hold it.
    judged["events"] = judged["events"].persist()
    with meter.step("events"):
        sound = events.to_events(judged["events"].where("reason IS NULL"))
        written["events"] = night.write(sound, "events")
    with meter.step("quarantine"):
        night.write(_refused(night, judged), "quarantine")
    judged["events"].unpersist()
    night.write(events.per_return(written["events"], days=settings.return_days), "returns")
    return written


def sessionise(night: Night, tables: dict[str, DataFrame]) -> None:
    """Write visits and customers' days."""
    gap = night.settings.sessions.gap_minutes
    timeline = visits.with_visit(tables["events"], gap_minutes=gap).persist()
    tables["sessions"] = night.write(visits.per_visit(timeline), "sessions")
    days = visits.per_customer_day(timeline, tables["sessions"])
    tables["customer_daily"] = night.write(days, "customer_daily")
    timeline.unpersist()


def build_features(night: Night, tables: dict[str, DataFrame]) -> None:
    """Write items' days, sequences, and what is known of customers and items."""
    as_of, settings = night.run_date, night.settings
    known_items = items.newest_of(tables["items"], key="item_id", as_of=as_of)
    known_customers = items.newest_of(tables["customers"], key="customer_id", as_of=as_of)
    item_daily = night.write(items.per_item_day(tables["events"]), "item_daily")
    length = settings.sequences.length
    last = customers.per_customer_sequence(tables["events"], as_of=as_of, length=length)
    sequences = night.write(last, "customer_sequences")
    features = customers.per_customer(
        tables["customer_daily"], sequences, known_items, known_customers, as_of=as_of
    )
    night.write(features, "customer_features")
    smoothing = settings.features.smoothing_days
    described_items = items.per_item(item_daily, known_items, as_of=as_of, smoothing=smoothing)
    night.write(described_items, "item_features")


def _refused(night: Night, judged: dict[str, DataFrame]) -> DataFrame:
    parts = []
    for name, rows in judged.items():
        payload = F.to_json(F.struct(*night.raw(f"raw_{name}").columns)).alias("payload")
        refused = rows.where("reason IS NOT NULL")
        target = F.lit(name).alias("target")
        parts.append(refused.select(target, "reason", "source", "source_file", payload))
    return reduce(DataFrame.unionByName, parts)


def _session() -> SparkSession:
    """Two cores, as much memory as the product has, and Spark's own defaults."""
    builder = SparkSession.builder.master("local[2]").appName("plain")
    options = {
        "spark.driver.memory": "3g",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


if __name__ == "__main__":
    sys.exit(main())
