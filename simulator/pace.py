"""When each record is due on the wall clock, and the batches that follow from it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

from simulator.messages import Message

BATCH_RECORDS = 4_000
# Records due within the same tick go out together: fewer, fuller requests.
TICK_SECONDS = 0.02
# Without anything due, an empty batch this often shows that the loop turns.
IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """speed: simulated per real seconds; rate_per_second: records at most. None: no bound."""

    speed: float | None = None
    rate_per_second: float | None = None

    def due_seconds(self, number: int, simulated_ms: int) -> float:
        """When record number (from 0) is due, both times counted from the first record."""
        by_rate = number / self.rate_per_second if self.rate_per_second else 0.0
        by_speed = simulated_ms / 1000 / self.speed if self.speed else 0.0
        return math.ceil(max(by_rate, by_speed) / TICK_SECONDS) * TICK_SECONDS


def batches(
    messages: Iterator[Message], pace: Pace, clock: Callable[[], float], stop: Event
) -> Iterator[list[Message]]:
    """The messages in batches, each not before it is due; ends early once stop is set.

    clock gives seconds and never goes back. Empty batches come while nothing is due.
    """
    batch: list[Message] = []
    started_seconds = clock()
    first_ms: int | None = None
    for number, message in enumerate(messages):
        first_ms = message.due_ms if first_ms is None else first_ms
        due_seconds = started_seconds + pace.due_seconds(number, message.due_ms - first_ms)
        if len(batch) == BATCH_RECORDS or (batch and due_seconds > clock()):
            yield batch
            batch = []
        while not stop.is_set() and (wait_seconds := due_seconds - clock()) > 0:
            if stop.wait(min(wait_seconds, IDLE_SECONDS)):
                return
            yield []
        if stop.is_set():
            return
        batch.append(message)
    yield batch
