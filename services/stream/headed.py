"""Records with their headers, as the readers of `alerts` get them."""

from collections.abc import Sequence
from typing import Protocol

from services.reports import topics
from services.stream.worker import Record


class HeadedRecord(Record, Protocol):
    """A record with its headers."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...  # noqa: D102


def detected_at_ms(record: HeadedRecord) -> int:
    """When alerting found it, as its header says; without one its arrival."""
    digits = dict(record.headers).get(topics.DETECTED_AT) or b""
    is_moment = digits.isdigit() and len(digits) <= len(str(record.timestamp))
    return int(digits) if is_moment else record.timestamp
