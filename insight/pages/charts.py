"""Small inline drawings: no script, no network, readable by a screen reader.

Colours are classes, so that the page's light and dark themes reach them.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

BAR_WIDTH, BAR_HEIGHT = 220, 18
HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT = 400, 120
CELL_WIDTH, CELL_HEIGHT = 150, 56
_AXIS = 16


def interval_bar(
    value: float, low: float, high: float, *, axis: tuple[float, float], kind: str = "bar"
) -> Markup:
    """A bar with its interval as a whisker.

    Args:
        value: Length of the bar.
        low: Lower end of the whisker.
        high: Upper end of the whisker.
        axis: Values at the left and the right edge.
        kind: CSS class of the bar.
    """
    first, last = axis
    scale = BAR_WIDTH / max(last - first, 1e-12)

    def place(number: float) -> float:
        return round(min(max((number - first) * scale, 0.0), BAR_WIDTH), 1)

    middle = BAR_HEIGHT / 2
    shapes = (
        f'<rect class="{escape(kind)}" x="0" y="3" height="{BAR_HEIGHT - 6}" '
        f'width="{place(value)}" rx="2"/>'
        f'<path class="whisker" d="M{place(low)} {middle}H{place(high)}'
        f'M{place(low)} 5V{BAR_HEIGHT - 5}M{place(high)} 5V{BAR_HEIGHT - 5}"/>'
    )
    label = f"{value:.3f}, 95 % interval {low:.3f} to {high:.3f}"
    return drawing(shapes, BAR_WIDTH, BAR_HEIGHT, label)


def histogram(counts: Sequence[int], *, label: str) -> Markup:
    """Bars over equal steps from 0 to 100 %.

    Args:
        counts: Rows in each step.
        label: What is counted, for people who do not see it.
    """
    tallest = max(*counts, 1)
    step = HISTOGRAM_WIDTH / len(counts)
    shapes = []
    for position, count in enumerate(counts):
        height = round((HISTOGRAM_HEIGHT - _AXIS - 2) * count / tallest, 1)
        left, top = position * step + 1, HISTOGRAM_HEIGHT - _AXIS - height
        low, high = 100 * position // len(counts), 100 * (position + 1) // len(counts)
        shapes.append(
            f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" width="{step - 2:.1f}" '
            f'height="{height}"><title>{low}–{high} %: {count:,}</title></rect>'
        )
    base = HISTOGRAM_HEIGHT - _AXIS
    shapes.append(f'<path class="axis" d="M0 {base}H{HISTOGRAM_WIDTH}"/>')
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        shapes.append(
            f'<text x="{share * HISTOGRAM_WIDTH:.0f}" y="{HISTOGRAM_HEIGHT - 3}" '
            f'text-anchor="{anchor}">{100 * share:.0f} %</text>'
        )
    return drawing("".join(shapes), HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT, label)


def count_matrix(counts: Sequence[Sequence[int]], *, names: Sequence[str], label: str) -> Markup:
    """A square of counts, the darker the larger a count's share of its row.

    Args:
        counts: Rows of the square, from the top.
        names: What each count is, in the order of reading.
        label: What is counted, for people who do not see it.
    """
    shapes, named = [], iter(names)
    for down, row in enumerate(counts):
        for across, count in enumerate(row):
            left, top = across * (CELL_WIDTH + 2), down * (CELL_HEIGHT + 2)
            shade = round(0.12 + 0.6 * count / max(sum(row), 1), 2)
            middle = left + CELL_WIDTH / 2
            shapes.append(
                f'<rect class="bar" x="{left}" y="{top}" width="{CELL_WIDTH}" '
                f'height="{CELL_HEIGHT}" rx="3" fill-opacity="{shade}"/>'
                f'<text class="count" x="{middle}" y="{top + 26}" text-anchor="middle">{count:,}'
                f'</text><text x="{middle}" y="{top + 44}" text-anchor="middle">'
                f"{escape(next(named))}</text>"
            )
    size = len(counts)
    return drawing("".join(shapes), size * (CELL_WIDTH + 2), size * (CELL_HEIGHT + 2), label)


def drawing(shapes: str, width: int, height: int, label: str) -> Markup:
    """A picture of shapes; every text in them must be escaped."""
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(label)}">{shapes}</svg>'
    )
