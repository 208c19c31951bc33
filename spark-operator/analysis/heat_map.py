"""The chart of answers by grid cell: a map of coloured squares, drawn to scale."""

import math

from matplotlib.figure import Figure

from analysis.drawings import MUTED, Measure, Row, Rows, notice

# Cells shown on either side of the first row's cell: cities far apart would be specks on one map.
REACH_CELLS = 20


def heat_map(figure: Figure, rows: Rows, value: Measure, cell_degrees: float) -> None:
    """The cells around the first row's, coloured by the value; none where the value is null.

    Rows have latitude and longitude (degrees, a cell's south-west corner).
    """
    coloured = [row for row in rows if row[value.column] is not None]
    if not coloured:
        notice(figure, "Too little seen in any cell")
        return
    shown = [row for row in coloured if _is_near(row, coloured[0], cell_degrees)]
    south, west, grid = _grid(shown, value.column, cell_degrees)
    figure.set_size_inches(7.2, 7.2)
    axes = figure.subplots()
    axes.set_aspect(1 / math.cos(math.radians(south)), adjustable="datalim")
    axes.locator_params(nbins=6)
    mesh = axes.pcolormesh(
        [west + cell_degrees * number for number in range(len(grid[0]) + 1)],
        [south + cell_degrees * number for number in range(len(grid) + 1)],
        grid,
        cmap="YlOrRd",
        vmin=0,
        edgecolors="white",
        linewidth=0.5,
    )
    figure.colorbar(mesh, ax=axes, label=value.label, shrink=0.8, panchor=False)
    axes.grid(visible=False)
    axes.ticklabel_format(useOffset=False)
    axes.set_xlabel("longitude (degrees)")
    axes.set_ylabel("latitude (degrees)")
    if len(shown) < len(coloured):
        note = f"{len(coloured) - len(shown)} cells lie outside this picture"
        axes.set_title(note, loc="left", color=MUTED, size=9)


def _is_near(row: Row, centre: Row, cell_degrees: float) -> bool:
    reach = (REACH_CELLS + 0.5) * cell_degrees
    return all(abs(row[axis] - centre[axis]) < reach for axis in ("latitude", "longitude"))


def _grid(rows: Rows, column: str, cell_degrees: float) -> tuple[float, float, list[list[float]]]:
    """South and west edge in degrees, and the values from south to north; nan without a row."""
    south = min(row["latitude"] for row in rows)
    west = min(row["longitude"] for row in rows)
    values = {_place(row, south, west, cell_degrees): row[column] for row in rows}
    height, width = (max(place[axis] for place in values) + 1 for axis in (0, 1))
    grid = [[values.get((y, x), math.nan) for x in range(width)] for y in range(height)]
    return south, west, grid


def _place(row: Row, south: float, west: float, cell_degrees: float) -> tuple[int, int]:
    north_by = round((row["latitude"] - south) / cell_degrees)
    return north_by, round((row["longitude"] - west) / cell_degrees)
