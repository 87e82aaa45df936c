"""Text is read in its declared encoding; bytes that are not valid in it are counted, never kept."""

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from insight.errors import DO_NOT_RETRY, SourceFormatError
from insight.sources.check import check_file
from insight.sources.contents import Content, csv_content, json_content, text_of
from insight.sources.declaration import Feed
from insight.sources.encodings import (
    Decoding,
    codec_of,
    encoding_named,
    encoding_of_head,
    refuse_undecodable,
)
from insight.sources.inspection import check_columns, inspect_files
from insight.sources.options import ReaderOptions
from insight.sources.reading import read_rows
from insight.sources.source import Source
from tests.sources.feeds import DAY, feed_with

BRULEE = "Cr\u00e8me br\u00fbl\u00e9e"
SINGLE_BYTE = (
    *(f"ISO-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16)),
    *(f"windows-{page}" for page in range(1250, 1259)),
    *("KOI8-R", "KOI8-U", "IBM437", "IBM850", "IBM852", "IBM855", "IBM858", "IBM866", "US-ASCII"),
)


def _feed(form: str = "csv", **options: Any) -> Feed:
    given = {"header": True, **options} if form == "csv" else options
    return feed_with(format=form, options=given, columns={"item": "string", "note": "string"})


def _content(raw: bytes, **options: Any) -> Content:

    read = ReaderOptions.model_validate({"header": True, **options})
    text = text_of(io.BytesIO(raw), read.encoding)
    return csv_content(text, read, ["item"], is_first=True)


def test_python_and_java_decode_every_byte_alike(spark: SparkSession) -> None:
    jvm: Any = spark.sparkContext._jvm
    every = bytes(range(256))
    for name in SINGLE_BYTE:
        assert encoding_named(name) == name
        assert str(jvm.java.lang.String(bytearray(every), name)) == every.decode(
            codec_of(name), "replace"
        )


def test_invalid_lines_are_counted_with_the_first_one_and_a_likely_encoding() -> None:
    lines = ["item,note", "A,x", f"B,{BRULEE}", "C,y", "D,\u20ac 5"]
    text = "\n".join(lines)
    assert _content(text.encode("cp1252")).decoding == Decoding(5, 2, 3, "windows-1252")
    assert _content(text.encode()).decoding == Decoding(5, 0, 0, "")
    latin = "\n".join(lines[:4]) + "\n"
    assert _content(latin.encode("latin-1")).decoding == Decoding(4, 1, 3, "ISO-8859-1")
    ascii_ = _content(text.encode(), encoding="ascii").decoding
    assert ascii_ == Decoding(5, 2, 3, "UTF-8")
    # A replacement character that the shop itself wrote is a character.
    assert _content("item\n\ufffd\n".encode()).decoding.invalid == 0
    together = Decoding(3, 0, 0, "") + Decoding(4, 2, 1, "ISO-8859-1") + Decoding(2, 1, 2, "x")
    assert together == Decoding(9, 3, 4, "ISO-8859-1")


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("item,note\n".encode("utf-8-sig"), "UTF-8"),
        ("item,note\n".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + "item".encode("utf-16-be"), "UTF-16"),
        ("item,note\n".encode("utf-16-le"), "UTF-16LE"),
        ("item,note\n".encode("utf-16-be"), "UTF-16BE"),
        ("item,note\n".encode("utf-32"), "UTF-32"),
        (f"{BRULEE}\n".encode("latin-1"), None),
        (b"", None),
    ],
)
def test_the_first_bytes_prove_an_encoding_by_a_mark_or_nul_bytes(
    head: bytes, encoding: str | None
) -> None:
    assert encoding_of_head(head) == encoding


def test_more_invalid_lines_than_the_share_are_refused_with_the_line_to_declare() -> None:
    refuse_undecodable("a.csv", Decoding(100, 1, 7, "ISO-8859-1"), "UTF-8", max_share=0.01)
    with pytest.raises(SourceFormatError) as refused:
        refuse_undecodable("a.csv", Decoding(99, 1, 7, "ISO-8859-1"), "UTF-8", max_share=0.01)
    assert refused.value.found == "1 of 99 lines with bytes that are not UTF-8, the first at line 7"
    assert "`options: {encoding: ISO-8859-1}`" in refused.value.next_step
    assert refused.value.exit_code == DO_NOT_RETRY


