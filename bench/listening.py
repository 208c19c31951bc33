"""Reads records as they come and notes when: alerts, and canaries sent for comparison. For
bench.pipeline and bench.bare_pages.

Few records a second pass here, so that reading them takes next to nothing from what is measured.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from kafka import KafkaConsumer, TopicPartition

from services.reports.topics import DETECTED_AT, REPORTED_AT
from services.stream.connection import KafkaConnection, client_settings
from services.stream.producer import producer

POLL_MS = 100
CANARY_SECONDS = 0.05

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """When an alert was where, microseconds since the epoch; all but read_us in whole ms."""

    reported_us: int
    detected_us: int
    published_us: int
    read_us: int


@dataclass(frozen=True, slots=True)
class SeenCanary:
    """When a canary was sent and read, microseconds since the epoch."""

    sent_us: int
    read_us: int


def now_us() -> int:
    """The wall clock, which every process of this machine shares with the broker."""
    return time.time_ns() // 1000


def seen_alert(record: Any, read_us: int) -> SeenAlert:
    """From a record of `alerts`."""
    headers = dict(record.headers)
    return SeenAlert(
        reported_us=int(headers[REPORTED_AT]) * 1000,
        detected_us=int(headers[DETECTED_AT]) * 1000,
        published_us=record.timestamp * 1000,
        read_us=read_us,
    )


def seen_canary(record: Any, read_us: int) -> SeenCanary:
    """From a record of the canaries' topic."""
    return SeenCanary(int(record.value), read_us)


def seen_in(
    connection: KafkaConnection,
    topic: str,
    seen: Callable[[Any, int], Seen],
    is_over: threading.Event,
) -> list[Seen]:
    """Everything new in the topic until it is over."""
    return [seen(record, at) for record, at in new_records(connection, topic, is_over)]


def new_records(
    connection: KafkaConnection, topic: str, is_over: threading.Event
) -> Iterator[tuple[Any, int]]:
    """Each record that comes until it is over, and when it was read, as `now_us` tells."""
    settings = {"enable_auto_commit": False, "metrics_enabled": False}
    with KafkaConsumer(**client_settings(connection), **settings) as consumer:
        numbers = consumer.partitions_for_topic(topic) or set()
        partitions = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(partitions)
        consumer.seek_to_end(*partitions)
        while not is_over.is_set():
            polled = consumer.poll(timeout_ms=POLL_MS)
            read_us = now_us()
            yield from ((record, read_us) for records in polled.values() for record in records)


def send_canaries(connection: KafkaConnection, topic: str, is_over: threading.Event) -> None:
    """One every CANARY_SECONDS until it is over, each saying when it was sent."""
    with closing(producer(connection, metrics_enabled=False)) as sender:
        while not is_over.wait(CANARY_SECONDS):
            sender.send(topic, str(now_us()).encode())
