"""A played KafkaProducer: the test says which records are acknowledged, which fail."""

from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.future import Future

from services.stream.outgoing import Outgoing


class PlayedFuture(Future):  # type: ignore[misc]
    """The client's future, without a thread to wait for."""

    def get(self, timeout: float) -> object:
        if not self.is_done:
            raise KafkaTimeoutError(f"not done within {timeout} s")
        if self.exception:
            raise self.exception
        return self.value


class PlayedProducer:
    """Takes records, unless `refusal` is set; `sent` has them with their futures."""

    def __init__(self) -> None:
        self.sent: list[tuple[Outgoing, PlayedFuture]] = []
        self.refusal: KafkaError | None = None
        self.refused = 0
        self.acknowledges_at_once = False
        self.is_closed = False

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        headers: list[tuple[str, bytes]],
    ) -> PlayedFuture:
        if self.refusal:
            self.refused += 1
            raise self.refusal
        future = PlayedFuture()
        self.sent.append((Outgoing(topic, key, value, tuple(headers)), future))
        if self.acknowledges_at_once:
            future.success(None)
        return future

    def acknowledge(self, number: int) -> None:
        """Kafka has the record that was sent as this one, counted from 0."""
        self.sent[number][1].success(None)

    def fail(self, number: int, error: KafkaError) -> None:
        """Kafka did not take it."""
        self.sent[number][1].failure(error)

    def close(self, timeout: float) -> None:
        self.is_closed = True
