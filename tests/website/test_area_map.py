"""The map: what is north is above, and what the outline's file may hold."""

import json

import pytest

from services.website.area_map import area_map, outline_rings

SQUARE = [[[-74.0, 40.0], [-73.0, 40.0], [-73.0, 41.0], [-74.0, 41.0], [-74.0, 40.0]]]


def test_north_is_above_and_east_to_the_right() -> None:
    drawn = area_map([(40.0, -74.0), (41.0, -73.0)], ())
    assert drawn
    assert 0 < drawn.y(41.0) < drawn.y(40.0) < drawn.height
    assert 0 < drawn.x(-74.0) < drawn.x(-73.0) < drawn.width


@pytest.mark.parametrize("point", [(0.0, 0.0), (90.0, 180.0), (-90.0, -180.0)])
def test_a_single_point_has_a_map_with_lines_around_it(point: tuple[float, float]) -> None:
    drawn = area_map([point], ())
    assert drawn and drawn.meridians and drawn.parallels
    assert (drawn.x(point[1]), drawn.y(point[0])) == (drawn.width / 2, drawn.height / 2)


def test_without_points_the_outline_is_the_map_and_without_either_there_is_none() -> None:
    rings = outline_rings(json.dumps({"type": "Polygon", "coordinates": SQUARE}).encode())
    assert area_map([], rings)
    assert area_map([], ()) is None


@pytest.mark.parametrize("depth", ["Polygon", "MultiPolygon"])
def test_polygons_of_a_collection_are_its_outline(depth: str) -> None:
    coordinates = SQUARE if depth == "Polygon" else [SQUARE, SQUARE]
    feature = {"type": "Feature", "geometry": {"type": depth, "coordinates": coordinates}}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    rings = outline_rings(content)
    assert len(rings) == (1 if depth == "Polygon" else 2)
    assert rings[0][0] == (40.0, -74.0)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"type": "Polygon", "coordinates": [[["a", "b"]]]}', b"\xff"]
)
def test_what_is_no_outline_is_told(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"no GeoJSON|could not convert"):
        outline_rings(content)
