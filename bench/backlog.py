"""A topic full of records, and what it cost to get through it. For bench.archiving."""

from dataclasses import dataclass

from bench.archived import Archived
from bench.corpus import garbage_in, record_values
from bench.meter import Cost
from bench.topic import fill, reports_topic
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection


@dataclass(frozen=True, slots=True)
class Backlog:
    """So many records, so many of them garbage; `garbage_share` as it was asked for."""

    connection: KafkaConnection
    topic: Topic
    records: int
    garbage: int
    garbage_share: float


@dataclass(frozen=True, slots=True)
class Pass:
    """Once through a backlog. `work` begins with the first record, `whole` with the process."""

    seconds: float
    work: Cost
    whole: Cost
    found: Archived


def filled_backlog(connection: KafkaConnection, records: int, garbage_share: float) -> Backlog:
    """A new topic with so many records."""
    topic = reports_topic(f"reports-{1000 * garbage_share:.0f}-in-1000-garbage")
    values = record_values(records, garbage_share, topic.partitions)
    fill(connection, topic, values, records)
    return Backlog(connection, topic, records, garbage_in(records, garbage_share), garbage_share)
