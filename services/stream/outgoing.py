"""A record on its way to Kafka, and how one that cannot be read is set aside. Pure."""

from dataclasses import dataclass

from services.reports import topics
from services.stream.worker import Record

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to be sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers

    def size_bytes(self) -> int:
        """Of key and value."""
        return len(self.key or b"") + len(self.value or b"")


def set_aside(topic: str, origin: Origin, record: Record, reason: str) -> Outgoing:
    """The record as it came, for this topic, with headers that say why and where it was.

    Of an oversize value there is only the beginning; two headers say the size and the digest of
    the whole.
    """
    headers: Headers = (
        (topics.REASON, reason.encode()),
        (topics.ORIGIN_TOPIC, origin.topic.encode()),
        (topics.ORIGIN_PARTITION, str(origin.partition).encode()),
        (topics.ORIGIN_OFFSET, str(record.offset).encode()),
    )
    if record.oversize is not None:
        headers = (
            *headers,
            (topics.CUT_FROM_BYTES, str(record.oversize.size_bytes).encode()),
            (topics.CUT_FROM_SHA256, record.oversize.sha256.encode()),
        )
    return Outgoing(topic, record.key, record.value, headers)
