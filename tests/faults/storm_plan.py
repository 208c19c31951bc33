"""The seeded plan of a storm: which faults meet the platform, and in which order. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Literal

Component = Literal["archiving", "alerting"]
COMPONENTS: tuple[Component, ...] = ("archiving", "alerting")


class Kind(Enum):
    """The value says what is done, as the printed plan shows it."""

    KILL_WORKER = "kill -9 of a worker"
    STOP_WORKER = "SIGTERM to a worker"
    ADD_WORKER = "one more worker"
    FREEZE_WORKER = "SIGSTOP of a worker"
    KILL_KAFKA = "kill -9 of Kafka"
    FILL_KAFKA = "full disk of Kafka"
    KILL_STORE = "kill -9 of MinIO"
    FILL_STORE = "full disk of MinIO"


OF_WORKERS = {Kind.KILL_WORKER, Kind.STOP_WORKER, Kind.ADD_WORKER, Kind.FREEZE_WORKER}


@dataclass(frozen=True, slots=True)
class StormFault:
    """One fault. It begins pause_seconds after the groups got on, and lasts for `seconds`.

    `draw` seeds the choice of the worker; only faults of workers use it and `component`.
    """

    kind: Kind
    component: Component
    seconds: float
    pause_seconds: float
    draw: int

    def __str__(self) -> str:
        of = f" of {self.component}" if self.kind in OF_WORKERS else ""
        lasting = f", {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.kind.value}{of}{lasting}"


Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class StormSize:
    """How many faults of each kind, and how much flows at least.

    `share` of the requests to the store meet a fault of tests.faults.s3_faults besides.
    """

    counts: Mapping[Kind, int]
    reports: int
    rate: int
    freeze_seconds: Range
    outage_seconds: Range
    pause_seconds: Range
    share: float
    disk_mebibytes: int


QUICK = StormSize(
    counts={
        Kind.KILL_WORKER: 1,
        Kind.FREEZE_WORKER: 1,
        Kind.KILL_KAFKA: 1,
        Kind.KILL_STORE: 1,
        Kind.FILL_STORE: 1,
    },
    reports=3_000,
    rate=300,
    freeze_seconds=(3, 5),
    outage_seconds=(0, 1),
    pause_seconds=(0, 0.5),
    share=0.05,
    disk_mebibytes=256,
)
LONG = StormSize(
    counts={
        Kind.KILL_WORKER: 34,
        Kind.STOP_WORKER: 14,
        Kind.ADD_WORKER: 10,
        Kind.FREEZE_WORKER: 16,
        Kind.KILL_KAFKA: 8,
        Kind.FILL_KAFKA: 4,
        Kind.KILL_STORE: 8,
        Kind.FILL_STORE: 6,
    },
    reports=500_000,
    rate=1_000,
    freeze_seconds=(20, 60),
    outage_seconds=(0, 4),
    pause_seconds=(0, 1.5),
    share=0.05,
    disk_mebibytes=2_048,
)


def planned(seed: int, size: StormSize) -> list[StormFault]:
    """The faults in their order; the same seed and size give the same ones."""
    rng = Random(seed)
    kinds = [kind for kind, count in size.counts.items() for _ in range(count)]
    rng.shuffle(kinds)
    return [_drawn(kind, size, rng) for kind in kinds]


def _drawn(kind: Kind, size: StormSize, rng: Random) -> StormFault:
    lasting = size.freeze_seconds if kind is Kind.FREEZE_WORKER else size.outage_seconds
    is_moment = kind in OF_WORKERS - {Kind.FREEZE_WORKER}
    return StormFault(
        kind=kind,
        component=rng.choice(COMPONENTS),
        seconds=0.0 if is_moment else rng.uniform(*lasting),
        pause_seconds=rng.uniform(*size.pause_seconds),
        draw=rng.randrange(2**32),
    )
