"""The map of the invented city shows where its reports come from."""

import json

from services.website.outline import outline
from simulator.city import DISTRICTS
from simulator.city_map import city_geojson


def test_each_place_lies_in_its_own_district_and_in_no_other() -> None:
    areas = {area.name: area.bounds for area in outline(city_geojson())}
    assert list(areas) == [district.name for district in DISTRICTS]
    for district in DISTRICTS:
        for place in district.places:
            point = (place.latitude, place.longitude)
            assert [name for name, box in areas.items() if box.holds(point)] == [district.name]


def test_every_ring_is_closed() -> None:
    for feature in json.loads(city_geojson())["features"]:
        [ring] = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1] and len(ring) >= 4
