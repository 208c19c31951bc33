"""The demo's picture: the load, and the replicas that follow it. Pure."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.charts import picture
from analysis.drawings import COLOURS, MUTED, SIZE_INCHES, Row, Rows, readable
from cluster.scaling.replicas import Look

TITLE = "Replicas follow the load"
LAST_MINUTES = 0.1
WIDTH_INCHES, PANEL_INCHES = SIZE_INCHES[0], 1.5


def chart(looks: Sequence[Look], subtitle: str) -> bytes:
    """A PNG over the minutes of the demo: reports/s, and of each part the pods ready and wanted."""
    return picture(_draw, rows(looks), TITLE, subtitle).png


def rows(looks: Sequence[Look]) -> list[Row]:
    """A row a look: minutes, reports_per_second (or None), and of each part (ready, wanted)."""
    return [
        {"minutes": look.seconds / 60, "reports_per_second": look.reports_per_second}
        | {part.name: (part.ready, part.wanted) for part in look.parts}
        for look in looks
    ]


def _draw(figure: Figure, rows: Rows) -> None:
    first, *_ = rows
    parts = [name for name in first if name not in ("minutes", "reports_per_second")]
    figure.set_size_inches(WIDTH_INCHES, 1 + PANEL_INCHES * (1 + len(parts)))
    load, *panels = figure.subplots(1 + len(parts), 1, sharex=True)
    _load(load, rows)
    for number, (part, axes) in enumerate(zip(parts, panels, strict=True), start=1):
        _replicas(axes, rows, part, COLOURS[number])
    panels[-1].set_xlabel("minutes")


def _load(axes: Axes, rows: Rows) -> None:
    known = [row for row in rows if row["reports_per_second"] is not None]
    over = [row["minutes"] for row in known]
    axes.fill_between(over, [row["reports_per_second"] for row in known], color=COLOURS[0])
    _name(axes, "reports/s")


def _replicas(axes: Axes, rows: Rows, part: str, colour: str) -> None:
    # What the last look saw has a width, too.
    over = [*(row["minutes"] for row in rows), rows[-1]["minutes"] + LAST_MINUTES]
    ready, wanted = zip(*(row[part] for row in [*rows, rows[-1]]), strict=True)
    axes.fill_between(over, ready, step="post", color=colour, linewidth=0)
    axes.step(over, wanted, where="post", color=MUTED, linestyle=":")
    _name(axes, f"{part} pods (dotted: wanted)")


def _name(axes: Axes, name: str) -> None:
    axes.set_title(name, loc="left", size=10)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: readable(value))
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
