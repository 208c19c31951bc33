"""Whatever happens: no commit passes a record of which something is not acknowledged.

A state machine of fetches, acknowledgements, failures, refusals, cuts of the log and drains, over
the worker itself and played producers.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kafka.errors import KafkaTimeoutError, NotLeaderForPartitionError
from kafka.structs import OffsetAndMetadata

from services.alerting.alert_router import reported_at_ms
from services.alerting.publisher import Bounds, InFlightBound
from services.alerting.report_partition import ReportPartition
from services.reports.codec import Rejection, decoded_alert
from services.stream.outgoing import Outgoing
from services.stream.reliable_producer import REFUSED_SECONDS
from services.stream.worker import Commits, Fetch, LogRange
from tests.alerting.played import Desk, PlayedRecord, alarming, calm, garbage, origin
from tests.stream.played_producer import PlayedProducer

PARTITIONS = (0, 1)
# Small, so that they are reached.
SMALL = Bounds(
    alerts=InFlightBound(6, 10_000),
    rejections=InFlightBound(4, 10_000),
    backlog_bytes=3_000,
    alerts_seconds=0.0,
    rejections_seconds=0.0,
)
# What a record is, and how many offsets without a record are before it.
given_records = st.lists(
    st.tuples(st.sampled_from(["calm", "garbage", 1, 2, 5, 250]), st.integers(0, 2)), max_size=6
)
partitions = st.sampled_from(PARTITIONS)
clients = st.sampled_from(["alerts", "rejections"])

# Partition and offset of a record, how often something was read again before it, and the number
# of its alert, or -1 for its rejection.
Due = tuple[int, int, int, int]


def made(kind: str | int, partition: int, offset: int, life: int) -> PlayedRecord:
    """A record that says how often something was read again, in what alerting repeats of it."""
    if kind == "calm":
        record = calm(partition, offset)
    elif kind == "garbage":
        record = garbage(offset)
    else:
        record = alarming(partition, offset, int(kind))
    return replace(record, timestamp=life, key=str(life).encode())


def due_of(kind: str | int, partition: int, offset: int, life: int) -> set[Due]:
    """What must be acknowledged before the record may be committed."""
    if kind == "calm":
        return set()
    numbers = [-1] if kind == "garbage" else range(int(kind))
    return {(partition, offset, life, number) for number in numbers}


@cache
def due(outgoing: Outgoing) -> Due:
    """What its acknowledgement is one of."""
    if outgoing.topic == "rejected":
        return (*origin(outgoing), int(outgoing.key or b""), -1)
    alert = decoded_alert(outgoing.value)
    assert not isinstance(alert, Rejection)
    _, partition, offset, _, number = alert.alert_id.split("-")
    return int(partition), int(offset), reported_at_ms(outgoing), int(number)


class Alerting(RuleBasedStateMachine):
    """One member of the group, two partitions, a Kafka that does as the rules say."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(SMALL, tick_seconds=0.0001)
        self.desk.start(*PARTITIONS)
        self.due: set[Due] = set()
        self.life = 0
        self.committed = dict.fromkeys(PARTITIONS, 0)
        self.paused: frozenset[int] = frozenset()

    # --- what may happen ------------------------------------------------------

    @rule(partition=partitions, given=given_records, hole=st.integers(0, 2))
    def fetch(self, partition: int, given: list[tuple[str | int, int]], hole: int) -> None:
        if partition in self.paused:
            return
        begin = offset = self.position(partition)
        records = []
        for kind, gap in given:
            offset += gap
            records.append(made(kind, partition, offset, self.life))
            self.due |= due_of(kind, partition, offset, self.life)
            offset += 1
        self.desk.worker.accept(Fetch(partition, begin, records, offset + hole, leader_epoch=1))

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, REFUSED_SECONDS]))
    def step(self, seconds: float) -> None:
        self.desk.move(seconds)
        actions = self.desk.worker.step()
        self.paused = frozenset(actions.paused)
        self.check(actions.commits)

    @rule(client=clients, data=st.data())
    def acknowledge(self, client: str, data: st.DataObject) -> None:
        waiting = list(unanswered(self.client(client)))
        if waiting:
            self.client(client).acknowledge(data.draw(st.sampled_from(waiting)))

    @rule(client=clients)
    def acknowledge_all(self, client: str) -> None:
        for number in list(unanswered(self.client(client))):
            self.client(client).acknowledge(number)

    @rule(client=clients, data=st.data())
    def fail(self, client: str, data: st.DataObject) -> None:
        waiting = list(unanswered(self.client(client)))
        if waiting:
            number = data.draw(st.sampled_from(waiting))
            self.client(client).fail(number, NotLeaderForPartitionError())

    @rule(client=clients, is_refusing=st.booleans())
    def refuse(self, client: str, is_refusing: bool) -> None:
        self.client(client).refusal = KafkaTimeoutError("no metadata") if is_refusing else None

    @rule(partition=partitions, data=st.data())
    def cut(self, partition: int, data: st.DataObject) -> None:
        offset = data.draw(st.integers(0, self.position(partition)))
        self.desk.worker.on_log_cut(partition, offset)
        assert self.position(partition) == offset
        self.forget_above(partition, offset)

    @rule(partition=partitions, seconds=st.sampled_from([0.0, 0.05]))
    def drain_and_own_again(self, partition: int, seconds: float) -> None:
        self.check(self.desk.worker.drain({partition}, seconds))
        self.own_again(partition)

    @rule(partition=partitions)
    def drop_and_own_again(self, partition: int) -> None:
        self.desk.worker.drop({partition})
        self.own_again(partition)

    # --- what must hold -------------------------------------------------------

    @invariant()
    def in_flight_is_bounded(self) -> None:
        known = self.desk.worker.partitions.values()
        alerts = [one for p in known for one in p.alerts_in_flight]
        # A portion may begin one below the bound.
        assert sum(len(one.publication.unacknowledged) for one in alerts) <= 6 + 100
        assert all(p.rejected_bytes == kept_bytes(p) for p in known)

    def teardown(self) -> None:
        """Once Kafka answers, all is published and the commits reach the positions."""
        for client in (self.desk.alerts, self.desk.rejections):
            client.refusal = None
            client.acknowledges_at_once = True
        for name in ("alerts", "rejections"):
            self.acknowledge_all(name)
        for _ in range(2_000):
            self.step(1.0)
            if all(self.committed[p] == self.position(p) for p in PARTITIONS):
                break
        assert {p: self.position(p) for p in PARTITIONS} == self.committed
        assert self.due <= self.acknowledged()

    # --- helpers of the rules -------------------------------------------------

    def check(self, commits: Commits) -> None:
        """Each commit lies where all before it is acknowledged."""
        acknowledged = self.acknowledged() if commits else set()
        for partition, commit in commits.items():
            below = {one for one in self.due if one[0] == partition and one[1] < commit.offset}
            assert below <= acknowledged
            # After a drain it has none.
            position = self.desk.worker.position(partition)
            assert position is None or commit.offset <= position
            self.committed[partition] = commit.offset

    def acknowledged(self) -> set[Due]:
        sent = [*self.desk.alerts.sent, *self.desk.rejections.sent]
        return {due(outgoing) for outgoing, future in sent if future.succeeded()}

    def own_again(self, partition: int) -> None:
        """Read again from the commit on; what was read above it is forgotten, and comes anew."""
        offset = self.committed[partition]
        log = LogRange(0, 10**6)
        self.desk.worker.start_offset(partition, OffsetAndMetadata(offset, "", 1), log)
        self.forget_above(partition, offset)
        self.paused -= {partition}

    def forget_above(self, partition: int, offset: int) -> None:
        self.life += 1
        self.due = {one for one in self.due if one[0] != partition or one[1] < offset}

    def position(self, partition: int) -> int:
        found = self.desk.worker.position(partition)
        assert found is not None
        return found

    def client(self, name: str) -> PlayedProducer:
        return self.desk.alerts if name == "alerts" else self.desk.rejections


def unanswered(client: PlayedProducer) -> Iterator[int]:
    """The numbers of records that are neither acknowledged nor failed."""
    return (number for number, (_, future) in enumerate(client.sent) if not future.is_done)


def kept_bytes(partition: ReportPartition) -> int:
    return sum(one.size_bytes() for one in partition.rejected)


Alerting.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestCommitRules = Alerting.TestCase
