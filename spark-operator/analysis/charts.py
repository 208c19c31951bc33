"""Pictures of answers as SVG and PNG, made without browser, network or screen.

`questions.py` pairs each question with one of the drawings of `drawings.py`. The same rows give
the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.drawings import INK, MUTED, SIZE_INCHES, Rows, notice

Draw = Callable[[Figure, Rows], None]

GRID = "#dfe3e8"
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
    # Fixed, so that ids inside the SVG do not change from run to run.
    "svg.hashsalt": "dronewatch",
    "figure.facecolor": "white",
}
HEADING_INCHES = 0.85


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart as two files."""

    svg: bytes
    png: bytes


def picture(draw: Draw, rows: Rows, title: str, subtitle: str) -> Picture:
    """The rows as one of the drawings, under a title; of no rows, a picture that says so."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES)
        if rows:
            draw(figure, rows)
        else:
            notice(figure, "No data in this range")
        _head(figure, title, subtitle)
        return Picture(_saved(figure, "svg", title), _saved(figure, "png", title))


def _head(figure: Figure, title: str, subtitle: str) -> None:
    height = figure.get_size_inches()[1]
    figure.text(0.02, 1 - 0.38 / height, title, weight="bold", size=13)
    figure.text(0.02, 1 - 0.62 / height, subtitle, color=MUTED, size=9)
    below_heading = (0.01, 0.01, 0.98, 1 - HEADING_INCHES / height)
    figure.set_layout_engine("constrained", rect=below_heading)


def _saved(figure: Figure, file_format: str, title: str) -> bytes:
    metadata = {"Title": title} | ({"Date": None} if file_format == "svg" else {})
    file = BytesIO()
    figure.savefig(file, format=file_format, dpi=144, metadata=metadata)
    return file.getvalue()
