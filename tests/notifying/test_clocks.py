"""Clocks of the notifiers that are minutes off: alerts go out in their time all the same."""

import pytest

from services.notifying.broker_clock import BrokerClock
from services.notifying.publishing import Addresses, Publishing
from services.notifying.retrying import Terms
from services.stream.reliable_producer import ReliableProducer
from tests.notifying.played import Sender
from tests.notifying.retries import Desk, ScriptedChannel, waiting
from tests.notifying.world import WINDOW_MS, World

TEN_MINUTES_MS = 600_000
NOTHING_FAILS = Publishing(
    ReliableProducer(Sender(World())), Addresses("email", "retry"), Terms(()), lambda: 0.0
)
OFF_MS = [0, -TEN_MINUTES_MS, TEN_MINUTES_MS]


def known_world(off_ms: int) -> World:
    world = World(partitions=1, clock_off_ms=off_ms)
    world.know_layout()
    return world


def turns(world: World, count: int) -> None:
    for _ in range(count):
        world.turn(0)


@pytest.mark.parametrize("off_ms", OFF_MS)
def test_a_first_alert_goes_out_as_soon_as_it_is_read(off_ms: int) -> None:
    world = known_world(off_ms)
    turns(world, 1)
    world.publish(0, 1)
    turns(world, 4)
    assert [one.notice_id for one in world.taken] == ["r-1-agitation-0"]


@pytest.mark.parametrize("off_ms", OFF_MS)
def test_while_it_is_unknown_where_copies_are_a_first_alert_is_late_by_a_second(
    off_ms: int,
) -> None:
    world = World(partitions=1, clock_off_ms=off_ms)
    turns(world, 1)
    world.publish(0, 1)
    for _ in range(10):
        world.pass_ms(100)
        world.turn(0)
    assert [one.notice_id for one in world.taken] == ["r-1-agitation-0"]


@pytest.mark.parametrize("off_ms", OFF_MS)
def test_the_next_ones_go_out_when_their_window_closes(off_ms: int) -> None:
    world = known_world(off_ms)
    for number in (1, 1 + 21, 1 + 42):
        world.publish(0, number)
    turns(world, 5)
    assert len(world.taken) == 1
    world.pass_ms(WINDOW_MS - 1)
    turns(world, 5)
    assert len(world.taken) == 1
    world.pass_ms(1)
    turns(world, 5)
    assert [len(one.alerts) for one in world.taken] == [1, 2]


@pytest.mark.parametrize("off_ms", OFF_MS)
def test_after_a_restart_a_window_closes_in_its_time_if_a_record_comes(off_ms: int) -> None:
    world = known_world(off_ms)
    for number in (1, 1 + 21):
        world.publish(0, number)
    turns(world, 5)
    world.turn(0, "kill before commit")
    world.pass_ms(WINDOW_MS)
    world.publish(0, 2)
    turns(world, 9)
    assert {one.alert_id for n in world.taken for one in n.alerts} == {
        f"r-{number}-agitation-0" for number in (1, 22, 2)
    }


@pytest.mark.parametrize("off_ms", OFF_MS)
def test_a_retry_waits_as_long_as_it_is_to(off_ms: int) -> None:
    desk = Desk(ScriptedChannel(), NOTHING_FAILS, now_ms=1_000_000, clock_off_ms=off_ms)
    desk.give(0, waiting("a", wait_ms=10_000))
    desk.now_ms += 9_999
    desk.turns(3)
    assert desk.channel.asked == []
    desk.now_ms += 1
    desk.turns(3)
    assert desk.channel.asked_ids == ["a-agitation-0"]


def test_the_estimate_is_never_before_a_record_that_was_read_and_goes_on_with_time() -> None:
    monotonic = [5_000]
    clock = BrokerClock(lambda: 77, lambda: monotonic[0])
    assert clock.now_ms() == 77
    clock.note(1_000_000)
    clock.note(900_000)
    assert clock.now_ms() == 1_000_000
    monotonic[0] += 250
    assert clock.now_ms() == 1_000_250
