"""When batches go out: a clock that only moves when somebody waits."""

from dataclasses import dataclass
from threading import Event

import pytest

from simulator.messages import Message
from simulator.pace import BATCH_RECORDS, Pace, batches


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Stop(Event):
    """Waiting moves the clock, and takes no time."""

    def __init__(self, clock: Clock, at_seconds: float = float("inf")) -> None:
        super().__init__()
        self.clock = clock
        self.at_seconds = at_seconds

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.seconds += timeout or 0.0
        if self.clock.seconds >= self.at_seconds:
            self.set()
        return self.is_set()


def every(milliseconds: int, count: int) -> list[Message]:
    return [Message(index * milliseconds, b"drone", b"{}") for index in range(count)]


def sent(messages: list[Message], pace: Pace, stop_at: float = float("inf")) -> list[float]:
    """When each message went out, in seconds after the start."""
    clock = Clock()
    stop = Stop(clock, 1000.0 + stop_at)
    return [
        clock.seconds - 1000.0
        for batch in batches(iter(messages), pace, clock, stop)
        for _ in batch
    ]


def test_real_time_sends_a_report_when_it_is_due() -> None:
    assert sent(every(500, 5), Pace(speed=1)) == pytest.approx([0, 0.5, 1, 1.5, 2], abs=0.03)


def test_a_factor_makes_time_go_faster() -> None:
    assert sent(every(60_000, 3), Pace(speed=60)) == pytest.approx([0, 1, 2], abs=0.03)


def test_without_speed_and_rate_nothing_waits() -> None:
    assert set(sent(every(60_000, 9_000), Pace())) == {0.0}


def test_a_batch_has_a_greatest_size() -> None:
    clock = Clock()
    sizes = [len(b) for b in batches(iter(every(0, 9_000)), Pace(), clock, Stop(clock))]
    assert sizes == [BATCH_RECORDS, BATCH_RECORDS, 9_000 - 2 * BATCH_RECORDS]


def test_the_rate_is_kept() -> None:
    times = sent(every(0, 10_000), Pace(rate_per_second=1_000))
    assert times[-1] == pytest.approx(10.0, abs=0.1)


def test_the_rate_is_a_bound_also_after_a_delay() -> None:
    clock = Clock()
    times = []
    for batch in batches(iter(every(0, 5_000)), Pace(rate_per_second=100), clock, Stop(clock)):
        times += [clock.seconds] * len(batch)
        if len(times) == 100:
            clock.seconds += 60
    in_the_second_after = sum(1061 <= seconds <= 1062.1 for seconds in times)
    assert in_the_second_after <= 160


def test_idle_time_gives_empty_batches_so_that_the_loop_turns() -> None:
    clock = Clock()
    lengths = [len(b) for b in batches(iter(every(10_000, 2)), Pace(1.0), clock, Stop(clock))]
    assert lengths[0] == 1
    assert lengths.count(0) >= 9


def test_stop_ends_the_waiting_and_the_batches() -> None:
    assert len(sent(every(1_000, 100), Pace(speed=1), stop_at=3.5)) == 4
