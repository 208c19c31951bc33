"""Invented parking summonses as New York's open data set "Parking Violations Issued" writes them.

The 51 columns of the fiscal years 2014 to 2016, and their everyday dirt: blank counties, precinct
0, two spellings of midnight, dates of another year. All of these rows are valid. Pure: vehicles and
officers come out of a stock made once, since a draw is cheaper than making one.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from simulator.newyork import Place, places

COLUMNS = (
    *("Summons Number", "Plate ID", "Registration State", "Plate Type", "Issue Date"),
    *("Violation Code", "Vehicle Body Type", "Vehicle Make", "Issuing Agency"),
    *("Street Code1", "Street Code2", "Street Code3", "Vehicle Expiration Date"),
    *("Violation Location", "Violation Precinct", "Issuer Precinct", "Issuer Code"),
    *("Issuer Command", "Issuer Squad", "Violation Time", "Time First Observed"),
    *("Violation County", "Violation In Front Of Or Opposite", "House Number", "Street Name"),
    *("Intersecting Street", "Date First Observed", "Law Section", "Sub Division"),
    # The city's file has these blanks.
    *("Violation Legal Code", "Days Parking In Effect    ", "From Hours In Effect"),
    *("To Hours In Effect", "Vehicle Color", "Unregistered Vehicle?", "Vehicle Year"),
    *("Meter Number", "Feet From Curb", "Violation Post Code", "Violation Description"),
    *("No Standing or Stopping Violation", "Hydrant Violation", "Double Parking Violation"),
    *("Latitude", "Longitude", "Community Board", "Community Council ", "Census Tract"),
    *("BIN", "BBL", "NTA"),
)

# How many of a kind there are to draw from; of dates, times and codes more, for their shares.
STOCK, TIMES = 4_096, 16_384
FIRST_DAY, DAYS = date(2013, 7, 1), 365
# Monday to Sunday, and midnight to 11 p.m.: how many summonses are written then, relatively.
WEEKDAYS = (45, 49, 46, 49, 42, 33, 26)
HOURS = (4, 9, 7, 6, 3, 3, 6, 14, 27, 28, 21, 26, 19, 17, 16, 12, 13, 11, 8, 6, 7, 7, 8, 7)
# Of the dates; the years in which such tickets' dates are found.
OTHER_YEAR, OTHER_YEARS = 0.01, range(2000, 2013)
# Of the times after midnight: 0040A; the others write 1240A. Of those after noon: 0040P.
MIDNIGHT_AS_00, NOON_AS_00 = 0.2, 0.003
# Code -> how often it is met. 94 and 95 are in no official list.
CODES = {
    **{"21": 4665, "46": 2870, "14": 2806, "20": 2241, "40": 2049, "71": 1759, "38": 1726},
    **{"19": 1415, "37": 1013, "98": 861, "70": 623, "17": 565, "24": 562, "78": 544, "67": 502},
    **{"74": 480, "16": 448, "50": 348, "66": 334, "69": 281, "51": 272, "36": 250, "27": 199},
    **{"31": 192, "45": 169, "47": 169, "48": 164, "7": 150, "99": 134, "94": 6, "95": 5},
}


class Vehicle(NamedTuple):
    """A vehicle that never was; registration: plate, state, type; make: body and make."""

    registration: str
    make: str
    expiry: str
    colour: str
    year: str


class Officer(NamedTuple):
    """Who wrote the summons, and in which manner: by hand, or with a device."""

    agency: str
    identity: str
    observed: str
    hours: str
    unregistered: str
    remarks: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What the rows are drawn from; each value as often as it is met."""

    vehicles: tuple[Vehicle, ...]
    officers: tuple[Officer, ...]
    places: tuple[Place, ...]
    dates: tuple[str, ...]
    times: tuple[str, ...]
    codes: tuple[str, ...]


def stock(rng: random.Random) -> Stock:
    """A stock for one file."""
    draws = range(STOCK)
    return Stock(
        vehicles=tuple(_vehicle(rng) for _ in draws),
        officers=tuple(_officer(rng) for _ in draws),
        places=places(STOCK, rng),
        dates=tuple(_dates(TIMES, rng)),
        times=tuple(_time(hour, rng) for hour in rng.choices(range(24), HOURS, k=TIMES)),
        codes=tuple(rng.choices(list(CODES), list(CODES.values()), k=TIMES)),
    )


def row(number: int, drawn_from: Stock, rng: random.Random) -> str:
    """One row of the file, without its line break, under a summons number of 10 digits."""
    draw, known = rng.random, drawn_from
    car = known.vehicles[int(draw() * STOCK)]
    officer = known.officers[int(draw() * STOCK)]
    place = known.places[int(draw() * STOCK)]
    day = known.dates[int(draw() * TIMES)]
    time = known.times[int(draw() * TIMES)]
    code = known.codes[int(draw() * TIMES)]
    return (
        f"{number},{car.registration},{day},{code},{car.make},{officer.agency},{place.street_codes},"
        f"{car.expiry},{place.location},{place.precinct},{officer.identity},{time},,{place.county},"
        f"{place.in_front},{place.house},{place.street},{place.crossing},{officer.observed},"
        f"408,C,,{officer.hours},{car.colour},{officer.unregistered},{car.year},{officer.remarks}"
        ",,,,,,,,,,,"
    )


def _vehicle(rng: random.Random) -> Vehicle:
    plate = "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=3)) + f"{rng.randrange(10_000):04}"
    state = rng.choice(("NY", "NY", "NY", "NJ", "PA", "99"))
    year = rng.randrange(1990, 2015) if rng.random() < 0.7 else 0
    return Vehicle(
        registration=f"{plate},{state},{rng.choice(('PAS', 'PAS', 'PAS', 'COM', 'OMT', '999'))}",
        make=rng.choice(("SDN,FORD", "SUBN,TOYOT", "SDN,HONDA", "VAN,CHEVR", "DELV,GMC", ",")),
        expiry=rng.choice(("0", "20140228", "20150930", "01/01/88888888 12:00:00 PM")),
        colour=rng.choice(("WHITE", "GY", "BLK", "BLUE", "RD", "")),
        year=str(year),
    )


def _officer(rng: random.Random) -> Officer:
    """The police write by hand and in full; traffic agents have a device that adds remarks."""
    precinct, number = rng.randrange(1, 124), rng.randrange(300_000, 999_999)
    if rng.random() < 0.55:
        identity = f"{precinct},{number},{precinct:04},0000"
        return Officer("P", identity, "0", "BBBBBBB,ALL,ALL", "0", "-,0,,")
    identity = f"{precinct},{number},T{rng.randrange(100, 500)},{rng.choice('ABCDEJM')}"
    observed = "01/05/0001 12:00:00 PM"
    return Officer("T", identity, observed, "Y,0830A,0700P", "", ",0,02 4,No Standing")


def _dates(count: int, rng: random.Random) -> Iterator[str]:
    days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
    for day in rng.choices(days, [WEEKDAYS[day.weekday()] for day in days], k=count):
        year = rng.choice(OTHER_YEARS) if rng.random() < OTHER_YEAR else day.year
        yield f"{day:%m/%d}/{year}"


def _time(hour: int, rng: random.Random) -> str:
    has_00 = rng.random() < {0: MIDNIGHT_AS_00, 12: NOON_AS_00}.get(hour, 0.0)
    on_the_dial = 0 if has_00 else hour % 12 or 12
    return f"{on_the_dial:02}{rng.randrange(60):02}{'A' if hour < 12 else 'P'}"
