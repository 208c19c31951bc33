"""The invented citizens of each district, and who stands near a drone."""

import random

from faker import Faker

from services.reports.report import Citizen
from simulator.city import DISTRICTS
from simulator.moods import agitated_score

LOCALES = ("en_GB", "fr_FR", "es_ES", "pl_PL")
RESIDENTS_A_DISTRICT = 400
CROWD_SIZES = (2, 3, 3, 4, 4, 5, 5, 6, 7, 8)
# Once somebody is agitated, each other person nearby is with this probability.
CONTAGION = 0.15

Names = tuple[str, ...]


def residents(seed: int) -> tuple[Names, ...]:
    """Invented names, RESIDENTS_A_DISTRICT for each district; the same for the same seed."""
    voices = [Faker(locale) for locale in LOCALES]
    for index, voice in enumerate(voices):
        voice.seed_instance(seed * len(LOCALES) + index)
    return tuple(
        tuple(_name(voices[index % len(voices)]) for index in range(RESIDENTS_A_DISTRICT))
        for _ in DISTRICTS
    )


def _name(voice: Faker) -> str:
    return f"{voice.first_name()} {voice.last_name()}"


def calm_crowd(names: Names, scores: tuple[float, ...], rng: random.Random) -> tuple[Citizen, ...]:
    """Some of the names, each with one of the scores."""
    draw = rng.random
    people, moods = len(names), len(scores)
    size = CROWD_SIZES[int(draw() * len(CROWD_SIZES))]
    return tuple(
        [Citizen(names[int(draw() * people)], scores[int(draw() * moods)]) for _ in range(size)]
    )


def agitated_crowd(
    names: Names, scores: tuple[float, ...], rng: random.Random
) -> tuple[Citizen, ...]:
    """As calm_crowd, but the first citizen is agitated and it may spread."""
    first, *others = calm_crowd(names, scores, rng)
    spread = [
        Citizen(other.name, agitated_score(rng)) if rng.random() < CONTAGION else other
        for other in others
    ]
    crowd = [Citizen(first.name, agitated_score(rng)), *spread]
    rng.shuffle(crowd)
    return tuple(crowd)
