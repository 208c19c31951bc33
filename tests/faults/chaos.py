"""What is done to workers while reports flow: a seeded plan of kills, hires and dismissals."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.faults.crew import Crew

Blow = Literal["kill", "add", "stop"]
COME_AND_GO: tuple[tuple[Blow, ...], ...] = (("add", "stop"), ("stop", "add"))


@dataclass(frozen=True, slots=True)
class Chaos:
    """A fault run: so many kills while at least so many reports flow, seeded.

    The moment of a blow is random within so many seconds after the group got on.
    """

    kills: int
    reports: int
    rate: int
    pause_seconds_max: float
    seed: int


QUICK = Chaos(kills=3, reports=6_000, rate=600, pause_seconds_max=1.0, seed=7)
LONG = Chaos(kills=12, reports=300_000, rate=4_000, pause_seconds_max=2.0, seed=11)


def blows(chaos: Chaos) -> Iterator[Blow]:
    """Every kill is followed by a new worker; some workers come and go besides."""
    rng = Random(chaos.seed)
    for number in range(chaos.kills):
        yield "kill"
        yield "add"
        if number % 3 == 1:
            yield from rng.choice(COME_AND_GO)


def wreak(chaos: Chaos, crew: Crew, await_progress: Callable[[], None]) -> None:
    """One blow after the other; await_progress returns when the group got on since it was called.

    A worker that is only starting does nothing worth a kill: hence the waiting.
    """
    rng = Random(chaos.seed)
    strike: dict[Blow, Callable[[], object]] = {
        "kill": lambda: crew.kill_one(rng),
        "add": crew.add,
        "stop": lambda: crew.stop_one(rng),
    }
    for blow in blows(chaos):
        await_progress()
        # The moment is to be random, so there is nothing to await.
        time.sleep(rng.uniform(0, chaos.pause_seconds_max))
        strike[blow]()
