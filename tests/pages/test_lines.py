"""Lines lie where their numbers say."""

from xml.etree import ElementTree

from insight.pages.charts import count_matrix
from insight.pages.lines import GUIDE, HEIGHT, WIDTH, Axis, Line, line_chart

X, Y = Axis("epoch", 1, 3, ".0f"), Axis("loss", 0.0, 2.0)


def _places(line: ElementTree.Element) -> list[tuple[float, ...]]:
    return [tuple(map(float, place.split(","))) for place in line.get("points", "").split()]


def test_the_highest_is_on_top_and_the_last_at_the_right() -> None:
    line = Line("a", ((1, 2.0), (2, 1.0), (3, 0.0)))
    drawing = ElementTree.fromstring(line_chart([line], x=X, y=Y, label="a < b"))
    assert drawing.get("aria-label") == "a < b"
    first, middle, last = _places(drawing.find("polyline"))
    assert first[0] < middle[0] < last[0] < WIDTH
    assert 0 < first[1] < middle[1] < last[1] < HEIGHT
    assert middle == ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    assert drawing.findall("circle")[1].find("title").text == "a: 2, 1.00"


def test_what_is_outside_the_axes_stays_in_the_frame() -> None:
    drawing = ElementTree.fromstring(
        line_chart([Line("a", ((0, 9.0), (9, -9.0)), GUIDE)], x=X, y=Y, label="")
    )
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in _places(drawing.find("polyline")))
    assert not drawing.findall("circle")


def test_one_epoch_is_a_point_in_the_middle() -> None:
    one = Axis("epoch", 1, 1), Axis("loss", 0.5, 0.5)
    drawing = ElementTree.fromstring(
        line_chart([Line("a", [(1, 0.5)])], x=one[0], y=one[1], label="")
    )
    assert len(_places(drawing.find("polyline"))) == 1


def test_a_square_of_counts_is_the_darker_the_larger_the_share() -> None:
    names = ("a", "b", "c", "d")
    drawing = ElementTree.fromstring(count_matrix(((30, 10), (0, 2000)), names=names, label="it"))
    shades = [float(cell.get("fill-opacity")) for cell in drawing.findall("rect")]
    assert shades == [0.57, 0.27, 0.12, 0.72]
    assert [text.text for text in drawing.findall("text")][::2] == ["30", "10", "0", "2,000"]


def test_several_lines_are_named_in_their_colours() -> None:
    lines = [Line("one", [(1, 1.0)]), Line("two", [(1, 2.0)], "second"), Line("", [], GUIDE)]
    texts = ElementTree.fromstring(line_chart(lines, x=X, y=Y, label="")).findall("text")
    named = {text.get("class"): text.text for text in texts if text.get("class")}
    assert named == {"first": "one", "second": "two"}
