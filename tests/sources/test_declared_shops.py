"""Shops' own lines become canonical rows; the expected values are read off the lines by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.privacy.pseudonyms import pseudonymised
from insight.tables import RAW_EVENTS
from tests.frames import at, frame, with_utc_bounds
from tests.sources.feeds import DAY, KEY, canonical, csv_file, feed_of, order


def _pseudonym(spark: SparkSession, customer: str) -> str:
    row = spark.range(1).select(pseudonymised(F.lit(customer), KEY)).first()
    assert row is not None
    return str(row[0])


def _assert_events(spark: SparkSession, actual: DataFrame, *expected: dict[str, Any]) -> None:
    full = [
        {
            "customer_id": row["customer"] and _pseudonym(spark, row["customer"]),
            "source": "shop",
            "key_id": KEY.key_id,
            "event_id": "",
            "source_file": "",
            **row,
        }
        for row in expected
    ]
    without = actual.withColumns({"event_id": F.lit(""), "source_file": F.lit("")})
    wanted = frame(spark, RAW_EVENTS, *map(with_utc_bounds, full))
    assert_df_equality(without, wanted, ignore_row_order=True, ignore_nullable=True)


def test_online_retail_sales_returns_and_bookkeeping(spark: SparkSession, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        '536365,85123A,"LIGHT, ""WHITE""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,,France",
        "A563185,B,Adjust bad debt,1,2010-12-01 14:51:00,11062.06,,United Kingdom",
    )
    dates = {"file_date": DAY, "covers_from": DAY, "ingest_date": DAY, "currency": "GBP"}
    uk = {"country": "United Kingdom", **dates}
    _assert_events(
        spark,
        canonical(spark, path, feed_of("online_retail")),
        {
            **uk,
            "event_at": at("2010-12-01 08:26"),
            "event_type": "purchase",
            "customer": "17850",
            "item_id": "85123A",
            "order_id": order("536365"),
            "quantity": 6.0,
            "price": 2.55,
        },
        {
            **dates,
            "country": "France",
            "event_at": at("2010-12-01 09:41"),
            "event_type": "return",
            "customer": None,
            "item_id": "D",
            "order_id": order("C536379"),
            "quantity": 1.0,
            "price": 27.5,
        },
        {
            **uk,
            "event_at": at("2010-12-01 14:51"),
            "event_type": "bookkeeping",
            "customer": None,
            "item_id": "B",
            "order_id": order("A563185"),
            "quantity": 1.0,
            "price": 11062.06,
        },
    )


def test_rees46_clicks_of_a_month(spark: SparkSession, tmp_path: Path) -> None:
    header = ",".join(feed_of("rees46").columns)
    path = csv_file(
        tmp_path,
        "2019-10-01 00:00:00 UTC,view,44600062,21,,shiseido,35.79,541312140,72d76fde",
        "2019-10-31 23:59:59 UTC,purchase,3900821,20,appliances,aqua,33.20,554748717,9333dfbd",
        "yesterday,cart,1,20,,,1.00,554748717,9333dfbd",
        header=header,
        name="2019-Oct.csv",
    )
    last = date(2019, 10, 31)
    shared = {
        "file_date": last,
        "covers_from": date(2019, 10, 1),
        "ingest_date": last,
        "quantity": 1.0,
    }
    _assert_events(
        spark,
        canonical(spark, path, feed_of("rees46"), last),
        {
            **shared,
            "event_at": at("2019-10-01 00:00"),
            "event_type": "view",
            "customer": "541312140",
            "item_id": "44600062",
            "price": 35.79,
        },
        {
            **shared,
            "event_at": at("2019-10-31 23:59:59"),
            "event_type": "purchase",
            "customer": "554748717",
            "item_id": "3900821",
            "order_id": order("9333dfbd"),
            "price": 33.2,
        },
        {
            **shared,
            "event_at": None,
            "event_type": "cart",
            "customer": "554748717",
            "item_id": "1",
            "price": 1.0,
        },
    )


def test_complete_journey_baskets_by_unit_price(spark: SparkSession, tmp_path: Path) -> None:
    feed = feed_of("complete_journey")
    rows = [(900, 2, 3.98, 0.5, 0.25), (901, 0, 0.0, 0.0, 0.0)]
    lines = [
        {
            "household_id": household,
            "store_id": 330,
            "basket_id": 31198570044,
            "product_id": 1095275,
            "quantity": quantity,
            "sales_value": sales,
            "retail_disc": retail,
            "coupon_disc": coupon,
            "coupon_match_disc": 0.0,
            "week": 1,
            "transaction_timestamp": at("2017-01-01 11:53:26"),
        }
        for household, quantity, sales, retail, coupon in rows
    ]
    path = tmp_path / "2017-01-01.parquet"
    table = pa.Table.from_pylist(lines)
    position = table.column_names.index("transaction_timestamp")
    stamps = table["transaction_timestamp"].cast(pa.timestamp("us", tz="UTC"))
    pq.write_table(table.set_column(position, "transaction_timestamp", stamps), path)
    day = date(2017, 1, 1)
    shared = {
        "event_at": at("2017-01-01 11:53:26"),
        "event_type": "purchase",
        "item_id": "1095275",
        "order_id": order("31198570044"),
        "currency": "USD",
        "file_date": day,
        "covers_from": day,
        "ingest_date": day,
    }
    _assert_events(
        spark,
        canonical(spark, path, feed, day),
        {**shared, "customer": "900", "quantity": 2.0, "price": 1.99, "discount": 0.75}
        | {"coupon": 0.25},
        {**shared, "customer": "901", "quantity": 0.0, "price": None, "discount": 0.0}
        | {"coupon": 0.0},
    )
