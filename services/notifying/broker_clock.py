"""The brokers' time, estimated from what they stamped: our own clock may be minutes off."""

import time
from collections.abc import Callable

Clock = Callable[[], int]


def monotonic_ms() -> int:
    """Milliseconds of a clock that is never put back."""
    return time.monotonic_ns() // 1_000_000


class BrokerClock:
    """A record read just now was stamped now or before: the latest such moment is the estimate.

    It is never before the arrival of a record that was read. So what is due at its arrival is due
    as soon as it is read. Both clocks give milliseconds; `wall_ms` counts until the first record.
    """

    def __init__(self, wall_ms: Clock, monotonic_ms: Clock) -> None:
        self.wall_ms = wall_ms
        self.monotonic_ms = monotonic_ms
        self.ahead_ms: int | None = None

    def note(self, timestamp_ms: int) -> None:
        """Note the arrival of a record that is read now."""
        ahead_ms = timestamp_ms - self.monotonic_ms()
        self.ahead_ms = ahead_ms if self.ahead_ms is None else max(self.ahead_ms, ahead_ms)

    def now_ms(self) -> int:
        """The brokers' time since the epoch, as far as we know."""
        if self.ahead_ms is None:
            return self.wall_ms()
        return self.monotonic_ms() + self.ahead_ms
