"""Which of the alerts that wait are sent next, together or alone. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from services.notifying.windows import Key

DIGEST_ALERTS_MAX = 500
# Of the alerts' records; so a notice is far below what its topics take.
DIGEST_BYTES_MAX = 2 * 1024 * 1024
# So many due at once are a crowd for a channel without a cap.
CROWD = 100
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that still has to be sent, as its record; times in milliseconds since the epoch."""

    offset: int
    due_ms: int
    key: Key
    detected_at_ms: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Allowance:
    """When notices were sent in the minute before now, and how many may be (None: any number)."""

    sent_at_ms: tuple[int, ...]
    cap_per_minute: int | None
    now_ms: int

    def is_left(self) -> bool:
        """Whether one more may be sent now.

        With half of them used the others are spread out: digests close behind each other would
        carry next to nothing, and then all would wait for the minute's end.
        """
        if self.cap_per_minute is None or not self._is_half_used():
            return True
        rested_ms = self.now_ms - max(self.sent_at_ms)
        is_under_cap = len(self.sent_at_ms) < self.cap_per_minute
        return is_under_cap and rested_ms >= MINUTE_MS / self.cap_per_minute

    def is_crowded(self, due: int) -> bool:
        """Whether what is due has to share a notice."""
        return due > CROWD if self.cap_per_minute is None else self._is_half_used()

    def _is_half_used(self) -> bool:
        return 2 * len(self.sent_at_ms) >= (self.cap_per_minute or 0)


def allowance(sent_at_ms: Iterable[int], cap_per_minute: int | None, now_ms: int) -> Allowance:
    """Of the minute before now; a time after now is one of a clock that was put back."""
    lately = tuple(at for at in sent_at_ms if now_ms - MINUTE_MS < at <= now_ms)
    return Allowance(lately, cap_per_minute, now_ms)


def due(waiting: Iterable[Waiting], now_ms: int) -> tuple[Waiting, ...]:
    """Those whose time has come."""
    return tuple(one for one in waiting if one.due_ms <= now_ms)


def next_alerts(waiting: Sequence[Waiting], is_crowded: bool) -> tuple[Waiting, ...]:
    """One notice's alerts, of those due in a partition (one or more), in their order.

    In a crowd all of them, else the one that is due first, with those of its window.
    """
    if not is_crowded:
        first = min(waiting, key=lambda one: (one.due_ms, one.offset))
        waiting = [one for one in waiting if (one.key, one.due_ms) == (first.key, first.due_ms)]
    return fitting(waiting)


def fitting(waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """The first ones, as many as one notice carries: at least one."""
    totals = accumulate(len(one.value) for one in waiting[:DIGEST_ALERTS_MAX])
    return tuple(
        one
        for position, (one, total) in enumerate(zip(waiting, totals, strict=False))
        if position == 0 or total <= DIGEST_BYTES_MAX
    )
