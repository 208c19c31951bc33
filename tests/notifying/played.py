"""Parts around notifying's worker, as a model plays them: channel, producer, reader of copies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from services.notifying import bookmark, choosing, deduplication, windows, worker
from services.notifying import partition as partition_alerts
from services.notifying.notice import Notice, Outcome

PORTION_RECORDS = 6
# Bounds that few records reach.
SMALL_BOUNDS = [
    (bookmark, "SPAN_MAX", 12),
    (partition_alerts, "SPAN_MAX", 12),
    (partition_alerts, "FULL_SPAN", 8),
    (choosing, "CROWD", 3),
    (choosing, "DIGEST_ALERTS_MAX", 4),
    (deduplication, "REMEMBERED", 400),
    (worker, "REMEMBERED", 400),
    (windows, "OPEN_MAX", 2),
]

Fault = Literal[
    "none",
    "kill before commit",
    "commit lost",
    "commit unheard",
    "kill after commit",
    "kill before delivery",
    "kill after delivery",
    "kill before done",
    "later",
    "never",
]


class KilledError(BaseException):
    """kill -9 at this place."""


class PlayedWorld(Protocol):
    """What these parts need of a world: the topic, and where they write down what they did."""

    takes_records: bool
    published: list[tuple[str, bytes]]
    asked: list[Notice]
    taken: list[Notice]

    def partition_count(self) -> int: ...
    def end(self, partition: int) -> int: ...
    def records(self, partition: int, begin: int) -> Sequence[Any]: ...


@dataclass(slots=True)
class Landing:
    """The future of a record that is being published; it stands once Kafka takes records."""

    world: "PlayedWorld"
    topic: str
    value: bytes
    is_there: bool = False

    @property
    def is_done(self) -> bool:
        if self.world.takes_records and not self.is_there:
            self.is_there = True
            self.world.published.append((self.topic, self.value))
        return self.is_there

    def get(self, **_: object) -> None:
        raise KafkaTimeoutError

    def succeeded(self) -> bool:
        return self.is_done

    def failed(self) -> bool:
        return False


@dataclass(slots=True)
class Sender:
    """A producer."""

    world: "PlayedWorld"

    def send(self, topic: str, value: bytes, **_: object) -> Landing:
        return Landing(self.world, topic, value)

    def close(self, timeout: float) -> None:
        pass


@dataclass(slots=True)
class People:
    """A channel; what it is asked to deliver the world writes down."""

    world: "PlayedWorld"
    cap_per_minute: int | None
    fault: Fault = "none"
    name: str = "email"
    recipients: tuple[str, ...] = ("ann@example.org",)
    last: str | None = None

    def deliver(self, notice: Notice) -> Outcome:
        if self.fault == "kill before delivery":
            raise KilledError
        self.world.asked.append(notice)
        self.last = notice.notice_id
        if self.fault in ("later", "never"):
            return Outcome(**{self.fault: {self.recipients[0]: "busy"}})
        self.world.taken.append(notice)
        if self.fault == "kill after delivery":
            raise KilledError
        return Outcome(delivered=self.recipients)

    def close(self) -> None:
        pass


@dataclass(slots=True)
class Reader:
    """Reads all partitions, a few records at a time; reads on from a cut, as kafka-python does."""

    world: "PlayedWorld"
    reading_at: dict[int, int] = field(default_factory=dict)

    def assign(self, partitions: int, since_ms: int) -> None:
        if partitions > self.world.partition_count():
            raise UnknownTopicOrPartitionError
        for partition in range(partitions):
            log = self.world.records(partition, 0)
            first = (record.offset for record in log if record.timestamp >= since_ms)
            begin = next(first, self.world.end(partition))
            self.reading_at.setdefault(partition, begin)

    def ends(self) -> dict[int, int]:
        return {p: self.world.end(p) for p in self.reading_at}

    def read(self) -> Iterator[tuple[int, Any]]:
        for partition, position in self.reading_at.items():
            records = self.world.records(partition, position)[:PORTION_RECORDS]
            self.reading_at[partition] = records[-1].offset + 1 if records else position
            yield from ((partition, record) for record in records if record.value is not None)

    def positions(self) -> dict[int, int]:
        return self.reading_at

    def close(self) -> None:
        self.reading_at = {}