def test_every_declared_encoding_gives_the_same_text(spark: SparkSession, tmp_path: Path) -> None:
    csv = f"item,note\r\nA,{BRULEE}\r\nB,\u0e01\u0a0d\r\n"
    latin = csv.replace("\u0e01\u0a0d", "\u00e0")
    cases: dict[str, tuple[Feed, bytes, str]] = {
        "latin.csv": (_feed(encoding="latin-1"), latin.encode("latin-1"), "\u00e0"),
        "dos.csv": (_feed(encoding="cp850"), latin.encode("cp850"), "\u00e0"),
        # Line breaks of two bytes, and characters whose bytes look like line breaks.
        "wide.csv": (_feed(encoding="utf-16"), csv.encode("utf-16"), "\u0e01\u0a0d"),
        "le.csv": (_feed(encoding="UTF-16LE"), csv.encode("utf-16-le"), "\u0e01\u0a0d"),
        "wide.csv.gz": (
            _feed(encoding="utf-16"),
            gzip.compress(csv.encode("utf-16")),
            "\u0e01\u0a0d",
        ),
        "latin.json": (
            _feed("json", encoding="latin-1"),
            f'{{"item": "A", "note": "{BRULEE}"}}\r\n{{"item": "B", "note": "\u00e0"}}\r\n'.encode(
                "latin-1"
            ),
            "\u00e0",
        ),
    }
    for name, (feed, content, other) in cases.items():
        (tmp_path / name).write_bytes(content)
        (facts,) = inspect_files(spark, [f"file:{tmp_path / name}"], feed)
        assert (facts.problem, list(facts.columns)) == (None, ["item", "note"]), name
        rows = read_rows(spark, feed, [facts]).collect()
        found = [(row["item"], row["note"], row["malformed"]) for row in rows]
        assert found == [("A", BRULEE, None), ("B", other, None)], name


def test_another_encoding_than_declared_is_refused_with_what_to_declare(
    spark: SparkSession, tmp_path: Path
) -> None:
    csv, json = f"item,note\nA,{BRULEE}\n", '{"item": "A", "note": "x"}\n'
    cases: dict[str, tuple[Feed, bytes, str, str]] = {
        "1.csv": (_feed(), csv.encode("utf-16"), "UTF-16, not UTF-8", "{encoding: UTF-16}"),
        "2.csv": (_feed(), csv.encode("utf-16-le"), "UTF-16LE, not", "{encoding: UTF-16LE}"),
        "3.csv": (_feed(encoding="utf-16"), csv.encode("utf-16-le"), "UTF-16LE", "UTF-16LE}"),
        "4.csv": (_feed(encoding="latin-1"), csv.encode("utf-8-sig"), "UTF-8, not", "UTF-8}"),
        "5.csv": (_feed(), "item,n\u00f6te\n".encode("latin-1"), "names of", "ISO-8859-1}"),
        "6.json": (_feed("json"), json.encode("utf-16"), "UTF-16, not", "iconv -f UTF-16 -t"),
        "7.json": (_feed("json"), b'[{"item": "A"}, {"item": "B"}]', "array", "jq -c '.[]'"),
        "8.json": (_feed("json"), b'[\n {"item": "A"}\n]\n', "several lines", "jq -c '.[]'"),
        "9.json": (
            _feed("json", encoding="cp1252"),
            json.encode() + b'{"note": "\x81"}\n',
            "1 lines with bytes that are not windows-1252",
            "UTF-8",
        ),
        "a.csv": (_feed(), b"PAR1" + b"\0" * 20, "Parquet content", "deliver"),
    }
    for name, (feed, content, found, next_step) in cases.items():
        (tmp_path / name).write_bytes(content)
        (facts,) = inspect_files(spark, [f"file:{tmp_path / name}"], feed)
        with pytest.raises(SourceFormatError) as refused:
            check_columns(facts, feed, allow_new=False)
        assert found in refused.value.found, name
        assert next_step in refused.value.next_step, name


def test_rows_with_invalid_bytes_are_malformed_and_told_with_their_line(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "1.csv"
    path.write_bytes("item,note\nA,caf\u00e9\n".encode() + b"anna,caf\xe9\nB,\xef\xbf\xbd\n")
    feed = _feed()
    (facts,) = inspect_files(spark, [f"file:{path}"], feed)
    rows = read_rows(spark, feed, [facts]).collect()
    found = [(row["item"], row["note"], row["malformed"]) for row in rows]
    torn = (None, None, '{"_row":"not UTF-8"}')
    # In a file with invalid bytes nobody can tell which replacement characters were written.
    assert found == [("A", "caf\u00e9", None), torn, torn]
    (check,) = check_file(spark, Source(source="shop", feeds=(feed,)), f"file:{path}", read_on=DAY)
    assert check.problems[0] == (
        "1 of 4 lines with bytes that are not UTF-8, the first at line 3: declare the file's"
        " encoding, probably `options: {encoding: ISO-8859-1}`"
    )
    assert "anna" not in str(check.problems)


def test_blocks_of_a_large_file_count_as_the_whole(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "1.csv"
    path.write_bytes(b"item,note\n" + b"A,x\n" * 50 + b"B,caf\xe9\n" * 3 + b"C,y\n" * 20)
    feed = _feed()
    file = f"file:{path}"
    (whole,) = inspect_files(spark, [file], feed)
    (pieces,) = inspect_files(spark, [file], feed, block_bytes=37)
    assert whole.decoding == pieces.decoding == Decoding(74, 3, 52, "ISO-8859-1")


def test_a_first_value_may_be_as_long_as_a_line() -> None:
    assert _content(b"x" * 200_000, header=False).columns == {"item": ""}


def test_json_lines_that_are_arrays_or_other_values_are_told_apart() -> None:

    with pytest.raises(ValueError, match="a JSON array in a line"):
        json_content(io.StringIO('{"a": 1}\n[{"a": 1}]\n'), StructType(), "UTF-8")
