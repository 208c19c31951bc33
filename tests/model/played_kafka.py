"""A Kafka in memory: one topic's log by partition, and the groups that read it."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from kafka.errors import CommitFailedError, KafkaTimeoutError
from kafka.structs import OffsetAndMetadata

from services.stream.identity import TopicDescription
from tests.model.clock import Clock

# How Kafka takes the next calls: error is not carried out, unheard is carried out without answer.
Answer = Literal["ok", "error", "unheard"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is at one offset: a record, or a hole (value None); arrival in ms, leader epoch."""

    offset: int
    timestamp: int
    value: bytes | None
    epoch: int
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    oversize: None = None


@dataclass(slots=True)
class PlayedLog:
    """One partition's log; timelines: one more after each loss of the log's end."""

    entries: list[Entry] = field(default_factory=list)
    start: int = 0
    epoch: int = 0
    unreadable_at: int | None = None
    # What the log once held above a cut, and where it was cut.
    cut_off: list[tuple[int, list[Entry]]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return len(self.entries)

    def append(self, timestamp: int, value: bytes | None, key: bytes | None = None) -> None:
        self.entries.append(Entry(self.end, timestamp, value, self.epoch, key))

    def cut(self, offset: int) -> None:
        """Lose everything from `offset` on, as an unclean leader election does."""
        self.cut_off.append((offset, list(self.entries)))
        del self.entries[offset:]
        self.epoch += 1

    def end_of_epoch(self, epoch: int) -> int:
        """Where the entries of this epoch and those before it end (OffsetForLeaderEpoch)."""
        return next((e.offset for e in self.entries if e.epoch > epoch), self.end)

    def timelines(self) -> list[list[Entry]]:
        """All entries that the log ever had at a time, the present ones last."""
        return [entries for _, entries in self.cut_off] + [self.entries]


@dataclass(slots=True)
class PlayedTopic:
    """A topic of one id."""

    topic_id: str
    logs: list[PlayedLog]


@dataclass(slots=True)
class PlayedGroup:
    """Who owns what, and who shall; a partition is given only once its owner gave it up."""

    kafka: "PlayedKafka"
    committed: dict[int, OffsetAndMetadata] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)
    owners: dict[int, Any] = field(default_factory=dict)
    targets: dict[int, Any] = field(default_factory=dict)
    commits: list[tuple[int, OffsetAndMetadata]] = field(default_factory=list)

    def join(self, member: Any) -> None:
        self.members.append(member)
        self.rebalance(0)

    def evict(self, member: Any) -> None:
        """The member's session has expired; it finds out when it asks the next time."""
        if member in self.members:
            self.members.remove(member)
            self.owners = {p: owner for p, owner in self.owners.items() if owner is not member}
            self.rebalance(0)

    def rebalance(self, shift: int) -> None:
        """Decide anew who shall have which partition."""
        count = len(self.members)
        partitions = range(len(self.kafka.topic.logs)) if count else ()
        self.targets = {p: self.members[(p + shift) % count] for p in partitions}

    def commit(self, member: Any, commits: dict[int, OffsetAndMetadata]) -> None:
        """Commit, as Kafka does for members of the group's generation only."""
        if member not in self.members:
            raise CommitFailedError("not a member of this generation")
        answer = self.kafka.answer()
        if answer == "error":
            raise KafkaTimeoutError("no answer")
        self.commits += commits.items()
        self.committed |= commits
        if answer == "unheard":
            raise KafkaTimeoutError("the answer is lost")


@dataclass(slots=True)
class PlayedKafka:
    """One topic and its groups; `answers` are those to the next calls, then all is well."""

    clock: Clock
    topic: PlayedTopic
    groups: list[PlayedGroup] = field(default_factory=list)
    former: list[PlayedTopic] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    identity_answers: deque[Answer] = field(default_factory=deque)

    def answer(self) -> Answer:
        return self.answers.popleft() if self.answers else "ok"

    def check_answer(self) -> None:
        """Raise KafkaTimeoutError if the next call is to fail."""
        if self.answer() != "ok":
            raise KafkaTimeoutError("no answer")

    def topics(self) -> list[PlayedTopic]:
        return [*self.former, self.topic]

    def make_anew(self, topic_id: str, keeps_offsets: bool) -> None:
        """Delete the topic and create it again; Kafka may be late with the groups' offsets."""
        self.former.append(self.topic)
        self.topic = PlayedTopic(topic_id, [PlayedLog() for _ in self.topic.logs])
        for group in self.groups:
            if not keeps_offsets:
                group.committed.clear()


@dataclass(slots=True)
class PlayedIdentity:
    """Which topic it is, as services.stream.identity asks for it."""

    kafka: PlayedKafka

    def current(self) -> str | None:
        return self.described().topic_id

    def described(self) -> TopicDescription:
        answers = self.kafka.identity_answers
        if answers and answers.popleft() != "ok":
            raise KafkaTimeoutError("no answer")
        topic = self.kafka.topic
        return TopicDescription(topic.topic_id, len(topic.logs))

    def close(self) -> None:
        pass
