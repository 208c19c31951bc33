"""When each record is due on the wall clock, and the batches that follow from it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from threading import Event

from simulator.messages import Message

BATCH_RECORDS = 4_000
# Records due within the same tick go out together: fewer, fuller requests.
TICK_SECONDS = 0.02
# After a delay at most this much of the rate is made up for, so that it stays a bound.
SLACK_SECONDS = 0.5
# Without anything due, an empty batch this often shows that the loop turns.
IDLE_SECONDS = 1.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pace:
    """speed: simulated per real seconds; rate_per_second: records at most. None: no bound."""

    speed: float | None = None
    rate_per_second: float | None = None

    def by_speed_seconds(self, simulated_ms: int) -> float:
        """When a record so long after the first one is due, seconds after the start."""
        return simulated_ms / 1000 / self.speed if self.speed else 0.0

    def by_rate_seconds(self, previous_seconds: float, now_seconds: float) -> float:
        """When the rate allows a record after the previous one, seconds after the start."""
        if not self.rate_per_second:
            return 0.0
        return max(previous_seconds + 1 / self.rate_per_second, now_seconds - SLACK_SECONDS)


def timed(messages: Iterator[Message], pace: Pace, clock: Clock) -> Iterator[tuple[float, Message]]:
    """Each message with the time from which it may go out, in seconds of the clock."""
    first = next(messages, None)
    if first is None:
        return
    # Making the first one builds the fleet: time starts after it.
    started_seconds, first_ms, by_rate_seconds = clock(), first.due_ms, 0.0
    for message in chain((first,), messages):
        by_rate_seconds = pace.by_rate_seconds(by_rate_seconds, clock() - started_seconds)
        by_speed_seconds = pace.by_speed_seconds(message.due_ms - first_ms)
        ticks = math.ceil(max(by_rate_seconds, by_speed_seconds) / TICK_SECONDS)
        yield started_seconds + ticks * TICK_SECONDS, message


def batches(
    messages: Iterator[Message], pace: Pace, clock: Clock, stop: Event
) -> Iterator[list[Message]]:
    """The messages in batches, each not before it is due; ends early once stop is set.

    clock gives seconds and never goes back. Empty batches come while nothing is due.
    """
    batch: list[Message] = []
    for due_seconds, message in timed(messages, pace, clock):
        if len(batch) == BATCH_RECORDS or (batch and due_seconds > clock()):
            yield batch
            batch = []
        while not stop.is_set() and (wait_seconds := due_seconds - clock()) > 0:
            stop.wait(min(wait_seconds, IDLE_SECONDS))
            yield []
        if stop.is_set():
            return
        batch.append(message)
    yield batch
