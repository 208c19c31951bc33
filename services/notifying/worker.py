"""The worker behind a channel's consumer loop: from records of `alerts` to notices, each once.

One notice at a time: its alerts are planned in the group's commit. Once that is acknowledged, the
next step delivers it; then it is committed as done. Whoever owns the partition after a kill finds
the plan and sends the very same notice, so that only what was under way goes twice, under the
same id.

What is decided stands in services.notifying.partition; here it is carried out.
"""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import structlog
from kafka.structs import OffsetAndMetadata

from services.notifying import metrics
from services.notifying.backlog import Backlog
from services.notifying.bookmark import Layout
from services.notifying.broker_clock import BrokerClock
from services.notifying.channel import Channel
from services.notifying.choosing import Allowance, allowance, next_alerts
from services.notifying.copies import SLACK_MS, Copies
from services.notifying.deduplication import REMEMBERED
from services.notifying.intake import Intake, Now, SetAside
from services.notifying.partition import UNDER_WAY, PartitionAlerts, Phase
from services.notifying.publishing import WAIT_SECONDS, Publishing
from services.notifying.retrying import untried
from services.notifying.starting import TopicWatch, layout_of, start_of
from services.notifying.windows import Windows
from services.stream.identity import TopicDescription
from services.stream.outgoing import Origin
from services.stream.reliable_producer import Publication
from services.stream.worker import NO_EPOCH, Actions, Commits, Fetch, LogRange, NotNow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Settings:
    """The topic that is read, how long a window is, and the clocks."""

    topic: str
    window_ms: int
    clock: BrokerClock


