"""The areas of a GeoJSON file (RFC 7946): drawn behind the alerts, and filters by name. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

Point = tuple[float, float]  # latitude, longitude in degrees
Ring = tuple[Point, ...]

# From south to north.
LABEL_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Bounds:
    """Degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, point: Point) -> bool:
        """Borders included."""
        return self.south <= point[0] <= self.north and self.west <= point[1] <= self.east

    @property
    def corners(self) -> tuple[Point, Point]:
        """South-west and north-east."""
        return (self.south, self.west), (self.north, self.east)


# Told apart by identity: an outline is the key of its map, and has thousands of points.
@dataclass(frozen=True, slots=True, eq=False)
class NamedArea:
    """A feature's polygons, inner rings among them; its name may be empty.

    bounds: the box around it; width_degrees: of its largest ring, and where a name stands in it.
    """

    name: str
    rings: tuple[Ring, ...]
    bounds: Bounds
    width_degrees: float
    label_at: Point


Outline = tuple[NamedArea, ...]


def bounds_of(points: Sequence[Point]) -> Bounds:
    """The box around at least one point."""
    latitudes, longitudes = zip(*points, strict=True)
    return Bounds(min(latitudes), min(longitudes), max(latitudes), max(longitudes))


def outline(content: bytes) -> Outline:
    """The areas of a file with polygons. ValueError if it is none."""
    try:
        return tuple(_areas(msgspec.json.decode(content)))
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no GeoJSON with polygons: {error}") from error


def _areas(found: dict[str, Any]) -> Iterator[NamedArea]:
    if found["type"] == "FeatureCollection":
        for feature in found["features"]:
            yield from _areas(feature)
        return
    is_feature = found["type"] == "Feature"
    rings = _rings((found["geometry"] or {}) if is_feature else found)
    if rings:
        yield _area(_name(found.get("properties") or {}), rings)


def _area(name: str, rings: tuple[Ring, ...]) -> NamedArea:
    largest = max(rings, key=_size)
    body = bounds_of(largest)
    bounds = bounds_of([point for ring in rings for point in ring])
    return NamedArea(name, rings, bounds, body.east - body.west, _label_at(largest, body))


def _label_at(ring: Ring, body: Bounds) -> Point:
    """Above the middle, where fewer points lie, unless that is outside."""
    longitude = (body.west + body.east) / 2
    above = (body.south + LABEL_SHARE * (body.north - body.south), longitude)
    return above if _holds(ring, above) else ((body.south + body.north) / 2, longitude)


def _holds(ring: Ring, point: Point) -> bool:
    """Whether a ray from the point to the east crosses the ring an odd number of times."""
    latitude, longitude = point
    crossed = [
        start[1] + (latitude - start[0]) * (end[1] - start[1]) / (end[0] - start[0]) > longitude
        for start, end in pairwise(ring)
        if (start[0] > latitude) != (end[0] > latitude)
    ]
    return sum(crossed) % 2 == 1


def _name(properties: dict[str, Any]) -> str:
    """The property `name`, or else the first one: files call it borough, precinct, NAME."""
    first = next(iter(properties.values()), "")
    return str(properties.get("name", first)).strip()


def _rings(geometry: dict[str, Any]) -> tuple[Ring, ...]:
    coordinates: Any = geometry.get("coordinates")
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}
    rings = (ring for polygon in polygons.get(geometry.get("type", ""), []) for ring in polygon)
    return tuple(tuple((float(lat), float(lon)) for lon, lat, *_ in ring) for ring in rings if ring)


def _size(ring: Ring) -> float:
    bounds = bounds_of(ring)
    return (bounds.north - bounds.south) * (bounds.east - bounds.west)
