"""Where a drone is and where it flies: from place to place within its district."""

import random
from math import hypot

from msgspec import Struct

from simulator.city import (
    DISTRICTS,
    METRES_PER_LATITUDE_DEGREE,
    METRES_PER_LONGITUDE_DEGREE,
    STREET_RADIUS_METRES,
    Place,
)

SPEED_METRES_PER_SECOND = (2.5, 7.0)

_STREET_LATITUDE = STREET_RADIUS_METRES / METRES_PER_LATITUDE_DEGREE
_STREET_LONGITUDE = STREET_RADIUS_METRES / METRES_PER_LONGITUDE_DEGREE


class Flight(Struct, frozen=True, gc=False):
    """Degrees; place is the street it flies to."""

    latitude: float
    longitude: float
    to_latitude: float
    to_longitude: float
    place: str
    speed_metres_per_second: float


def _spot(place: Place, rng: random.Random) -> tuple[float, float]:
    return (
        place.latitude + rng.uniform(-1, 1) * _STREET_LATITUDE,
        place.longitude + rng.uniform(-1, 1) * _STREET_LONGITUDE,
    )


def new_flight(district: int, rng: random.Random) -> Flight:
    """From one place of the district to another."""
    places = DISTRICTS[district].places
    to = rng.choice(places)
    speed = rng.uniform(*SPEED_METRES_PER_SECOND)
    return Flight(*_spot(rng.choice(places), rng), *_spot(to, rng), to.name, speed)


def moved(flight: Flight, district: int, seconds: float, rng: random.Random) -> Flight:
    """The flight so much later; one that arrives stays there and chooses the next place."""
    north = (flight.to_latitude - flight.latitude) * METRES_PER_LATITUDE_DEGREE
    east = (flight.to_longitude - flight.longitude) * METRES_PER_LONGITUDE_DEGREE
    distance = hypot(north, east)
    step = flight.speed_metres_per_second * seconds
    if step >= distance:
        return _arrived(flight, district, rng)
    share = step / distance
    return Flight(
        flight.latitude + (flight.to_latitude - flight.latitude) * share,
        flight.longitude + (flight.to_longitude - flight.longitude) * share,
        flight.to_latitude,
        flight.to_longitude,
        flight.place,
        flight.speed_metres_per_second,
    )


def _arrived(flight: Flight, district: int, rng: random.Random) -> Flight:
    places = DISTRICTS[district].places
    to = places[int(rng.random() * len(places))]
    here = (flight.to_latitude, flight.to_longitude)
    return Flight(*here, *_spot(to, rng), to.name, flight.speed_metres_per_second)


def distance_metres(flight: Flight, district: int) -> float:
    """How far it is from its district's centre, where its base stands."""
    centre = DISTRICTS[district]
    return hypot(
        (flight.latitude - centre.latitude) * METRES_PER_LATITUDE_DEGREE,
        (flight.longitude - centre.longitude) * METRES_PER_LONGITUDE_DEGREE,
    )
