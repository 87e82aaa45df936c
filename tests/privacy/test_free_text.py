"""What people write keeps its words and loses addresses and numbers that name somebody."""

import time

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.privacy.free_text import CUSTOMER, masked, shape_of, without_name

MASKED = [
    ("green tea", "green tea"),
    ("iphone 13 pro 128 gb", "iphone 13 pro 128 gb"),
    ("1.299,00 eur or 24.12.", "1.299,00 eur or 24.12."),
    ("anna.smith+shop@example.co.uk", "[email]"),
    ("mail me: <Anna@Example.com>, thanks", "mail me: <[email]>, thanks"),
    ("zo\u00eb@m\u00fcller.de ok", "[email] ok"),
    ("anna%40example.com", "[email]"),
    ("2 cups @ 3 each", "2 cups @ 3 each"),
    ("call +49 (0)151 / 234-5678 now", "call +[number] now"),
    ("0301234567", "[number]"),
    ("4111 1111 1111 1111 visa", "[number] visa"),
    ("IBAN DE89 3704 0044 0532 0130 00", "IBAN DE[number]"),
    ("order 17850 late", "order [number] late"),
    ("\u0661\u0662\u0663\u0664\u0665", "[number]"),
    ("room 1234", "room 1234"),
    (None, None),
]


def test_addresses_and_long_numbers_are_masked_and_words_stay(spark: SparkSession) -> None:
    written = local_frame(spark, [(text,) for text, _ in MASKED], "text string")
    found = written.select("text", masked(F.col("text")).alias("masked")).collect()
    assert {row["text"]: row["masked"] for row in found} == dict(MASKED)


def test_a_rows_own_customer_is_taken_out_of_its_text(spark: SparkSession) -> None:
    rows = [
        ("it is me, c-47-x again", "c-47-x", "it is me, [customer] again"),
        ("iphone 7", "7", "iphone 7"),
        ("tea", None, "tea"),
        ("tea", "  ", "tea"),
        (None, "c-47-x", None),
    ]
    frame = local_frame(spark, [row[:2] for row in rows], "text string, name string")
    found = frame.select(without_name(F.col("text"), F.col("name"), CUSTOMER).alias("text"))
    assert [row["text"] for row in found.collect()] == [row[2] for row in rows]


def test_a_shape_tells_the_form_of_a_value_and_not_the_value(spark: SparkSession) -> None:
    values = ["2010-13-45", "anna@example.com", "Zo\u00eb \u8336", "1.299,00", None]
    frame = local_frame(spark, [(value,) for value in values], "value string")
    found = [
        row["shape"] for row in frame.select(shape_of(F.col("value")).alias("shape")).collect()
    ]
    assert found == ["9999-99-99", "aaaa@aaaaaaa.aaa", "aaa a", "9.999,99", None]


@pytest.mark.parametrize("text", ["a" * 1_000_000, "1 " * 500_000, "a.b" * 300_000 + "@"])
def test_the_time_grows_with_the_length_of_a_text_alone(spark: SparkSession, text: str) -> None:
    frame = spark.range(1).select(F.lit("").alias("text"))
    began = time.monotonic()
    frame.select(masked(F.concat("text", F.lit(text)))).collect()
    # Tried at every start, a million letters would take an hour.
    assert time.monotonic() - began < 20
