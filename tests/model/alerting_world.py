"""Loops, listeners and alerting's workers, as they are, on a played Kafka."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal
from unittest import mock

from kafka.structs import OffsetAndMetadata
from msgspec.structs import replace

from services.alerting import publisher
from services.alerting.alert_router import AlertRouter, OutputTopics
from services.alerting.publisher import Bounds, InFlightBound, Producers, Publisher
from services.alerting.rules import Rules, alerts_in
from services.alerting.worker import AlertingWorker
from services.alerting.worker import Clock as WorkerClock
from services.reports.codec import Rejection, encoded, judged
from services.reports.report import Citizen
from services.stream.reliable_producer import ReliableProducer
from tests.faults.samples import sound_report
from tests.model.played_client import PlayedClient, Published, SendAnswer
from tests.model.played_consumer import TOPIC, PlayedConsumer
from tests.model.played_kafka import Entry
from tests.model.quiet import quiet
from tests.model.stage import Member, Stage

Kind = Literal["alarming", "calm", "garbage", "hole"]

GROUPS = (0, 0)
OUTPUT = OutputTopics("alerts", "rejected")
# So small that a few records reach them.
SMALL = {"PORTION_RECORDS": 2, "PORTION_BYTES": 3_000}
BOUNDS = Bounds(InFlightBound(4, 20_000), InFlightBound(2, 5_000), backlog_bytes=2_000)
ALERTS_A_REPORT = 3


class MissingAlertError(AssertionError):
    """A promise of alerting's is broken; str() says which, and where."""


class AlertingWorld(Stage):
    """One group of two members, and whatever may happen to them."""

    def __init__(self) -> None:
        super().__init__(GROUPS)
        self.published = Published()
        self.values = 0
        self.due: dict[bytes, frozenset[bytes]] = {}
        self.members = [self.hire(group) for group in GROUPS]

    def hire(self, number: int) -> Member:
        """Start a process of alerting."""
        group = self.kafka.groups[number]
        consumer = PlayedConsumer(self.kafka, group)
        client = PlayedClient(self.published, self.clock)
        producers = Producers(
            ReliableProducer(client, self.clock.monotonic),
            ReliableProducer(client, self.clock.monotonic),
        )
        router = AlertRouter(Rules(), OUTPUT)
        outlet = Publisher(producers, router, self.clock.monotonic, BOUNDS)
        clock = WorkerClock(self.clock.now_ms, self.clock.monotonic, client.wait)
        worker = AlertingWorker(outlet, TOPIC, clock)
        return Member(group, consumer, worker, self.begun(consumer, worker), client)

    def value(self, kind: Kind) -> bytes | None:
        """A report or garbage, unlike any other."""
        self.values += 1
        if kind == "hole":
            return None
        if kind == "garbage":
            return f"garbage {self.values}".encode()
        angry = ALERTS_A_REPORT if kind == "alarming" else 0
        citizens = tuple(Citizen(f"citizen {n}", 0.0) for n in range(angry))
        report = sound_report(f"report {self.values}", score=0.9, code="0")
        return encoded(replace(report, citizens=citizens))

    def answer_sends(self, answers: Sequence[SendAnswer]) -> None:
        """The next records that are sent are taken so."""
        self.published.answers = deque(answers)

    # --- what came of it ------------------------------------------------------

    def look(self) -> None:
        """MissingAlertError unless what lies below each commit has been published."""
        sent = {record.value for record in self.published.records}
        for group in self.kafka.groups:
            for partition, commit in group.commits:
                self._look_at_commit(partition, commit, sent)
            group.commits.clear()

    def _look_at_commit(
        self, partition: int, commit: OffsetAndMetadata, sent: set[bytes | None]
    ) -> None:
        """Records of a leader epoch that the commit does not know are found again: a cut."""
        log = self.log(partition)
        below = log.entries[log.start : commit.offset]
        is_known = [not log.cut_off or entry.epoch <= commit.leader_epoch for entry in below]
        self._look_at([e for e, known in zip(below, is_known, strict=True) if known], sent)

    def _look_at(self, entries: Sequence[Entry], sent: set[bytes | None]) -> None:
        for entry in entries:
            if not self._due(entry.value) <= sent:
                raise MissingAlertError(f"nothing was published of {entry}")

    def _due(self, value: bytes | None) -> frozenset[bytes]:
        """The alerts that a record calls for, or itself if it is no report."""
        if value is None:
            return frozenset()
        if value not in self.due:
            content = judged(Entry(0, 0, value, 0))
            is_report = not isinstance(content, Rejection)
            alerts = map(encoded, alerts_in(content, Rules())) if is_report else [value]
            self.due[value] = frozenset(alerts)
        return self.due[value]

    def heal(self) -> None:
        """Nothing fails any more, until all is committed; MissingAlertError if it never is."""
        self.answer_sends(())
        self.mend(["alarming", "garbage"])
        if stuck := self.settle(self._is_done):
            raise MissingAlertError(f"partitions {stuck} are stuck")
        sent = {record.value for record in self.published.records}
        for log in self.kafka.topic.logs:
            self._look_at(log.entries[log.start :], sent)

    def _is_done(self, partition: int) -> bool:
        commit = self.kafka.groups[0].committed.get(partition)
        last = self.log(partition).entries[-1]
        return commit is not None and (commit.offset, commit.leader_epoch) == (
            last.offset + 1,
            last.epoch,
        )


@contextmanager
def played() -> Iterator[None]:
    """Small portions, and no log lines."""
    with quiet(), mock.patch.multiple(publisher, **SMALL):
        yield
