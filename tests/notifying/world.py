"""A model of Kafka, of the consumer loop and of people: whatever may happen to notifying's worker.

Kafka's parts are the log, the group's commits, and the topics that failures go to; the worker is
the product's. A turn is one of services.stream.loop, with a fault in any of its places.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import msgspec
from kafka.structs import OffsetAndMetadata
from msgspec.structs import replace

from services.notifying.bookmark import Bookmark, Layout, metadata_of
from services.notifying.broker_clock import BrokerClock
from services.notifying.copies import Copies, partition_of
from services.notifying.notice import Notice
from services.notifying.publishing import Addresses, Publishing
from services.notifying.retrying import Terms
from services.notifying.starting import TopicWatch
from services.notifying.worker import NotifyingWorker, Settings, TopicKnowledge
from services.reports.codec import encoded
from services.stream.identity import TopicDescription
from services.stream.reliable_producer import ReliableProducer
from services.stream.worker import Fetch, LogRange
from tests.notifying.played import Fault, KilledError, People, Reader, Sender
from tests.notifying.samples import alert

POLL_RECORDS = 3
WINDOW_MS = 1_000
DRONES = 7
# For so long a producer may not know of new partitions.
STALE_MS = 60_000

Leaving = Literal["drained", "commit lost", "lost"]


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record of `alerts`."""

    offset: int
    timestamp: int
    value: bytes
    key: bytes = b"drone"
    headers: tuple[tuple[str, bytes], ...] = ()
    oversize: None = None


@dataclass(slots=True)
class Source:
    """Which topic it is, and how many partitions it has."""

    world: "World"

    def described(self) -> TopicDescription:
        return TopicDescription(self.world.topic_id, len(self.world.log))

    def close(self) -> None:
        pass


@dataclass(slots=True)
class Member:
    """A worker, and what its loop keeps."""

    world: "World"
    people: People
    worker: NotifyingWorker
    owned: set[int] = field(default_factory=set)
    paused: frozenset[int] = frozenset()
    uncommitted: dict[int, OffsetAndMetadata] = field(default_factory=dict)

    def turn(self, fault: Fault) -> None:
        """As ConsumerLoop does it."""
        self._poll()
        for partition in sorted(self.owned):
            if self.worker.position(partition) is None:
                self._start(partition)
        self.people.fault = fault
        actions = self.worker.step()
        if fault == "kill before commit":
            raise KilledError
        self.paused = frozenset(actions.paused)
        self.uncommitted |= actions.commits
        self._commit(fault)

    def _start(self, partition: int) -> None:
        log_range = LogRange(0, len(self.world.log[partition]))
        committed = self.world.committed.get(partition)
        begin = self.worker.start_offset(partition, committed, log_range)
        assert self.worker.position(partition) == begin

    def _poll(self) -> None:
        for partition in sorted(self.owned - self.paused):
            position = self.worker.position(partition)
            if position is None:
                continue
            records = self.world.log[partition][position : position + POLL_RECORDS]
            if records:
                self.worker.accept(Fetch(partition, position, records, records[-1].offset + 1))

    def _commit(self, fault: Fault) -> None:
        if not self.uncommitted or fault == "commit lost":
            return
        self.world.commit(self.uncommitted)
        if fault == "commit unheard":
            return
        if fault == "kill after commit":
            raise KilledError
        partitions = set(self.uncommitted)
        self.uncommitted = {}
        self.worker.on_committed(partitions)
        if fault == "kill before done":
            raise KilledError

    def leave(self, partition: int, how: Leaving) -> None:
        """The partition is revoked, or lost."""
        self.owned.discard(partition)
        left = {p: c for p, c in self.uncommitted.items() if p == partition}
        self.uncommitted = {p: c for p, c in self.uncommitted.items() if p != partition}
        if how == "lost":
            self.worker.drop({partition})
            return
        drained = self.worker.drain({partition}, 0.0)
        if how == "drained":
            self.world.commit(left | dict(drained))


