"""How restless the city is by hour, weekday and district, and the scores that follow from it."""

import random

from simulator.city import DISTRICTS, District
from simulator.week import HOURS_OF_WEEK, is_weekend, normalised

# Mean share of crowd reports with an agitated citizen among them.
AGITATED_SHARE = 0.01
# A witness of its own: the same value as alerting's setting, written down a second time on purpose.
AGITATED_BELOW = 0.1

CALMEST_MEAN = 0.8
LEVELS = 16
SCORES_A_LEVEL = 1024


def _restlessness(district: District, hour_of_week: int) -> float:
    hour = hour_of_week % 24
    evening = 1.0 + 1.6 * district.character.night_life if 18 <= hour < 24 else 1.0
    night = 0.5 if 1 <= hour < 7 else 1.0
    weekend = 1.7 if is_weekend(hour_of_week) else 1.0
    return district.character.restlessness * evening * night * weekend


# [district][hour of week]: 1.0 is the average over the city and the week.
RESTLESSNESS = normalised(
    [[_restlessness(district, hour) for hour in HOURS_OF_WEEK] for district in DISTRICTS]
)


def agitated_share(district: int, hour_of_week: int) -> float:
    """Probability that a crowd report of this district and hour has an agitated citizen."""
    return AGITATED_SHARE * RESTLESSNESS[district][hour_of_week]


def mood_level(district: int, hour_of_week: int) -> int:
    """0 (calmest) to LEVELS - 1: which table of scores people there and then answer to."""
    return min(int(RESTLESSNESS[district][hour_of_week] * 4), LEVELS - 1)


def _calm_score(mean: float, rng: random.Random) -> float:
    concentration = 9.0
    draw = rng.betavariate(mean * concentration, (1 - mean) * concentration)
    return round(max(draw, AGITATED_BELOW), 2)


def score_tables(rng: random.Random) -> tuple[tuple[float, ...], ...]:
    """For each mood level SCORES_A_LEVEL scores to draw from, all calm enough for no alert."""
    means = [CALMEST_MEAN - 0.025 * level for level in range(LEVELS)]
    return tuple(tuple(_calm_score(mean, rng) for _ in range(SCORES_A_LEVEL)) for mean in means)


def agitated_score(rng: random.Random) -> float:
    """A score below AGITATED_BELOW."""
    return int(rng.random() * 1000 * AGITATED_BELOW) / 1000


def is_agitated(score: float) -> bool:
    """Whether the score must raise an alert."""
    return score < AGITATED_BELOW
