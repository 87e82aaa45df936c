"""Options are read once, into one typed object that inspection and Spark share."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from insight.sources.options import ReaderOptions
from tests.sources.feeds import canonical, feed_with


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"header": "True"}, {"header": True}),
        ({"HEADER": True, "Delimiter": "\\t"}, {"header": True, "sep": "\t"}),
        ({"header": "FALSE ", "multiline": "true"}, {"multiLine": True}),
        ({"charset": "latin-1"}, {"encoding": "ISO-8859-1"}),
        ({"encoding": "cp1252"}, {"encoding": "windows-1252"}),
        ({"Encoding": "utf8"}, {}),
        ({"encoding": "utf_16"}, {"encoding": "UTF-16"}),
    ],
)
def test_a_spelling_is_normalised(written: dict[str, Any], expected: dict[str, Any]) -> None:
    assert ReaderOptions.model_validate(written) == ReaderOptions.model_validate(expected)


@pytest.mark.parametrize(
    ("form", "options", "reason"),
    [
        ("csv", {"heder": "true"}, "no option heder; there are header, sep, quote, escape"),
        ("csv", {"nullValue": "NULL"}, "no option nullValue; there are header"),
        ("csv", {"header": "yes"}, "true or false"),
        ("csv", {"header": 1}, "true or false"),
        ("csv", {"header": True, "Header": True}, "the option header twice"),
        ("csv", {"sep": ",", "delimiter": ";"}, "the option sep twice"),
        ("csv", {"sep": "||"}, "one character"),
        ("csv", {"sep": ""}, "one character"),
        ("csv", {"sep": "\n"}, "one character"),
        ("csv", {"sep": "\\"}, "no backslash"),
        ("csv", {"sep": "\U0001f600"}, "one character"),
        ("csv", {"sep": '"'}, "different characters"),
        ("csv", {"quote": "''"}, "one character"),
        ("csv", {"encoding": "utf-9"}, "an encoding among UTF-8, UTF-16"),
        ("csv", {"encoding": "base64"}, "an encoding among"),
        ("csv", {"sep": "\u20ac", "encoding": "ISO-8859-1"}, "sep is no character of ISO-8859-1"),
        ("csv", ["header"], "dictionary"),
        ("json", {"header": "true"}, "json has the options encoding, not header"),
        ("json", {"encoding": "UTF-16"}, "convert the files to UTF-8"),
        ("parquet", {"encoding": "UTF-8"}, "parquet has no options, not encoding"),
    ],
)
def test_an_option_that_both_readers_do_not_share_is_refused(
    form: str, options: Any, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        feed_with(format=form, options=options)


def test_spark_is_given_every_option_that_inspection_has() -> None:
    options = ReaderOptions.model_validate({"header": "True", "sep": "\\t", "encoding": "utf-16"})
    assert options.of_spark("csv") == {
        "header": "true",
        "sep": "\t",
        "quote": '"',
        "escape": "\\",
        # Spark splits lines at single bytes unless it reads a file as a whole.
        "multiLine": "true",
        "encoding": "UTF-16",
    }
    latin = ReaderOptions.model_validate({"encoding": "latin1"})
    assert latin.of_spark("json") == {"encoding": "ISO-8859-1", "lineSep": "\n"}


@pytest.mark.parametrize("header", ["True", True])
def test_a_header_in_any_spelling_names_columns_that_stand_in_another_order(
    spark: SparkSession, tmp_path: Path, header: object
) -> None:
    feed = feed_with(
        format="csv",
        options={"Header": header},
        columns={"item_id": "string", "customer": "string", "note": "string"},
        optional=["note"],
        mapping={"item_id": "item_id", "customer_id": "customer", "order_id": "note"},
    )
    path = tmp_path / "sales.csv"
    path.write_text("customer,item_id\nanna@shop.example,A\nbob@shop.example,B\n")
    rows = canonical(spark, path, feed).collect()
    assert {row["item_id"] for row in rows} == {"A", "B"}
    assert "shop.example" not in str(rows)
