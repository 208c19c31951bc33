"""The invented city the drones fly over: districts, their places and their character.

It stands on an island that is not there, in the open Atlantic, so that no report is about a
real place. Distances are small enough for a flat earth.
"""

from dataclasses import dataclass

METRES_PER_LATITUDE_DEGREE = 111_320.0
# At the city's latitude: 111 320 m times cos(43 degrees).
METRES_PER_LONGITUDE_DEGREE = 81_414.0

CENTRE_LATITUDE = 43.0
CENTRE_LONGITUDE = -38.0
PLACE_RADIUS_METRES = 900.0
STREET_RADIUS_METRES = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """A street or square, and its district: `Clock Square, Old Town`; degrees (WGS 84)."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Character:
    """How a district differs: relative weights, and how much evenings weigh (0 to 1)."""

    restlessness: float
    parking_pressure: float
    night_life: float


@dataclass(frozen=True, slots=True)
class District:
    """A part of the city around its centre, degrees (WGS 84)."""

    name: str
    latitude: float
    longitude: float
    character: Character
    places: tuple[Place, ...]


def _degrees(north_metres: float, east_metres: float) -> tuple[float, float]:
    return (
        CENTRE_LATITUDE + north_metres / METRES_PER_LATITUDE_DEGREE,
        CENTRE_LONGITUDE + east_metres / METRES_PER_LONGITUDE_DEGREE,
    )


# Where a district's places lie around its centre: north and east, shares of the radius.
_LAYOUT = ((0.0, 0.0), (0.9, 0.1), (0.3, 0.8), (-0.6, 0.7), (-0.9, -0.2), (-0.2, -0.9), (0.6, -0.6))


def _district(
    name: str, north_east_metres: tuple[float, float], character: Character, streets: str
) -> District:
    north, east = north_east_metres
    spots = [
        _degrees(north + n * PLACE_RADIUS_METRES, east + e * PLACE_RADIUS_METRES)
        for n, e in _LAYOUT
    ]
    places = tuple(
        Place(f"{street.strip()}, {name}", *spot)
        for street, spot in zip(streets.split(","), spots, strict=True)
    )
    return District(name, *_degrees(north, east), character, places)


DISTRICTS = (
    _district(
        "Old Town",
        (0, 0),
        Character(1.3, 1.4, 0.9),
        "Clock Square, Lantern Street, Tanner Row, Abbey Steps, Well Lane, Glover Arch, Bell Yard",
    ),
    _district(
        "Harbour",
        (-3500, 1200),
        Character(1.4, 0.8, 0.8),
        "Rope Quay, Herring Pier, Beacon Road, Chandler Street, Salt Wharf, Anchor Yard, Tide Lane",
    ),
    _district(
        "Station",
        (1200, 3400),
        Character(1.6, 1.6, 0.7),
        "Platform Square, Signal Street, Depot Road, Viaduct Lane, Porter Row, Junction, Mail Yard",
    ),
    _district(
        "University",
        (3600, 400),
        Character(0.9, 1.1, 0.6),
        "Library Green, Orrery Road, Hall Street, Ink Lane, Quad Walk, Lyceum Steps, Herbarium",
    ),
    _district(
        "Stadium",
        (800, -3800),
        Character(1.5, 1.0, 1.0),
        "North Gate, Terrace Road, Whistle Lane, South Gate, Banner Street, Trophy Row, Track Side",
    ),
    _district(
        "Mill Quarter",
        (-2400, -3000),
        Character(0.7, 0.9, 0.3),
        "Weir Street, Millrace, Flour Lane, Spindle Row, Dye Works, Loom Yard, Bobbin Street",
    ),
    _district(
        "Market",
        (-1200, 3800),
        Character(0.8, 1.3, 0.4),
        "Scale Square, Saffron Row, Basket Street, Egg Lane, Awning Road, Cheese Steps, Ox Yard",
    ),
    _district(
        "Garden Hill",
        (4300, -2700),
        Character(0.3, 0.5, 0.2),
        "Linden Avenue, Rose Terrace, Arbour Way, Summit Walk, Fountain Row, Hedge Lane, Orchard",
    ),
)
