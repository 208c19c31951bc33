"""What a drone of each mission sees at one moment. The difference between missions lives here."""

import random
from collections.abc import Callable
from typing import Literal

from services.reports.report import Citizen, Violation
from simulator.moods import agitated_share, mood_level, score_tables
from simulator.parking import (
    human_share,
    ordinary_violation,
    unreadable_violation,
    violation_share,
)
from simulator.people import agitated_crowd, calm_crowd, residents
from simulator.words import ANGRY_SHARE_WHEN_AGITATED, ANGRY_SHARE_WHEN_CALM, phrases

Mission = Literal["prestacop", "peacewatch"]
Sight = tuple[Violation | None, tuple[Citizen, ...], tuple[str, ...]]
# (district, hour of the week, randomness) -> what is seen there and then.
Observe = Callable[[int, int, random.Random], Sight]

PHRASES = 4096


def observer(mission: Mission, seed: int, rng: random.Random) -> Observe:
    """How drones of the mission see; tables are made once."""
    return parking_sight if mission == "prestacop" else crowd_observer(seed, rng)


def parking_sight(district: int, hour: int, rng: random.Random) -> Sight:
    """Maybe a violation."""
    human = human_share(district, hour)
    draw = rng.random()
    if draw < human:
        return unreadable_violation(rng), (), ()
    if draw < human + violation_share(district, hour):
        return ordinary_violation(rng), (), ()
    return None, (), ()


def crowd_observer(seed: int, rng: random.Random) -> Observe:
    """A function that sees citizens and hears words."""
    names = residents(seed)
    scores = score_tables(rng)
    calm_phrases = phrases(ANGRY_SHARE_WHEN_CALM, PHRASES, rng)
    angry_phrases = phrases(ANGRY_SHARE_WHEN_AGITATED, PHRASES, rng)

    def crowd_sight(district: int, hour: int, rng: random.Random) -> Sight:
        moods = scores[mood_level(district, hour)]
        heard = int(rng.random() * PHRASES)
        if rng.random() < agitated_share(district, hour):
            return None, agitated_crowd(names[district], moods, rng), angry_phrases[heard]
        return None, calm_crowd(names[district], moods, rng), calm_phrases[heard]

    return crowd_sight
