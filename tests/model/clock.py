"""The clock of a model."""

from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """The only clock there is; wall_offset_ms is what the wall clock is ahead."""

    now_seconds: float = 0.0
    wall_offset_ms: int = 1_700_000_000_000

    def monotonic(self) -> float:
        return self.now_seconds

    def now_ms(self) -> int:
        return self.wall_offset_ms + int(self.now_seconds * 1000)
