"""Line charts as inline drawings, like those of ``insight.pages.charts``."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from insight.pages.charts import drawing

WIDTH, HEIGHT = 320, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 10, 10, 34
GUIDE = "guide"
"""The kind of a line to compare with: dashed, without points."""


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Args:
        title: What is measured.
        low: At the left or at the bottom.
        high: At the right or at the top.
        form: How numbers are written.
    """

    title: str
    low: float
    high: float
    form: str = ".2f"

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1; one outside lies on the edge."""
        width = self.high - self.low
        return min(max((value - self.low) / width, 0.0), 1.0) if width > 0 else 0.5


@dataclass(frozen=True)
class Line:
    """Points joined in their order.

    Args:
        name: What the line is.
        points: x and y of each.
        kind: CSS class, ``GUIDE`` for a line to compare with.
    """

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = "first"


def line_chart(lines: Sequence[Line], *, x: Axis, y: Axis, label: str) -> Markup:
    """Draw lines on common axes; where several are to be told apart, their names beside them.

    Args:
        lines: The later ones lie above the earlier ones.
        x: The axis at the bottom.
        y: The axis at the left.
        label: What is shown, for people who do not see it.
    """
    shapes = [_frame(x, y), *(_line(each, x, y) for each in lines)]
    named = [each for each in lines if each.kind != GUIDE]
    for number, line in enumerate(named if len(named) > 1 else ()):
        kind, down = f'class="{escape(line.kind)}"', _TOP + 10 + 13 * number
        shapes.append(_text(line.name, WIDTH - _RIGHT, down, "end", kind))
    return drawing("".join(shapes), WIDTH, HEIGHT, label)


def _place(x: Axis, y: Axis, point: tuple[float, float]) -> tuple[float, float]:
    across = _LEFT + x.share(point[0]) * (WIDTH - _LEFT - _RIGHT)
    down = HEIGHT - _BOTTOM - y.share(point[1]) * (HEIGHT - _TOP - _BOTTOM)
    return round(across, 1), round(down, 1)


def _line(line: Line, x: Axis, y: Axis) -> str:
    places = [_place(x, y, point) for point in line.points]
    joined = " ".join(f"{across},{down}" for across, down in places)
    kind = escape(line.kind)
    drawn = f'<polyline class="line {kind}" points="{joined}"/>'
    if line.kind == GUIDE:
        return drawn
    for (across, down), (left, bottom) in zip(places, line.points, strict=True):
        said = escape(f"{line.name}: {left:{x.form}}, {bottom:{y.form}}")
        drawn += f'<circle class="point {kind}" cx="{across}" cy="{down}" r="3">'
        drawn += f"<title>{said}</title></circle>"
    return drawn


def _frame(x: Axis, y: Axis) -> str:
    base, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    shapes = [f'<path class="axis" fill="none" d="M{_LEFT} {_TOP}V{base}H{right}"/>']
    ends = ((x.low, "start", _LEFT), (x.high, "end", right))
    for value, anchor, across in ends:
        shapes.append(_text(f"{value:{x.form}}", across, base + 14, anchor))
    shapes.append(_text(x.title, (_LEFT + right) // 2, HEIGHT - 6, "middle"))
    for value, down in ((y.low, base), (y.high, _TOP + 8)):
        shapes.append(_text(f"{value:{y.form}}", _LEFT - 6, down, "end"))
    middle = (_TOP + base) // 2
    turned = f'transform="rotate(-90 12 {middle})"'
    shapes.append(_text(y.title, 12, middle, "middle", turned))
    return "".join(shapes)


def _text(text: str, across: int, down: int, anchor: str, more: str = "") -> str:
    return f'<text x="{across}" y="{down}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
