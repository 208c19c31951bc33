"""A KafkaProducer whose sends end when the world says so, and what came of them."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from kafka.errors import KafkaTimeoutError, NotLeaderForPartitionError

from services.stream.outgoing import Outgoing
from tests.model.clock import Clock
from tests.stream.played_producer import PlayedFuture

# How Kafka takes the next records: lost is written and not acknowledged, refused not even sent.
SendAnswer = Literal["ok", "slow", "failed", "lost", "refused"]


@dataclass(slots=True)
class Published:
    """What Kafka has been given, by anybody; `answers` are those to the next sends."""

    records: list[Outgoing] = field(default_factory=list)
    answers: deque[SendAnswer] = field(default_factory=deque)

    def answer(self) -> SendAnswer:
        return self.answers.popleft() if self.answers else "ok"


@dataclass(slots=True)
class PlayedClient:
    """One process's producer."""

    published: Published
    clock: Clock
    waiting: list[tuple[Outgoing, PlayedFuture]] = field(default_factory=list)
    # Whether a drain sees its sends end.
    is_slow: bool = False

    def send(
        self, topic: str, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> PlayedFuture:
        answer = self.published.answer()
        if answer == "refused":
            raise KafkaTimeoutError("no broker is known")
        outgoing, future = Outgoing(topic, key, value, tuple(headers)), PlayedFuture()
        if answer == "slow":
            self.waiting.append((outgoing, future))
            return future
        if answer != "failed":
            self.published.records.append(outgoing)
        if answer == "ok":
            future.success(None)
        else:
            future.failure(NotLeaderForPartitionError(answer))
        return future

    def run(self, index: int) -> None:
        """Kafka takes one of the records that wait."""
        outgoing, future = self.waiting.pop(index % len(self.waiting))
        self.published.records.append(outgoing)
        future.success(None)

    def wait(self, seconds: float) -> None:
        """Time passes in a drain."""
        self.clock.now_seconds += seconds
        if self.waiting and not self.is_slow:
            self.run(0)

    def abandon(self) -> None:
        """The process is killed: what waits is never sent."""
        self.waiting.clear()

    def close(self, timeout: float) -> None:
        pass
