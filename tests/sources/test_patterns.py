"""File patterns mean the same to the night and to the check of one file."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.sources.patterns import common_path, file_patterns


def _matches(glob: str, path: str) -> bool:
    parts = path.split("/")
    return any(
        len(pattern.parts) == len(parts)
        and all(part.fullmatch(name) for part, name in zip(pattern.parts, parts, strict=True))
        for pattern in file_patterns(glob)
    )


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        ("*.csv", ["a.csv", ".csv", "a\nb.csv"], ["a.csv.gz", "a/b.csv", "aXcsv"]),
        ("2024-0?.csv", ["2024-01.csv"], ["2024-0.csv", "2024-011.csv"]),
        ("[ab]-[0-3].csv", ["a-0.csv", "b-3.csv"], ["c-0.csv", "a-4.csv", "--0.csv"]),
        ("[!a]*", ["b", "!"], ["a", "ab"]),
        ("[^a-c]", ["d", "^"], ["b"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[.$]x", [".x", "$x"], ["ax"]),
        ("*{clicks,buys}*.dat", ["a-clicks-1.dat", "buys.dat"], ["views.dat"]),
        ("{a,b{c,d}}/*.csv", ["a/1.csv", "bd/1.csv"], ["b/1.csv", "a/x/1.csv"]),
        ("{a/b,c}.csv", ["a/b.csv", "c.csv"], ["a.csv"]),
        ("\\[1\\].csv", ["[1].csv"], ["1.csv"]),
        ("a(1)+.csv", ["a(1)+.csv"], ["a1.csv", "a11.csv"]),
    ],
)
def test_a_glob_matches_as_hadoop_reads_it(
    glob: str, matching: list[str], other: list[str]
) -> None:
    assert [path for path in (*matching, *other) if _matches(glob, path)] == matching


@pytest.mark.parametrize(
    "glob",
    [
        "",
        "/etc/*.csv",
        "../*.csv",
        "a/../../b.csv",
        "./a.csv",
        "a//b.csv",
        "a/",
        "{a,../b}.csv",
        "{/etc,a}/passwd",
        ".\\./a.csv",
        "[.][.]/a.csv",
        "file:/etc/passwd",
        "a\n.csv",
        "{a,b.csv",
        "a}.csv",
        "[a.csv",
        "[z-a].csv",
        "a\\",
    ],
)
def test_a_glob_that_leads_out_of_its_folder_or_is_incomplete_is_refused(glob: str) -> None:
    with pytest.raises(ValueError, match="files: "):
        file_patterns(glob)


@given(st.text(alphabet="ab*?[]{},\\!^-./:\n", max_size=12))
def test_any_text_is_a_glob_or_is_refused(glob: str) -> None:
    try:
        patterns = file_patterns(glob)
    except ValueError:
        return
    expressions = {part.pattern for pattern in patterns for part in pattern.parts}
    assert expressions.isdisjoint({"", re.escape("."), re.escape("..")})


def test_a_file_is_one_of_a_feeds_by_the_end_of_its_path() -> None:
    (pattern,) = file_patterns("events/*.csv")
    assert pattern.is_end_of("file:/anywhere/events/1.csv")
    assert not pattern.is_end_of("file:/anywhere/items/1.csv")
    assert not pattern.is_end_of("1.csv")


@pytest.mark.parametrize(
    ("glob", "other", "overlap"),
    [
        ("*clicks*.dat", "*buys*.dat", True),
        ("yoochoose-clicks*.dat", "yoochoose-buys*.dat", False),
        ("*.csv", "*.csv.gz", False),
        ("*.csv*", "*.json", True),
        ("*.csv{,.gz}", "*.json{,.gz}", False),
        ("a/*.csv", "*.csv", False),
        ("{a,b}/*", "{c,b}/?", True),
        ("[a-c]x", "[c-e]x", True),
        ("[a-c]x", "[d-e]x", False),
        ("[a-c]", "[!ac]", True),
        ("[ab]", "[!ab]", False),
        ("\\*", "?", True),
        ("\\*", "[!*]", False),
    ],
)
def test_two_globs_overlap_if_a_path_fits_both(glob: str, other: str, overlap: bool) -> None:
    path = common_path(glob, other)
    assert (path is not None) == overlap
    assert path is None or (_matches(glob, path) and _matches(other, path))


GLOB = st.text(alphabet="ab*?[]!-{},", min_size=1, max_size=6)


@given(GLOB, GLOB, st.text(alphabet="abc-", max_size=4))
def test_no_path_fits_both_of_globs_that_do_not_overlap(glob: str, other: str, path: str) -> None:
    try:
        file_patterns(glob), file_patterns(other)
    except ValueError:
        return
    both = _matches(glob, path) and _matches(other, path)
    common = common_path(glob, other)
    assert common is not None or not both
    assert common is None or (_matches(glob, common) and _matches(other, common))
