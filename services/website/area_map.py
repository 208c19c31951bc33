"""A map that needs no tiles and no network: grid, labels, points, and an outline. Pure.

Equirectangular: one degree of longitude is as wide as it is on the ground in the middle.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

WIDTH = 600.0
HEIGHT_MIN, HEIGHT_MAX = 240.0, 600.0
# Of the extent, on each side; and what is shown around a single point.
MARGIN = 0.05
EXTENT_MIN_DEGREES = 0.02
LINES_ABOUT = 5
STEPS = (1.0, 2.0, 5.0, 10.0)

Point = tuple[float, float]  # latitude, longitude in degrees
Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class GridLine:
    """A meridian or a parallel: where it is drawn, and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class AreaMap:
    """What the page draws; units of the drawing are those of its viewBox."""

    bounds: Bounds
    height: float
    meridians: tuple[GridLine, ...]
    parallels: tuple[GridLine, ...]
    outline: str
    width: float = WIDTH

    def x(self, longitude: float) -> float:
        """From the left."""
        share = (longitude - self.bounds.west) / (self.bounds.east - self.bounds.west)
        return round(share * self.width, 1)

    def y(self, latitude: float) -> float:
        """From the top."""
        share = (self.bounds.north - latitude) / (self.bounds.north - self.bounds.south)
        return round(share * self.height, 1)


def area_map(points: Sequence[Point], outline: Sequence[Ring]) -> AreaMap | None:
    """The map around the points, with as much of the outline as fits; None without any point."""
    shown = points or [point for ring in outline for point in ring]
    if not shown:
        return None
    bounds = _bounds(shown)
    bare = AreaMap(bounds, _height(bounds), (), (), "")
    return AreaMap(
        bounds,
        bare.height,
        tuple(GridLine(bare.x(d), _label(d, "E", "W")) for d in _ticks(bounds.west, bounds.east)),
        tuple(GridLine(bare.y(d), _label(d, "N", "S")) for d in _ticks(bounds.south, bounds.north)),
        _path(bare, outline),
    )


def outline_rings(content: bytes) -> tuple[Ring, ...]:
    """The rings of a GeoJSON file's polygons (RFC 7946). ValueError if it is none."""
    try:
        found = msgspec.json.decode(content)
        return tuple(
            tuple((float(lat), float(lon)) for lon, lat, *_ in ring) for ring in _rings(found)
        )
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no GeoJSON with polygons: {error}") from error


def _rings(found: dict[str, Any]) -> Iterator[Any]:
    kind = found["type"]
    if kind == "FeatureCollection":
        for feature in found["features"]:
            yield from _rings(feature)
    elif kind == "Feature" and found["geometry"]:
        yield from _rings(found["geometry"])
    elif kind == "Polygon":
        yield from found["coordinates"]
    elif kind == "MultiPolygon":
        yield from (ring for polygon in found["coordinates"] for ring in polygon)


def _bounds(points: Sequence[Point]) -> Bounds:
    south, north = _span([latitude for latitude, _ in points])
    west, east = _span([longitude for _, longitude in points])
    return Bounds(south, west, north, east)


def _span(degrees: Sequence[float]) -> tuple[float, float]:
    extent = max(max(degrees) - min(degrees), EXTENT_MIN_DEGREES)
    middle = (max(degrees) + min(degrees)) / 2
    half = extent * (0.5 + MARGIN)
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


def _path(drawn: AreaMap, outline: Sequence[Ring]) -> str:
    return "".join(
        "M"
        + "L".join(f"{drawn.x(longitude)},{drawn.y(latitude)}" for latitude, longitude in ring)
        + "Z"
        for ring in outline
        if ring
    )