@dataclass(frozen=True, slots=True)
class TopicKnowledge:
    """What is known of the topic beyond the partitions that are owned."""

    watch: TopicWatch
    copies: Copies

    def close(self) -> None:
        """Close the connections."""
        self.watch.close()
        self.copies.close()


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A record that is no alert, on its way to the undelivered."""

    partition: int
    offset: int
    publication: Publication


class NotifyingWorker:
    """Alerts to one channel; the group's commits and the topic are all that it remembers."""

    def __init__(
        self, channel: Channel, publishing: Publishing, topic: TopicKnowledge, settings: Settings
    ) -> None:
        self.channel = channel
        self.publishing = publishing
        self.topic = topic
        self.settings = settings
        self.partitions: dict[int, PartitionAlerts] = {}
        # What failed of the notice under way, once it is delivered.
        self.failed: Publication | None = None
        self.aside: list[OnItsWay] = []
        self.sent_at_ms: deque[int] = deque(maxlen=channel.cap_per_minute or 0)
        self.has_said_unchecked = False

    # --- the consumer loop's calls ----------------------------------------------

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        """Some way before the first record that is not done, to know again what was read."""
        found = self.topic.watch.ask()
        self._heed(found)
        start = start_of(partition, committed, log_range, found.topic_id)
        metrics.LOST.labels(self.channel.name).inc(start.lost)
        begun = start.bookmark
        layout = layout_of(begun.layout, found.partitions, self.settings.clock.now_ms())
        windows = Windows(self.settings.window_ms)
        intake = Intake(partition, begun, layout, windows, Backlog())
        first = max(log_range.start, begun.offset - REMEMBERED)
        epoch = committed.leader_epoch if committed else NO_EPOCH
        self.partitions[partition] = PartitionAlerts(intake, first, leader_epoch=epoch)
        return first

    def position(self, partition: int) -> int | None:
        """Where its next fetch must begin; None if the topic was made anew."""
        alerts = self.partitions.get(partition)
        return alerts.position if alerts else None

    def accept(self, fetch: Fetch) -> None:
        """Let its alerts wait until they are due; what is no alert goes to the undelivered."""
        clock, alerts = self.settings.clock, self.partitions[fetch.partition]
        for record in fetch.records:
            clock.note(record.timestamp)
        for command in alerts.accept(fetch, clock.monotonic_ms()):
            self._set_aside(fetch.partition, command)
        alerts.decide(self._now())

    def step(self) -> Actions:
        """Deliver what is planned and committed, or plan the next notice that is due."""
        self._ask_for_topic()
        self._read_copies()
        self._deliver()
        self._collect(0)
        if self._under_way() is None:
            self._plan_next()
        self._measure()
        under_way = self._under_way()
        return Actions(
            commits=self._commits(self.partitions.keys()),
            paused=frozenset(p for p, alerts in self.partitions.items() if alerts.is_full),
            poll_immediately=under_way is not None and under_way.phase is not Phase.DELIVERED,
        )

    def on_committed(self, partitions: Set[int]) -> None:
        """Note that a plan is known: from now on our successor would send the same."""
        for partition in partitions & self.partitions.keys():
            self.partitions[partition].acknowledge()

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Forget what waits at and above this offset, and go on there."""
        forgotten = self.partitions[partition].cut(offset)
        log.error("the log lost its end", partition=partition, offset=offset, alerts=forgotten)
        self.aside = [o for o in self.aside if o.partition != partition or o.offset < offset]
        # What is gone is no copy of what comes.
        self.topic.copies.forget()

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
        if self._under_way() is None:
            self.failed = None

    def close(self) -> None:
        """Close the channel and the connections to Kafka."""
        self.channel.close()
        self.publishing.close()
        self.topic.close()

    # --- the topic ----------------------------------------------------------------

    def _now(self) -> Now:
        broker_ms = self.settings.clock.now_ms()
        return Now(broker_ms, self.topic.watch.asked_ms, self.topic.copies)

    def _ask_for_topic(self) -> None:
        """Ask whether it is still the same topic, as large as before."""
        if not self.topic.watch.is_due(self._awaited_since_ms()):
            return
        try:
            found = self.topic.watch.ask()
        except NotNow as error:
            log.debug("topic unknown, going on", cause=str(error))
            return
        self._heed(found)

    def _heed(self, found: TopicDescription) -> None:
        """Drop the partitions of a topic that is gone, and note a growth in all others."""
        self._drop_others(found.topic_id)
        now_ms = self.settings.clock.now_ms()
        for alerts in self.partitions.values():
            alerts.grow(layout_of(alerts.intake.layout, found.partitions, now_ms))

    def _awaited_since_ms(self) -> int | None:
        """Since when (monotonic) alerts wait for a decision; None if none do."""
        firsts = (alerts.undecided_since_ms() for alerts in self.partitions.values())
        return min((at for at in firsts if at is not None), default=None)

    def _drop_others(self, topic_id: str) -> None:
        gone = {p: a for p, a in self.partitions.items() if a.begun.topic_id != topic_id}
        if gone:
            waiting = sum(len(alerts.backlog.waiting) for alerts in gone.values())
            log.warning("the topic was made anew, what waited went with it", alerts=waiting)
            self.drop(gone.keys())
            self.topic.copies.forget()

    def _read_copies(self) -> None:
        """Read all partitions while a growth makes it necessary; decide what is known by it."""
        now_ms = self.settings.clock.now_ms()
        layouts = [a.intake.layout for a in self.partitions.values() if a.intake.is_grown(now_ms)]
        if layouts:
            self.topic.copies.read_until(*needed(layouts))
            self.topic.copies.read_on(self._awaited_since_ms())
        elif self.topic.copies.partitions:
            self.topic.copies.forget()
        for alerts in self.partitions.values():
            alerts.decide(self._now())
            self._count(alerts)

    # --- one notice after the other -----------------------------------------------

    def _under_way(self) -> PartitionAlerts | None:
        """The partition whose notice is planned or delivered, and not done."""
        return next((a for a in self.partitions.values() if a.phase in UNDER_WAY), None)

    def _plan_next(self) -> None:
        """Plan a notice that an owner before us planned, or else one of what is due."""
        now_ms = self.settings.clock.monotonic_ms()
        allowed = allowance(self.sent_at_ms, self.channel.cap_per_minute, now_ms)
        if not allowed.is_left():
            return
        ready = {p: a for p, a in self.partitions.items() if a.phase is Phase.IDLE}
        if not any(alerts.resume() for alerts in ready.values()):
            plan_first(ready, allowed, self.settings.clock.now_ms())

    def _deliver(self) -> None:
        """Deliver the planned notice once its plan is acknowledged."""
        alerts, clock = self._under_way(), self.settings.clock
        command = alerts.next_command() if alerts else None
        if alerts is None or command is None:
            return
        self.sent_at_ms.append(clock.monotonic_ms())
        outcome = self.channel.deliver(command.notice)
        now_ms = clock.wall_ms()
        metrics.count_outcome(self.channel.name, command.notice, outcome, now_ms)
        self.failed = self.publishing.failed(untried(command.notice, now_ms), outcome, now_ms)
        alerts.delivered()
        self._collect(WAIT_SECONDS)

    def _set_aside(self, partition: int, command: SetAside) -> None:
        origin = Origin(self.settings.topic, partition)
        publication = self.publishing.unreadable(origin, command.record, command.reason)
        self.aside.append(OnItsWay(partition, command.record.offset, publication))

    def _collect(self, wait_seconds: float) -> None:
        """Dispose of what was delivered and of what was set aside, once Kafka has it."""
        deadline = time.monotonic() + wait_seconds
        alerts = self._under_way()
        if alerts and self.failed and self.failed.wait(wait_seconds):
            alerts.dispose_planned()
            self.failed = None
        aside, self.aside = self.aside, []
        for one in aside:
            if one.publication.wait(max(0.0, deadline - time.monotonic())):
                self.partitions[one.partition].dispose([one.offset])
            else:
                self.aside.append(one)

    def _commits(self, partitions: Set[int]) -> Commits:
        owned = {p: alerts for p, alerts in self.partitions.items() if p in partitions}
        commits = {p: alerts.commit() for p, alerts in owned.items()}
        return {p: commit for p, commit in commits.items() if commit is not None}

    # --- metrics ------------------------------------------------------------------

    def _count(self, alerts: PartitionAlerts) -> None:
        counts = alerts.take_counts()
        metrics.DUPLICATES.labels(self.channel.name).inc(counts.duplicates)
        metrics.UNCHECKED.labels(self.channel.name).inc(counts.unchecked)
        if counts.unchecked and not self.has_said_unchecked:
            log.error("alerts are older than what is remembered: people may have them already")
            self.has_said_unchecked = True

    def _measure(self) -> None:
        partitions, now_ms = self.partitions.values(), self.settings.clock.now_ms()
        first_due_ms = min(
            (at for a in partitions if (at := a.backlog.due_ms()) is not None), default=now_ms
        )
        metrics.OVERDUE_SECONDS.labels(self.channel.name).set(max(0, now_ms - first_due_ms) / 1000)
        waiting = sum(len(a.backlog.waiting) + len(a.backlog.undecided) for a in partitions)
        metrics.WAITING.labels(self.channel.name).set(waiting)


def needed(layouts: Iterable[Layout]) -> tuple[int, int]:
    """How many partitions to read for copies, and up to which arrival."""
    found = list(layouts)
    until_ms = max(layout.grown_at_ms for layout in found) + SLACK_MS
    return max(layout.partitions for layout in found), until_ms


def plan_first(ready: Mapping[int, PartitionAlerts], allowed: Allowance, now_ms: int) -> None:
    """Plan the notice of the partition whose alerts are due first, if any are."""
    due_ms = {p: at for p, alerts in ready.items() if (at := alerts.backlog.due_ms()) is not None}
    are_due = [p for p, at in due_ms.items() if at <= now_ms or ready[p].is_full]
    first = min(are_due, key=due_ms.__getitem__, default=None)
    if first is None:
        return
    due = ready[first].due(now_ms)
    if not due:
        return
    is_crowded = ready[first].is_full or allowed.is_crowded(len(due))
    ready[first].plan(one.offset for one in next_alerts(due, is_crowded))
