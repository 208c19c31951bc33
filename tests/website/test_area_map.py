"""The map: what is north is above, and what the outline's file may hold."""

import json

import pytest

from services.website.area_map import area_map, overview
from services.website.outline import outline

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


def collection(**properties: object) -> bytes:
    """A file with one square that has these properties."""
    geometry = {"type": "Polygon", "coordinates": SQUARE}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def test_without_points_the_outline_is_the_map_and_without_either_there_is_none() -> None:
    assert overview([], outline(collection()))
    assert overview([], ()) is None


def test_while_all_points_are_within_the_outline_the_map_shows_all_of_it() -> None:
    areas = outline(collection())
    empty = overview([], areas)
    inside, outside = (overview([point], areas) for point in [(40.1, -73.9), (50.0, -73.9)])
    assert empty and inside and outside
    assert inside.bounds == empty.bounds != outside.bounds


@pytest.mark.parametrize("depth", ["Polygon", "MultiPolygon"])
def test_polygons_of_a_collection_are_its_outline(depth: str) -> None:
    coordinates = SQUARE if depth == "Polygon" else [SQUARE, SQUARE]
    feature = {"type": "Feature", "geometry": {"type": depth, "coordinates": coordinates}}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    [area] = outline(content)
    assert len(area.rings) == (1 if depth == "Polygon" else 2)
    assert area.rings[0][0] == (40.0, -74.0)


@pytest.mark.parametrize(
    ("properties", "name"),
    [({"lat": 1, "name": "Old Town"}, "Old Town"), ({"precinct": 7, "lat": 1}, "7"), ({}, "")],
)
def test_an_area_has_the_name_its_file_gives(properties: dict[str, object], name: str) -> None:
    [area] = outline(collection(**properties))
    assert area.name == name


def test_a_name_stands_where_the_map_has_room_for_it() -> None:
    areas = outline(collection(name="Old Town"))
    wide = area_map([(40.0, -74.0), (41.0, -73.0)], areas)
    narrow = area_map([(10.0, -100.0), (60.0, -50.0)], areas)
    elsewhere = area_map([(10.0, 10.0)], areas)
    assert wide and [label.name for label in wide.labels] == ["Old Town"]
    assert narrow and narrow.labels == ()
    assert elsewhere and elsewhere.labels == ()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"type": "Polygon", "coordinates": [[["a", "b"]]]}', b"\xff"]
)
def test_what_is_no_outline_is_told(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"no GeoJSON|could not convert"):
        outline(content)
