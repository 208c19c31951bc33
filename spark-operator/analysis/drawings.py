"""The kinds of chart: each draws rows (column -> value) into an empty figure of matplotlib."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

Row = dict[str, Any]
Rows = Sequence[Row]

COLOURS = ("#2a6fb0", "#d9782d", "#3c8d5a", "#8a5a9e")
INK, MUTED = "#20262d", "#5d6875"
SIZE_INCHES = (8.0, 4.5)
RANKED = 20
# Beyond these a bar chart is unreadable and says so by showing fewer names.
NAMED_PLACES, NUMBERED_BARS = 24, 6


@dataclass(frozen=True, slots=True)
class Measure:
    """A column and what to call it on an axis, with its unit."""

    column: str
    label: str
    is_share: bool = False

    def text(self, number: float, _position: float = 0) -> str:
        """A number of it as people write it; has the shape of matplotlib's formatters."""
        return f"{readable(number * 100)} %" if self.is_share else readable(number)


def bars(figure: Figure, rows: Rows, x: Measure, y: Measure, series: str | None = None) -> None:
    """Upright bars over x; a panel a series, each to its own scale: a city dwarfs a fleet."""
    names = _distinct(rows, series)
    width, height = SIZE_INCHES
    figure.set_size_inches(width * (1 + 0.6 * (len(names) - 1)), height)
    for number, axes in enumerate(_panels(figure, len(names))):
        _stand(axes, _of(rows, series, names[number]), x, y)
        _name(axes, names, number)


def ranking(
    figure: Figure, rows: Rows, name: str, value: Measure, series: str | None = None
) -> None:
    """Lying bars, the first row on top; `name` is a format ("{drone_id}"); a panel a series."""
    names = _distinct(rows, series)
    rankings = [_of(rows, series, each)[:RANKED] for each in names]
    longest = max(len(ranked) for ranked in rankings)
    width = SIZE_INCHES[0] * (1 + 0.6 * (len(names) - 1))
    figure.set_size_inches(width, 1.9 + 0.27 * max(longest, 4))
    for number, axes in enumerate(_panels(figure, len(names))):
        _rank(axes, rankings[number], name, value)
        axes.set_ylim(max(longest, 4) - 0.4, -0.6)
        _name(axes, names, number)


def lines(figure: Figure, rows: Rows, x: Measure, measures: Sequence[Measure]) -> None:
    """One panel for each measure, side by side, over the same x."""
    for number, axes in enumerate(_panels(figure, len(measures))):
        y = measures[number]
        points = [(row[x.column], row[y.column]) for row in rows if row[y.column] is not None]
        axes.plot(
            [point[0] for point in points],
            [point[1] for point in points],
            color=_colour(number),
            marker="o",
            markersize=4,
        )
        axes.yaxis.set_major_formatter(y.text)
        _label(axes, x.label, y.label)


def histogram(figure: Figure, rows: Rows, value: Measure, count: Measure, mark: float) -> None:
    """Bins from `low` to `high`; those below the mark in another colour. Counts are logarithmic."""
    axes = figure.subplots()
    is_below = [row["high"] <= mark + 1e-9 for row in rows]
    axes.bar(
        [row["low"] for row in rows],
        [row[count.column] for row in rows],
        [row["high"] - row["low"] for row in rows],
        align="edge",
        edgecolor="white",
        color=[_colour(1 if below else 0) for below in is_below],
    )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(count.text)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.axvline(mark, color=COLOURS[1], linestyle="--", linewidth=1)
    axes.annotate(
        f" alert below {mark:g}", (mark, 0.97), xycoords=("data", "axes fraction"), va="top"
    )
    axes.grid(visible=False, axis="x")
    _label(axes, value.label, count.label)


def notice(figure: Figure, text: str) -> None:
    """A line of text where there is nothing to draw."""
    figure.text(0.5, 0.45, text, ha="center", color=MUTED, size=12)


def readable(number: float) -> str:
    """A number as people write it: 1,234,567 or 12.3 or 0.012."""
    if number == round(number):
        return f"{number:,.0f}"
    return f"{number:,.1f}" if abs(number) >= 10 else f"{number:.3g}"


def shortened(text: str, characters: int) -> str:
    """The text, cut with an ellipsis if it is longer."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _stand(axes: Axes, rows: Rows, x: Measure, y: Measure) -> None:
    places = _distinct(rows, x.column)
    heights = [row[y.column] or 0 for row in rows]
    middles = [places.index(row[x.column]) for row in rows]
    drawn = axes.bar(middles, heights, 0.74, color=COLOURS[0])
    if len(rows) <= NUMBERED_BARS:
        axes.bar_label(drawn, fmt=y.text, padding=2, color=INK, size=9)
    every = math.ceil(len(places) / NAMED_PLACES)
    axes.set_xticks(range(0, len(places), every), [str(place) for place in places[::every]])
    # One or two bars alone would fill the picture.
    margin = 0.6 + max(0, 3 - len(places)) / 2
    axes.set_xlim(-margin, len(places) - 1 + margin)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_formatter(y.text)
    _label(axes, x.label, y.label)


def _name(axes: Axes, names: Sequence[Any], number: int) -> None:
    """The panel's own name, where there are several."""
    if len(names) > 1:
        axes.set_title(str(names[number]), loc="left", size=10)


def _rank(axes: Axes, rows: Rows, name: str, value: Measure) -> None:
    values = [row[value.column] or 0 for row in rows]
    drawn = axes.barh(range(len(rows)), values, 0.72, color=COLOURS[0])
    axes.bar_label(drawn, fmt=value.text, padding=3, color=INK, size=9)
    axes.set_yticks(range(len(rows)), [shortened(name.format(**row), 32) for row in rows])
    axes.margins(x=0.15)
    axes.xaxis.set_major_formatter(value.text)
    axes.grid(visible=False, axis="y")
    _label(axes, value.label, "")


def _panels(figure: Figure, count: int) -> list[Axes]:
    return list(figure.subplots(1, count, squeeze=False)[0])


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _distinct(rows: Rows, column: str | None) -> list[Any]:
    return list(dict.fromkeys(row[column] for row in rows)) if column else [None]


def _of(rows: Rows, series: str | None, name: Any) -> list[Row]:
    return [row for row in rows if series is None or row[series] == name]


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
