"""The invented city as GeoJSON (RFC 7946): a polygon a district, for its map. Pure."""

import math
from typing import Any

import msgspec

from simulator.city import (
    DISTRICTS,
    METRES_PER_LATITUDE_DEGREE,
    METRES_PER_LONGITUDE_DEGREE,
    District,
)

# Beyond its farthest place, which lies 0.9 km from the middle; the next district is 3.4 km away.
RADIUS_METRES = 1_250.0
# A coast, not a circle.
BAYS, BAY_SHARE = 3, 0.07
CORNERS = 48


def city_geojson() -> bytes:
    """A FeatureCollection; each feature's `name` is its district's."""
    features = [_feature(number, district) for number, district in enumerate(DISTRICTS)]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _feature(number: int, district: District) -> dict[str, Any]:
    ring = [_corner(district, number, corner % CORNERS) for corner in range(CORNERS + 1)]
    return {
        "type": "Feature",
        "properties": {"name": district.name},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def _corner(district: District, number: int, corner: int) -> tuple[float, float]:
    """Longitude, latitude; each district's bays lie elsewhere."""
    angle = 2 * math.pi * corner / CORNERS
    metres = RADIUS_METRES * (1 + BAY_SHARE * math.sin(BAYS * angle + number))
    return (
        round(district.longitude + metres * math.cos(angle) / METRES_PER_LONGITUDE_DEGREE, 5),
        round(district.latitude + metres * math.sin(angle) / METRES_PER_LATITUDE_DEGREE, 5),
    )
