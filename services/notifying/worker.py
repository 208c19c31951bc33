"""The worker behind a channel's consumer loop: from records of `alerts` to notices, each once.

One notice at a time: its alerts are planned in the group's commit. Once that is acknowledged, the
next step delivers it; then it is committed as done. Whoever owns the partition after a kill finds
the plan and sends the very same notice, so that only what was under way goes twice, under the
same id.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

import structlog
from kafka.structs import OffsetAndMetadata

from services.notifying import metrics
from services.notifying.bookmark import metadata_of
from services.notifying.channel import Channel
from services.notifying.choosing import Allowance, allowance, next_alerts
from services.notifying.partition import PartitionAlerts
from services.notifying.publishing import WAIT_SECONDS, Publication, Publishing
from services.notifying.recent import REMEMBERED
from services.notifying.retrying import untried
from services.notifying.starting import TopicWatch, start_of
from services.notifying.windows import Windows
from services.stream.outgoing import Origin
from services.stream.worker import NO_EPOCH, Actions, Commits, Fetch, LogRange, NotNow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Settings:
    """The topic that is read, how long a window is, and the clock (milliseconds, epoch)."""

    topic: str
    window_ms: int
    now_ms: Callable[[], int]


@dataclass(slots=True)
class UnderWay:
    """A partition's planned notice; once delivered, what failed of it is on its way to Kafka."""

    partition: int
    is_committed: bool = False
    failed: Publication | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that is no alert, on its way to the undelivered."""

    partition: int
    offset: int
    publication: Publication


class NotifyingWorker:
    """Alerts to one channel; the group's commits are all that it remembers."""

    def __init__(
        self, channel: Channel, publishing: Publishing, watch: TopicWatch, settings: Settings
    ) -> None:
        self.channel = channel
        self.publishing = publishing
        self.watch = watch
        self.settings = settings
        self.partitions: dict[int, PartitionAlerts] = {}
        self.under_way: UnderWay | None = None
        self.aside: list[SetAside] = []
        self.sent_at_ms: deque[int] = deque(maxlen=channel.cap_per_minute or 0)

    # --- the consumer loop's calls ----------------------------------------------

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        """Some way before the first record that is not done, to know again what was read."""
        start = start_of(partition, committed, log_range, self.watch.topic_id())
        metrics.LOST.labels(self.channel.name).inc(start.lost)
        first = max(log_range.start, start.bookmark.offset - REMEMBERED)
        windows = Windows(self.settings.window_ms)
        alerts = PartitionAlerts(start.bookmark, first, windows)
        alerts.leader_epoch = committed.leader_epoch if committed else NO_EPOCH
        self.partitions[partition] = alerts
        return first

    def position(self, partition: int) -> int | None:
        """Where its next fetch must begin; None if the topic was made anew."""
        alerts = self.partitions.get(partition)
        return alerts.position if alerts else None

    def accept(self, fetch: Fetch) -> None:
        """Let its alerts wait until they are due; what is no alert goes to the undelivered."""
        alerts = self.partitions[fetch.partition]
        for record, reason in alerts.accept(fetch):
            origin = Origin(self.settings.topic, fetch.partition)
            publication = self.publishing.unreadable(origin, record, reason)
            self.aside.append(SetAside(fetch.partition, record.offset, publication))
        metrics.DUPLICATES.labels(self.channel.name).inc(alerts.counted_duplicates())

    def step(self) -> Actions:
        """Deliver what is planned and committed, or plan the next notice that is due."""
        self._drop_if_made_anew()
        self._deliver()
        self._collect(0)
        if self.under_way is None:
            self.under_way = self._next()
        self._measure()
        return Actions(
            commits=self._commits(self.partitions.keys()),
            paused=frozenset(p for p, alerts in self.partitions.items() if alerts.is_full),
            poll_immediately=self.under_way is not None and self.under_way.failed is None,
        )

    def on_committed(self, partitions: Set[int]) -> None:
        """Note that the plan is known: from now on our successor would send the same."""
        if self.under_way and self.under_way.partition in partitions:
            self.under_way.is_committed = True

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Forget what waits at and above this offset, and go on there."""
        forgotten = self.partitions[partition].cut(offset)
        log.error("the log lost its end", partition=partition, offset=offset, alerts=forgotten)
        self.aside = [
            one for one in self.aside if one.partition != partition or one.offset < offset
        ]
        if self.under_way and self.under_way.partition == partition and not self.under_way.failed:
            self.under_way = None

    def drain(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Commit what is done; what is planned and not sent the next owner sends."""
        self._collect(deadline_seconds)
        commits = self._commits(partitions)
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self.partitions = {p: a for p, a in self.partitions.items() if p not in partitions}
        self.aside = [one for one in self.aside if one.partition not in partitions]
        if self.under_way and self.under_way.partition in partitions:
            self.under_way = None

    def close(self) -> None:
        """Let go of the channel and of Kafka."""
        self.channel.close()
        self.publishing.close()
        self.watch.close()

    # --- one notice after the other -----------------------------------------------

    def _deliver(self) -> None:
        """Deliver the planned notice once its plan is acknowledged."""
        planned = self.under_way
        if planned is None or planned.failed or not planned.is_committed:
            return
        notice = self.partitions[planned.partition].notice()
        self.sent_at_ms.append(self.settings.now_ms())
        outcome = self.channel.deliver(notice)
        now_ms = self.settings.now_ms()
        metrics.count_outcome(self.channel.name, notice, outcome, now_ms)
        planned.failed = self.publishing.failed(untried(notice, now_ms), outcome, now_ms)
        self._collect(WAIT_SECONDS)

    def _next(self) -> UnderWay | None:
        """A notice that an owner before us planned, or else one of what is due."""
        now_ms = self.settings.now_ms()
        allowed = allowance(self.sent_at_ms, self.channel.cap_per_minute, now_ms)
        if not allowed.is_left():
            return None
        ready = {p: alerts for p, alerts in self.partitions.items() if alerts.is_caught_up}
        partition = next((p for p, alerts in ready.items() if alerts.resume()), None)
        if partition is None:
            partition = planned_first(ready, allowed, now_ms)
        return None if partition is None else UnderWay(partition)

    def _collect(self, wait_seconds: float) -> None:
        """Dispose of what was delivered and of what was set aside, once Kafka has it."""
        deadline = time.monotonic() + wait_seconds
        delivered = self.under_way
        if delivered and delivered.failed and delivered.failed.is_taken(wait_seconds):
            self.partitions[delivered.partition].dispose_planned()
            self.under_way = None
        aside, self.aside = self.aside, []
        for one in aside:
            if one.publication.is_taken(max(0.0, deadline - time.monotonic())):
                self.partitions[one.partition].dispose([one.offset])
            else:
                self.aside.append(one)

    def _commits(self, partitions: Set[int]) -> Commits:
        changed = {
            p: alerts
            for p, alerts in self.partitions.items()
            if p in partitions and alerts.is_caught_up and alerts.is_changed
        }
        for alerts in changed.values():
            alerts.is_changed = False
        return {p: commit_of(alerts) for p, alerts in changed.items()}

    def _drop_if_made_anew(self) -> None:
        """Drop the partitions of a topic that is gone: another one bears its name."""
        if not self.watch.is_due():
            return
        try:
            topic_id = self.watch.topic_id()
        except NotNow as error:
            log.debug("topic unknown, going on", cause=str(error))
            return
        gone = {p: a for p, a in self.partitions.items() if a.begun.topic_id != topic_id}
        if gone:
            waiting = sum(len(alerts.waiting) for alerts in gone.values())
            log.warning("the topic was made anew, what waited went with it", alerts=waiting)
            self.drop(gone.keys())

    def _measure(self) -> None:
        partitions = self.partitions.values()
        first_due_ms = min((at for a in partitions if (at := a.due_ms()) is not None), default=None)
        now_ms = self.settings.now_ms()
        overdue_ms = max(0, now_ms - (now_ms if first_due_ms is None else first_due_ms))
        metrics.OVERDUE_SECONDS.labels(self.channel.name).set(overdue_ms / 1000)
        metrics.WAITING.labels(self.channel.name).set(sum(len(a.waiting) for a in partitions))


def planned_first(
    ready: Mapping[int, PartitionAlerts], allowed: Allowance, now_ms: int
) -> int | None:
    """The partition whose alerts are due first, their notice planned; None if none are due."""
    due_ms = {p: at for p, alerts in ready.items() if (at := alerts.due_ms()) is not None}
    are_due = [p for p, at in due_ms.items() if at <= now_ms or ready[p].is_full]
    first = min(are_due, key=due_ms.__getitem__, default=None)
    if first is None:
        return None
    due = ready[first].due(now_ms)
    is_crowded = ready[first].is_full or allowed.is_crowded(len(due))
    ready[first].plan(one.offset for one in next_alerts(due, is_crowded))
    return first


def commit_of(alerts: PartitionAlerts) -> OffsetAndMetadata:
    """What the group is to know of a partition."""
    bookmark = alerts.bookmark()
    return OffsetAndMetadata(bookmark.offset, metadata_of(bookmark), alerts.leader_epoch)
