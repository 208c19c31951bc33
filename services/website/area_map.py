"""A map that needs no tiles and no network: grid, labels, points, and an outline. Pure.

Equirectangular: one degree of longitude is as wide as it is on the ground in the middle.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.website.outline import Bounds, NamedArea, Outline, Point, bounds_of

WIDTH = 600.0
HEIGHT_MIN, HEIGHT_MAX = 240.0, 600.0
# Of the extent, on each side; and what is shown around a single point.
MARGIN = 0.05
EXTENT_MIN_DEGREES = 0.03
LINES_ABOUT = 5
STEPS = (1.0, 2.0, 5.0, 10.0)
# A name is drawn where it fits: about so wide is a letter.
LETTER_WIDTH = 9.0


@dataclass(frozen=True, slots=True)
class GridLine:
    """A meridian or a parallel: where it is drawn, and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class AreaLabel:
    """The name of an area, and its middle."""

    x: float
    y: float
    name: str


@dataclass(frozen=True, slots=True)
class AreaMap:
    """What the page draws; units of the drawing are those of its viewBox."""

    bounds: Bounds
    height: float
    meridians: tuple[GridLine, ...] = ()
    parallels: tuple[GridLine, ...] = ()
    outline: str = ""
    labels: tuple[AreaLabel, ...] = ()
    width: float = WIDTH

    def x(self, longitude: float) -> float:
        """From the left."""
        share = (longitude - self.bounds.west) / (self.bounds.east - self.bounds.west)
        return round(share * self.width, 1)

    def y(self, latitude: float) -> float:
        """From the top."""
        share = (self.bounds.north - latitude) / (self.bounds.north - self.bounds.south)
        return round(share * self.height, 1)


def overview(points: Sequence[Point], outline: Outline) -> AreaMap | None:
    """All of the outline, if the points are within: one map, wherever the next alert is."""
    corners = [corner for area in outline for corner in area.bounds.corners]
    frame = bounds_of(corners) if corners else None
    if frame and all(frame.holds(point) for point in points):
        return _whole(outline)
    return area_map(points, outline)


# A city's precincts take 50 ms to draw, and are the same on each page.
@lru_cache(maxsize=1)
def _whole(outline: Outline) -> AreaMap | None:
    return area_map([corner for area in outline for corner in area.bounds.corners], outline)


def area_map(points: Sequence[Point], outline: Outline) -> AreaMap | None:
    """The map around the points, with as much of the outline as fits; None without any point."""
    if not points:
        return None
    bounds = _spaced(bounds_of(points))
    bare = AreaMap(bounds, _height(bounds))
    return AreaMap(
        bounds,
        bare.height,
        tuple(GridLine(bare.x(d), _label(d, "E", "W")) for d in _ticks(bounds.west, bounds.east)),
        tuple(GridLine(bare.y(d), _label(d, "N", "S")) for d in _ticks(bounds.south, bounds.north)),
        "".join(_path(bare, area) for area in outline),
        tuple(label for area in outline for label in _named(bare, area)),
    )


def _spaced(bounds: Bounds) -> Bounds:
    south, north = _span(bounds.south, bounds.north)
    west, east = _span(bounds.west, bounds.east)
    return Bounds(south, west, north, east)


def _span(low: float, high: float) -> tuple[float, float]:
    middle, half = (high + low) / 2, max(high - low, EXTENT_MIN_DEGREES) * (0.5 + MARGIN)
    return middle - half, middle + half


def _height(bounds: Bounds) -> float:
    middle = math.radians((bounds.south + bounds.north) / 2)
    wide = (bounds.east - bounds.west) * max(math.cos(middle), 0.01)
    return round(min(max(WIDTH * (bounds.north - bounds.south) / wide, HEIGHT_MIN), HEIGHT_MAX), 1)


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / LINES_ABOUT
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in STEPS if unit * factor >= rough * 0.999)
    first = math.ceil(low / step)
    return [round(number * step, 6) for number in range(first, math.floor(high / step) + 1)]


def _label(degrees: float, positive: str, negative: str) -> str:
    return f"{abs(degrees):g}° {positive if degrees >= 0 else negative}"


def _path(drawn: AreaMap, area: NamedArea) -> str:
    return "".join(
        "M"
        + "L".join(f"{drawn.x(longitude)},{drawn.y(latitude)}" for latitude, longitude in ring)
        + "Z"
        for ring in area.rings
    )


def _named(drawn: AreaMap, area: NamedArea) -> tuple[AreaLabel, ...]:
    """Its label, if the map has room for it."""
    latitude, longitude = area.label_at
    wide = drawn.x(longitude + area.width_degrees) - drawn.x(longitude)
    has_room = wide >= len(area.name) * LETTER_WIDTH and drawn.bounds.holds(area.label_at)
    return (AreaLabel(drawn.x(longitude), drawn.y(latitude), area.name),) if has_room else ()
