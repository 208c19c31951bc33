"""New York as its parking summonses write it: boroughs, precincts, streets, and all the spellings.

Only names of streets are real; what happened there is invented in `simulator.summonses`.
"""

import random
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Borough:
    """One of the five; weight is its share of the summonses.

    counties: how the column Violation County writes it, the most frequent spellings more than once.
    """

    weight: float
    counties: tuple[str, ...]
    precincts: range
    streets: tuple[str, ...]


class Place(NamedTuple):
    """Where a summons was written, as its columns say it."""

    street_codes: str
    location: str
    precinct: str
    county: str
    in_front: str
    house: str
    street: str
    crossing: str


def _borough(weight: float, counties: str, precincts: range, streets: str) -> Borough:
    names = tuple(street.strip() for street in streets.split(","))
    return Borough(weight, tuple(counties.split()), precincts, names)


BOROUGHS = (
    _borough(
        0.25,
        "NY NY NY NY NY NY NY NY MN MAN",
        range(1, 35),
        "Broadway, 3rd Ave, Madison Ave, W 42 St, E 86 St, Canal St, Lenox Ave, W 175 St, Pearl St",
    ),
    _borough(
        0.18,
        "BX BX BX BX BX BX BX BX BX BRONX",
        range(40, 53),
        "Jerome Ave, Grand Concourse, E Tremont Ave, White Plains Rd, Fordham Rd, E 138 St",
    ),
    _borough(
        0.29,
        "K K K K K K K K BK KINGS",
        range(60, 95),
        "Flatbush Ave, Atlantic Ave, Surf Ave, Kings Hwy, Bedford Ave, 86 St, Ocean Pkwy, 5 Ave",
    ),
    _borough(
        0.23,
        "Q Q Q Q Q Q Q Q QN QNS",
        range(100, 116),
        "Jamaica Ave, Queens Blvd, Parsons Blvd, Main St, Steinway St, 37 Ave, Hillside Ave",
    ),
    _borough(
        0.05,
        "R R R R R R R R ST RICH",
        range(120, 124),
        "Hylan Blvd, Bay St, Forest Ave, Richmond Ave, Victory Blvd",
    ),
)

# Shares of the real rows, counted in the city's files of the fiscal years 2014 to 2016.
COUNTY_BLANK, STREET_BLANK, HOUSE_BLANK = 0.034, 0.009, 0.12
PRECINCT_UNKNOWN, PRECINCT_ABOVE_ALL = 0.007, 0.001
LOCATION_PADDED, QUOTED_COMMA, CROSSING_NAMED = 0.8, 0.002, 0.15


def places(count: int, rng: random.Random) -> tuple[Place, ...]:
    """Places to draw from, spread over the boroughs by their weight."""
    weights = [borough.weight for borough in BOROUGHS]
    return tuple(_place(borough, rng) for borough in rng.choices(BOROUGHS, weights, k=count))


def _place(borough: Borough, rng: random.Random) -> Place:
    precinct = _precinct(borough, rng)
    return Place(
        street_codes=",".join(str(rng.randrange(1_000, 9_000) * 10) for _ in range(3)),
        location=precinct.zfill(4) if rng.random() < LOCATION_PADDED else precinct,
        precinct=precinct,
        county="" if rng.random() < COUNTY_BLANK else rng.choice(borough.counties),
        in_front=rng.choice("FFFOO"),
        house="" if rng.random() < HOUSE_BLANK else _house(borough, rng),
        street=_street(borough, rng),
        crossing=_crossing(borough, rng) if rng.random() < CROSSING_NAMED else "",
    )


def _precinct(borough: Borough, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < PRECINCT_UNKNOWN:
        return "0"
    is_above_all = drawn < PRECINCT_UNKNOWN + PRECINCT_ABOVE_ALL
    return str(rng.randrange(124, 977) if is_above_all else rng.choice(borough.precincts))


def _house(borough: Borough, rng: random.Random) -> str:
    # Houses of Queens are numbered by block: 90-15.
    if borough.precincts.start == 100:
        return f"{rng.randrange(30, 200)}-{rng.randrange(1, 60):02}"
    # Or nothing but the side of the street on which it stands.
    return rng.choice("NSEW") if rng.random() < 0.06 else str(rng.randrange(1, 3_000))


def _street(borough: Borough, rng: random.Random) -> str:
    """Traffic agents write it in mixed case, the police in capitals, and some as they like."""
    drawn, name = rng.random(), rng.choice(borough.streets)
    if drawn < STREET_BLANK:
        return ""
    if drawn < STREET_BLANK + QUOTED_COMMA:
        return f'"{name}, NEW YORK"'
    return name if drawn < 0.5 else name.upper()


def _crossing(borough: Borough, rng: random.Random) -> str:
    name = rng.choice(borough.streets)
    return rng.choice((name.upper(), f"{rng.randrange(5, 90)}ft {rng.choice('NSEW')}/of {name}"))
