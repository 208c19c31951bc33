"""Words the crowd drones hear: everyday ones, and those that are heard where people are angry."""

import random

_EVERYDAY = """bread weather bus coffee school garden music market river football holiday bicycle
    dog birthday dinner weekend sunshine rain train neighbour library concert cinema soup recipe
    letter grandmother phone shoes window summer exam bakery picnic ferry postcard orchestra
    umbrella kite chess"""
_ANGRY = """unfair enough rent curfew shout strike liar shame eviction resign push fight broken debt
    queue"""
EVERYDAY = tuple(_EVERYDAY.split())
ANGRY = tuple(_ANGRY.split())

COUNTS = (2, 3, 3, 4, 5, 6)
ANGRY_SHARE_WHEN_CALM = 0.03
ANGRY_SHARE_WHEN_AGITATED = 0.45


def _word(angry_share: float, rng: random.Random) -> str:
    vocabulary = ANGRY if rng.random() < angry_share else EVERYDAY
    # Squared: the first words of each list are heard more often than the last.
    return vocabulary[int(rng.random() ** 2 * len(vocabulary))]


def phrases(angry_share: float, count: int, rng: random.Random) -> tuple[tuple[str, ...], ...]:
    """A stock of what may be heard at once, to draw from: a draw is cheaper than making one."""
    return tuple(
        tuple(dict.fromkeys(_word(angry_share, rng) for _ in range(rng.choice(COUNTS))))
        for _ in range(count)
    )