@dataclass(slots=True)
class World:
    """Some partitions, and two members that share them."""

    cap_per_minute: int | None = None
    partitions: int = 2
    topic_id: str = "a" * 32
    now_ms: int = 1_000_000
    # What the notifiers' clocks show beyond the brokers' time.
    clock_off_ms: int = 0
    takes_records: bool = True
    # By notice: how often a member ended, or lost its partition, after this one.
    interrupted: Counter[str | None] = field(default_factory=Counter)
    log: list[list[LogRecord]] = field(default_factory=list)
    committed: dict[int, OffsetAndMetadata] = field(default_factory=dict)
    asked: list[Notice] = field(default_factory=list)
    taken: list[Notice] = field(default_factory=list)
    published: list[tuple[str, bytes]] = field(default_factory=list)
    garbage: int = 0
    members: list[Member] = field(default_factory=list)
    owner: dict[int, int] = field(default_factory=dict)
    # By producer: how many partitions it knows.
    known_partitions: list[int] = field(default_factory=list)
    grown_at_ms: int = 0
    # By number of the alert: the partitions it was published in.
    published_in: dict[int, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = [[] for _ in range(self.partitions)]
        self.known_partitions = [self.partitions] * 2
        self.members = [self._member(), self._member()]
        for partition in range(self.partitions):
            self.owner[partition] = partition % 2
            self.members[partition % 2].owned.add(partition)

    def _member(self) -> Member:
        people = People(self, self.cap_per_minute)
        addresses = Addresses("email", "retry", "undelivered")
        sender = ReliableProducer(Sender(self), lambda: 0.0)
        publishing = Publishing(sender, addresses, Terms(people.recipients), lambda: 0.0)
        clock = BrokerClock(lambda: self.now_ms + self.clock_off_ms, lambda: self.now_ms)
        copies = Copies(Reader(self), clock, lambda: self.now_ms)
        known = TopicKnowledge(TopicWatch(Source(self), lambda: self.now_ms), copies)
        settings = Settings("alerts", WINDOW_MS, clock)
        return Member(self, people, NotifyingWorker(people, publishing, known, settings))

    # --- what happens -------------------------------------------------------------

    def append(self, partition: int, number: int, subject: int) -> None:
        """An alert; of the same number the same one, so that it may come twice."""
        content = replace(alert(f"r-{partition}-{number}"), subject=f"subject-{subject}")
        self.append_value(partition, encoded(content))

    def publish(self, producer: int, number: int) -> None:
        """Publish the alert of this number, where this producer believes its drone's to be.

        A producer that does not know of a growth yet may do so. But it repeats nothing that was
        published elsewhere since, before the members know of it. Nor do copies arrive in the same
        millisecond: no clock says which one was first (services.notifying.copies).
        """
        self.now_ms += number in self.published_in
        drone = f"drone-{number % DRONES}"
        if self.now_ms > self.grown_at_ms + STALE_MS or self._is_unknown_copy(number):
            self.known_partitions[producer] = len(self.log)
        partition = partition_of(drone.encode(), self.known_partitions[producer])
        self.published_in.setdefault(number, set()).add(partition)
        content = replace(alert(f"r-{number}"), drone_id=drone, subject=f"subject-{number % 3}")
        self.append_value(partition, encoded(content), drone.encode())

    def _is_unknown_copy(self, number: int) -> bool:
        partition = partition_of(f"drone-{number % DRONES}".encode(), len(self.log))
        layouts = (a.intake.layout for m in self.members for a in m.worker.partitions.values())
        is_known = all(layout.partitions == len(self.log) for layout in layouts)
        return partition in self.published_in.get(number, set()) and not is_known

    def grow(self) -> None:
        """The topic gets one more partition; producers learn of it later."""
        self.now_ms += 1
        self.grown_at_ms = self.now_ms
        self.owner[len(self.log)] = len(self.log) % 2
        self.members[len(self.log) % 2].owned.add(len(self.log))
        self.log.append([])

    def know_layout(self) -> None:
        """The group's commits say how many partitions there are."""
        for partition, log in enumerate(self.log):
            known = Bookmark(self.topic_id, 0, layout=Layout(len(self.log)))
            self.committed[partition] = OffsetAndMetadata(0, metadata_of(known), -1)
            assert not log

    def append_garbage(self, partition: int) -> None:
        """No alert, and no other record has these bytes."""
        self.garbage += 1
        self.append_value(partition, f"garbage {self.garbage}".encode())

    def append_value(self, partition: int, value: bytes, key: bytes = b"drone") -> None:
        """Any record, arriving now."""
        log = self.log[partition]
        log.append(LogRecord(len(log), self.now_ms, value, key))

    def turn(self, index: int, fault: Fault = "none") -> None:
        """One turn of a member's; a member that is killed is followed by another."""
        try:
            self.members[index].turn(fault)
        except KilledError:
            self.interrupted[self.members[index].people.last] += 1
            self.members[index] = self._member()
            self.members[index].owned = {p for p, at in self.owner.items() if at == index}

    def move(self, partition: int, how: Leaving) -> None:
        """The other member gets the partition."""
        member = self.members[self.owner[partition]]
        # A failed delivery that Kafka does not take in time is tried once more by the next owner.
        self.interrupted[member.people.last] += how != "drained" or not self.takes_records
        member.leave(partition, how)
        self.owner[partition] = 1 - self.owner[partition]
        self.members[self.owner[partition]].owned.add(partition)

    def pass_ms(self, duration_ms: int) -> None:
        """Time passes."""
        self.now_ms += duration_ms

    def take_records(self, takes: bool) -> None:
        """Whether Kafka acknowledges what is published."""
        self.takes_records = takes

    def commit(self, commits: dict[int, OffsetAndMetadata]) -> None:
        """The group's commits stand; Kafka would refuse metadata that is longer."""
        assert all(len(commit.metadata.encode()) <= 4096 for commit in commits.values())
        self.committed |= commits

    def rest(self) -> None:
        """Nothing fails any more, and time passes, until nothing is left to do."""
        self.takes_records = True
        for _ in range(200):
            self.now_ms += 10_000
            for index in range(2):
                self.turn(index)
            if self.is_done():
                return
        raise AssertionError("it never ends")

    def is_done(self) -> bool:
        """Whether all is committed."""
        return all(
            (commit := self.committed.get(p)) is not None and commit.offset == len(log)
            for p, log in enumerate(self.log)
            if log
        )

    # --- what the played parts read ------------------------------------------------

    def partition_count(self) -> int:
        return len(self.log)

    def end(self, partition: int) -> int:
        return len(self.log[partition])

    def records(self, partition: int, begin: int) -> list[LogRecord]:
        return self.log[partition][begin:]

    # --- what came of it ----------------------------------------------------------

    def handled(self) -> list[Notice]:
        """What people have, or will have by the retries, or what was given up."""
        kept = [msgspec.json.decode(value) for _, value in self._failed()]
        return self.taken + [msgspec.convert(one["notice"], Notice) for one in kept]

    def _failed(self) -> Sequence[tuple[str, bytes]]:
        return [(topic, value) for topic, value in self.published if value.startswith(b"{")]

    def garbage_aside(self) -> set[bytes]:
        """The records that are no alert and stand with the undelivered."""
        return {value for _, value in self.published if not value.startswith(b"{")}

    def ids_sent(self) -> set[str]:
        """The alerts on the topic."""
        values = [record.value for record in chain(*self.log)]
        return {msgspec.json.decode(v)["alert_id"] for v in values if v.startswith(b"{")}

    def notices_by_alert(self) -> dict[str, set[str]]:
        """In which notices, by id, each alert stands."""
        found: dict[str, set[str]] = {}
        for notice in self.handled() + self.asked:
            for one in notice.alerts:
                found.setdefault(one.alert_id, set()).add(notice.notice_id)
        return found

    def unexcused(self) -> dict[str, int]:
        """Notices delivered, or tried, again although nothing interrupted them."""
        counted = Counter(notice.notice_id for notice in self.asked)
        again = {notice_id: times - 1 for notice_id, times in counted.items()}
        return {found: n for found, n in again.items() if n > self.interrupted[found]}


def check(world: World) -> None:
    """Each alert is in one notice; only the one under way when a member ended goes twice."""
    notices = world.notices_by_alert()
    assert notices.keys() == world.ids_sent()
    assert {alert_id: ids for alert_id, ids in notices.items() if len(ids) > 1} == {}
    handled: set[Any] = {one.alert_id for notice in world.handled() for one in notice.alerts}
    assert handled == world.ids_sent()
    assert world.unexcused() == {}
    assert world.garbage_aside() == {f"garbage {n + 1}".encode() for n in range(world.garbage)}
