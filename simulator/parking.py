"""Parking violations by hour, weekday, district and code; which codes ask for a human."""

import random
from itertools import accumulate

from services.reports.report import Violation
from simulator.city import DISTRICTS, District
from simulator.week import HOURS_OF_WEEK, is_weekend, normalised

# Mean share of parking reports with a violation, and with one that asks for a human.
VIOLATION_SHARE = 0.15
HUMAN_SHARE = 0.01
# A witness of its own: the same value as alerting's setting, written down a second time on purpose.
HUMAN_CODES = frozenset({"999"})
UNREADABLE = "999"

# Invented, in the manner of a city's list: code and how often it is met among the others.
CODES = {
    "14": 9,  # no standing
    "20": 12,  # no parking
    "21": 16,  # street cleaning
    "36": 22,  # speeding past a school
    "37": 8,  # meter expired
    "38": 14,  # no receipt shown
    "40": 7,  # fire hydrant
    "46": 6,  # double parking
    "71": 6,  # no inspection sticker
}
_CODES = tuple(CODES)
_CUMULATIVE_WEIGHTS = tuple(accumulate(CODES.values()))


def _pressure(district: District, hour_of_week: int) -> float:
    hour = hour_of_week % 24
    rush = 2.2 if 7 <= hour < 11 else 1.3 if 16 <= hour < 19 else 0.25 if hour < 6 else 1.0
    return district.character.parking_pressure * (0.5 if is_weekend(hour_of_week) else rush)


# [district][hour of week]: 1.0 is the average over the city and the week.
PRESSURE = normalised(
    [[_pressure(district, hour) for hour in HOURS_OF_WEEK] for district in DISTRICTS]
)


def human_share(district: int, hour_of_week: int) -> float:
    """Probability that a parking report of this district and hour asks for a human."""
    return HUMAN_SHARE * PRESSURE[district][hour_of_week]


def violation_share(district: int, hour_of_week: int) -> float:
    """Probability that a parking report of this district and hour has an ordinary violation."""
    return VIOLATION_SHARE * PRESSURE[district][hour_of_week]


def ordinary_violation(rng: random.Random) -> Violation:
    """A violation the drone could read."""
    code = rng.choices(_CODES, cum_weights=_CUMULATIVE_WEIGHTS)[0]
    return Violation(code, _image_id(rng))


def unreadable_violation(rng: random.Random) -> Violation:
    """A violation that no machine could read: a human must look."""
    return Violation(UNREADABLE, _image_id(rng))


def _image_id(rng: random.Random) -> str:
    return f"image-{rng.getrandbits(48):012x}"
