"""Alerting's worker over played producers, a clock that the test moves, records made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from services.alerting.alert_router import AlertRouter, OutputTopics
from services.alerting.publisher import BOUNDS, Bounds, Producers, Publisher
from services.alerting.rules import Rules
from services.alerting.worker import AlertingWorker, Clock
from services.reports.codec import Oversize, encoded
from services.reports.report import Citizen
from services.reports.topics import ORIGIN_OFFSET, ORIGIN_PARTITION
from services.stream.outgoing import Outgoing
from services.stream.reliable_producer import ReliableProducer
from services.stream.worker import Fetch, LogRange, Record
from tests.faults.samples import sound_report
from tests.stream.played_producer import PlayedProducer

GARBAGE = b"{ no report"


@dataclass(frozen=True, slots=True)
class PlayedRecord:
    offset: int
    value: bytes | None
    timestamp: int = 1_000
    key: bytes | None = b"drone-1"
    oversize: Oversize | None = None


def report_id(partition: int, offset: int) -> str:
    """So that an alert says which record it comes from."""
    return f"r-{partition}-{offset}"


def calm(partition: int, offset: int) -> PlayedRecord:
    """A report without alerts."""
    return PlayedRecord(offset, encoded(sound_report(report_id(partition, offset))))


def alarming(partition: int, offset: int, citizens: int = 1) -> PlayedRecord:
    """A report that raises so many alerts."""
    report = sound_report(report_id(partition, offset))
    agitated = tuple(Citizen(f"citizen-{number}", 0.0) for number in range(citizens))
    return PlayedRecord(offset, encoded(replace(report, citizens=agitated)))


def garbage(offset: int) -> PlayedRecord:
    """No report."""
    return PlayedRecord(offset, GARBAGE)


def fetch_of(partition: int, records: Sequence[Record], leader_epoch: int = 3) -> Fetch:
    """A fetch without holes at its begin and end."""
    begin, end = records[0].offset, records[-1].offset + 1
    return Fetch(partition, begin, records, end, leader_epoch=leader_epoch)


class Desk:
    """One member; `alerts` and `rejections` are the clients it publishes with."""

    def __init__(self, bounds: Bounds = BOUNDS, tick_seconds: float = 0.0) -> None:
        self.alerts = PlayedProducer()
        self.rejections = PlayedProducer()
        self.now_seconds = 100.0
        # So much time passes with each look at the clock.
        self.tick_seconds = tick_seconds
        clock = Clock(lambda: 5_000, self._look, self.move)
        producers = Producers(
            ReliableProducer(self.alerts, self._look),
            ReliableProducer(self.rejections, self._look),
        )
        router = AlertRouter(Rules(), OutputTopics("alerts", "rejected"))
        publisher = Publisher(producers, router, self._look, bounds)
        self.worker = AlertingWorker(publisher, "reports", clock)

    def start(self, *partitions: int) -> None:
        """Take over these partitions from offset 0 on."""
        for partition in partitions:
            self.worker.start_offset(partition, None, LogRange(0, 1_000))

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now_seconds += seconds

    def committed(self) -> dict[int, tuple[int, int]]:
        """Offset and leader epoch by partition of what a step a second later commits."""
        self.move(1.0)
        commits = self.worker.step().commits
        return {number: (c.offset, c.leader_epoch) for number, c in commits.items()}

    def _look(self) -> float:
        self.now_seconds += self.tick_seconds
        return self.now_seconds


def origin(rejection: Outgoing) -> tuple[int, int]:
    """Partition and offset of the rejected record."""
    headers = dict(rejection.headers)
    return int(headers[ORIGIN_PARTITION]), int(headers[ORIGIN_OFFSET])
