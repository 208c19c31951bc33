"""The peer of whatever sends: a bare producer of ready bytes, and what sending took."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice

from bench.tables import Row, ratio
from bench.topic import arrival_span_seconds, reports_topic
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection
from services.stream.producer import patient_producer
from services.stream.topics import create_topics
from simulator.sender import PRODUCER_SETTINGS

# It never waits for a batch of its own to be full, so without lingering it would send tiny ones.
BARE_SETTINGS = {**PRODUCER_SETTINGS, "linger_ms": 50}


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending so many reports took."""

    reports: int
    seconds: float
    whole_seconds: float
    cpu_seconds: float


def created(connection: KafkaConnection, name: str) -> Topic:
    """A new topic `reports-<name>`."""
    topic = reports_topic(f"reports-{name}")
    create_topics(connection, [topic])
    return topic


def bare_run(
    connection: KafkaConnection, ready: Sequence[tuple[bytes, bytes]], reports: int
) -> Sent:
    """Send so many in this process: these keys and values, again and again."""
    topic = created(connection, "bare")
    began_seconds, began_cpu_seconds = time.monotonic(), time.process_time()
    with closing(patient_producer(connection, topic.name, **BARE_SETTINGS)) as sender:
        for key, value in islice(cycle(ready), reports):
            sender.send(topic.name, value, key)
        sender.flush()
    whole_seconds = time.monotonic() - began_seconds
    cpu_seconds = time.process_time() - began_cpu_seconds
    return Sent(reports, arrival_span_seconds(connection, topic), whole_seconds, cpu_seconds)


def figures(sent: Sent) -> Row:
    """The columns of a table."""
    return {
        "reports/s": sent.reports / sent.seconds,
        "with start": sent.reports / sent.whole_seconds,
        "CPU s": sent.cpu_seconds,
        "reports/CPU s": sent.reports / sent.cpu_seconds,
    }


def ratios(ours: Sent, peer: Sent) -> Row:
    """How many times as fast as the peer ours is."""
    return {
        "ratio reports/s": ratio(peer.seconds, ours.seconds),
        "ratio reports/CPU s": ratio(peer.cpu_seconds, ours.cpu_seconds),
    }
