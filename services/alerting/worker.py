"""The worker behind alerting's consumer loop: alerts at once, rejections when there is time."""

import time
from collections.abc import Callable, Collection, Set
from dataclasses import dataclass

import structlog
from kafka.structs import OffsetAndMetadata

from services.alerting.publisher import Publisher, resend_failed
from services.alerting.report_partition import ReportPartition
from services.runtime.clock import now_ms
from services.stream.group_start import group_start
from services.stream.outgoing import Origin
from services.stream.worker import Actions, Commits, Fetch, LogRange, epoch_before

COMMIT_EVERY_SECONDS = 1.0
DRAIN_LOOK_SECONDS = 0.01

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock in ms since the epoch, one that only goes forward, and waiting for it."""

    now_ms: Callable[[], int] = now_ms
    monotonic_seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


SYSTEM_CLOCK = Clock()


class AlertingWorker:
    """Reports to alerts; at least once, as a commit follows the acknowledgement."""

    def __init__(self, publisher: Publisher, topic: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self.publisher = publisher
        self.topic = topic
        self.clock = clock
        self.partitions: dict[int, ReportPartition] = {}
        self.committed_at_seconds = clock.monotonic_seconds()

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log: LogRange
    ) -> int:
        """Begin where the group left off, or at the log's start."""
        start = group_start(partition, committed, log)
        epoch = epoch_before(start, committed)
        self.partitions[partition] = ReportPartition(Origin(self.topic, partition), start, epoch)
        return start

    def position(self, partition: int) -> int | None:
        """The end of the last fetch that was accepted."""
        known = self.partitions.get(partition)
        return known.position if known else None

    def accept(self, fetch: Fetch) -> None:
        """Take over the fetch and publish its alerts; if they are many, the first ones."""
        partition = self.partitions[fetch.partition]
        partition.accept(fetch, self.publisher.router, self.clock.now_ms)
        if not self.publisher.is_full_of_alerts(self.partitions.values()):
            self.publisher.publish_first_alerts(partition, self.clock.now_ms())

    def step(self) -> Actions:
        """Send again what failed, then the alerts that are left, then rejections for a while."""
        partitions = self.partitions.values()
        self._advance(partitions)
        return Actions(
            commits=self._due_commits(),
            paused=self.publisher.paused(partitions),
            poll_immediately=self.publisher.may_go_on(partitions),
        )

    def on_committed(self, partitions: Set[int]) -> None:
        """Nothing waits for a commit."""

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Go on where the log was cut; an alert that is raised again has the same id."""
        log.error("the log was cut, alerting goes on there", partition=partition, offset=offset)
        if known := self.partitions.get(partition):
            known.cut(offset)

    def drain(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Publish what was read; the next owner does again what is not acknowledged in time."""
        drained = {n: known for n, known in self.partitions.items() if n in partitions}
        deadline = self.clock.monotonic_seconds() + deadline_seconds
        self._advance(drained.values())
        while not all(known.is_done() for known in drained.values()):
            if self.clock.monotonic_seconds() >= deadline:
                log.warning("not acknowledged in time, the next owner sends it again")
                break
            if not self.publisher.may_go_on(drained.values()):
                self.clock.sleep(DRAIN_LOOK_SECONDS)
            self._advance(drained.values())
        commits = commits_of(drained.values())
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        for partition in partitions:
            self.partitions.pop(partition, None)

    def close(self) -> None:
        """Close the producers."""
        self.publisher.close()

    def _advance(self, partitions: Collection[ReportPartition]) -> None:
        resend_failed(partitions)
        self.publisher.publish_alerts(partitions, self.clock.now_ms())
        self.publisher.publish_rejections(partitions)

    def _due_commits(self) -> Commits:
        now_seconds = self.clock.monotonic_seconds()
        if now_seconds - self.committed_at_seconds < COMMIT_EVERY_SECONDS:
            return {}
        self.committed_at_seconds = now_seconds
        return commits_of(self.partitions.values())


def commits_of(partitions: Collection[ReportPartition]) -> Commits:
    """What is to be committed of each partition, handed out once."""
    commits = {p.origin.partition: p.take_commit() for p in partitions}
    return {number: commit for number, commit in commits.items() if commit}
