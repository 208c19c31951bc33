"""Exactly once, whatever happens when: any order of alerts, kills, lost commits and rebalances."""

from collections.abc import Callable, Iterator
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.notifying.played import SMALL_BOUNDS, Fault
from tests.notifying.world import Leaving, World, check

FAULTS: tuple[Fault, ...] = get_args(Fault)
LEAVINGS: tuple[Leaving, ...] = get_args(Leaving)
STEPS = 150


def happening(world: World, rng: Random) -> None:
    """Any one thing that may happen; mostly the members get on."""
    happenings: dict[Callable[[], object], int] = {
        lambda: world.turn(rng.randrange(2), "none"): 10,
        lambda: world.turn(rng.randrange(2), rng.choice(FAULTS)): 10,
        # Alerts of few numbers come twice, of few subjects in windows.
        lambda: world.append(rng.randrange(2), rng.randrange(60), rng.randrange(3)): 12,
        lambda: world.append_garbage(rng.randrange(2)): 1,
        lambda: world.move(rng.randrange(2), rng.choice(LEAVINGS)): 2,
        lambda: world.pass_ms(rng.choice([10, 700, 1_500, 30_000])): 6,
        lambda: world.take_records(rng.random() < 0.6): 1,
    }
    [happens] = rng.choices([*happenings], [*happenings.values()])
    happens()


@pytest.fixture(scope="module", autouse=True)
def small_world() -> Iterator[None]:
    """Bounds that few records reach."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in SMALL_BOUNDS:
            patch.setattr(module, name, value)
        yield


def growing(world: World, rng: Random) -> None:
    """Any one thing that may happen to a topic that gets partitions."""
    partition = rng.randrange(len(world.log))
    happenings: dict[Callable[[], object], int] = {
        lambda: world.turn(rng.randrange(2), "none"): 10,
        lambda: world.turn(rng.randrange(2), rng.choice(FAULTS)): 6,
        lambda: world.publish(rng.randrange(2), rng.randrange(40)): 12,
        lambda: world.append_garbage(partition): 1,
        lambda: world.move(partition, rng.choice(LEAVINGS)): 2,
        lambda: world.pass_ms(rng.choice([10, 700, 1_500, 30_000])): 6,
        lambda: world.grow() if len(world.log) < 6 else None: 1,
    }
    [happens] = rng.choices([*happenings], [*happenings.values()])
    happens()


@pytest.mark.parametrize("cap_per_minute", [None, 1, 4])
@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_each_alert_is_in_one_notice_and_only_an_interruption_repeats_one(
    cap_per_minute: int | None, seed: int
) -> None:
    world, rng = World(cap_per_minute), Random(seed)
    if rng.random() < 0.5:
        world.know_layout()
    for _ in range(STEPS):
        happening(world, rng)
    world.rest()
    check(world)


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), off_ms=st.sampled_from([0, -600_000, 600_000]))
def test_each_alert_is_in_one_notice_also_while_the_topic_gets_partitions(
    seed: int, off_ms: int
) -> None:
    world, rng = World(clock_off_ms=off_ms), Random(seed)
    world.know_layout()
    for _ in range(STEPS):
        growing(world, rng)
    world.rest()
    check(world)
