"""The faults that requests to an S3 store meet on their way, and who chooses them."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit


class Fault(Enum):
    """AFTER: the store has carried the request out, but its answer is replaced."""

    RESET = auto()
    LOSE_ANSWER = auto()
    ERROR_500 = auto()
    ERROR_500_AFTER = auto()
    BUSY_503 = auto()
    BUSY_503_AFTER = auto()
    CONFLICT_409 = auto()
    CONFLICT_409_AFTER = auto()
    DELAY = auto()
    FULL_507 = auto()
    CUT = auto()
    FLIP = auto()


BEFORE = {
    Fault.ERROR_500: (500, "InternalError"),
    Fault.BUSY_503: (503, "SlowDown"),
    Fault.CONFLICT_409: (409, "ConditionalRequestConflict"),
    # Never at random: a disk stays full for a while.
    Fault.FULL_507: (507, "XMinioStorageFull"),
}
AFTER = {
    Fault.ERROR_500_AFTER: (500, "InternalError"),
    Fault.BUSY_503_AFTER: (503, "SlowDown"),
    Fault.CONFLICT_409_AFTER: (409, "ConditionalRequestConflict"),
}
ALWAYS_POSSIBLE = [Fault.RESET, Fault.LOSE_ANSWER, Fault.DELAY, Fault.ERROR_500, Fault.BUSY_503]


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request decides on its fault. `target` is path and query."""

    method: str
    target: str

    @property
    def faults(self) -> list[Fault]:
        """The faults that may meet such a request. Listings carry no checksum: never flipped."""
        if self.method == "PUT":
            return [*ALWAYS_POSSIBLE, *AFTER, Fault.CONFLICT_409]
        is_object = len(urlsplit(self.target).path.strip("/").split("/")) > 1
        damage = [Fault.CUT, Fault.FLIP] if is_object else [Fault.CUT]
        return [*ALWAYS_POSSIBLE, *(damage if self.method == "GET" else [])]


Chooser = Callable[[Request], Fault | None]


def script(*steps: tuple[str, Fault | None]) -> Chooser:
    """The next request of a step's method meets its fault; then none do."""
    left = list(steps)

    def choose(request: Request) -> Fault | None:
        for step in left:
            if step[0] == request.method:
                left.remove(step)
                return step[1]
        return None

    return choose


def at_random(seed: int, share: float) -> Chooser:
    """That share of the requests meets a fault, drawn with the seed."""
    rng = random.Random(seed)

    def choose(request: Request) -> Fault | None:
        return rng.choice(request.faults) if rng.random() < share else None

    return choose


def full(request: Request) -> Fault | None:
    """Every put is refused, as by a store without space."""
    return Fault.FULL_507 if request.method == "PUT" else None
