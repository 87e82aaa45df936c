"""Drawings say in words what they show, and stay inside their frame."""

import re
from xml.etree import ElementTree

import pytest

from insight.pages.charts import BAR_WIDTH, histogram, interval_bar


def test_a_bar_is_as_long_as_its_value() -> None:
    bar = interval_bar(0.75, 0.7, 0.8, axis=(0.5, 1.0))
    drawing = ElementTree.fromstring(bar)
    assert drawing.get("aria-label") == "0.750, 95 % interval 0.700 to 0.800"
    assert float(drawing.find("rect").get("width")) == BAR_WIDTH / 2
    ends = [float(x) for x in re.findall(r"[MH]([\d.]+)", drawing.find("path").get("d"))][:2]
    assert ends == pytest.approx([0.4 * BAR_WIDTH, 0.6 * BAR_WIDTH])


def test_a_bar_outside_its_axis_stays_in_the_frame() -> None:
    drawing = ElementTree.fromstring(interval_bar(0.3, -1.0, 2.0, axis=(0.5, 1.0)))
    assert drawing.find("rect").get("width") == "0.0"
    assert f"H{BAR_WIDTH}" in drawing.find("path").get("d")


def test_bars_of_a_histogram_are_in_proportion() -> None:
    drawing = ElementTree.fromstring(histogram([0, 1000, 500, 0], label="a < b"))
    heights = [float(bar.get("height")) for bar in drawing.findall("rect")]
    assert heights[0] == 0
    assert heights[1] == pytest.approx(2 * heights[2], abs=0.1)
    assert drawing.findall("rect")[1].find("title").text == "25–50 %: 1,000"
    assert drawing.get("aria-label") == "a < b"


def test_an_empty_histogram_is_flat() -> None:
    drawing = ElementTree.fromstring(histogram([0, 0], label="nobody"))
    assert {bar.get("height") for bar in drawing.findall("rect")} == {"0.0"}
