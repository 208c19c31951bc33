"""`python -m services.notifying.resend CHANNEL`: what was given up goes to the retry topic again.

How far it came, a consumer group of its own remembers: what was sent again once is not again,
unless it has been given up anew.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import click
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from services.notifying.decoding import undelivered_in
from services.notifying.publishing import Addresses, notices_producer, to_keep
from services.notifying.retrying import untried
from services.reports import topics
from services.reports.codec import Rejection
from services.runtime.clock import now_ms
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command
from services.stream.connection import KafkaConnection, kafka_options, sign_in_hint
from services.stream.consumer import group_consumer
from services.stream.producer import send

# Without an answer, or while the group forms.
PATIENCE_SECONDS = 60.0
ANSWER_SECONDS = 30.0
POLL_MS = 200
CONSUMER_SETTINGS = {"auto_offset_reset": "earliest", "max_poll_records": 30}
ANOTHER = "the same command runs elsewhere: wait for its end"

Ends = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Clients:
    """Kafka in and out, and whose notices go where."""

    consumer: KafkaConsumer
    sender: KafkaProducer
    addresses: Addresses


@component_command("dronewatch-resend")
@click.argument("channel", type=click.Choice(list(topics.RETRIES)))
@kafka_options
@click.option("--undelivered-topic", default=topics.ALERTS_UNDELIVERED, help="Read from.")
@click.option("--retry-topic", help="Sent to.  [default: alerts-retry-CHANNEL]")
@click.option("--group", help="Remembers how far.  [default: notifying-CHANNEL-resend]")
def main(channel: str, connection: KafkaConnection, **settings: Any) -> None:
    """Deliver once more what CHANNEL has given up, all but what this command sent before."""
    configure_logs("auto", "warning")
    retry_topic = settings["retry_topic"] or topics.RETRIES[channel]
    addresses = Addresses(channel, retry_topic, settings["undelivered_topic"])
    group = settings["group"] or f"notifying-{channel}-resend"
    try:
        with clients(connection, addresses, group) as ours:
            notices = sum(resent(ours))
    except KafkaError as error:
        hint = sign_in_hint(connection)
        texts = (f"Kafka: {error or type(error).__name__}", hint, "nothing is lost: run it again")
        raise click.ClickException("; ".join(filter(None, texts))) from error
    click.echo(f"{notices:,} notices go out by {channel} again")


@contextmanager
def clients(connection: KafkaConnection, addresses: Addresses, group: str) -> Iterator[Clients]:
    """Closed at the end; KafkaError if no broker answers."""
    with (
        closing(notices_producer(connection)) as sender,
        closing(group_consumer(connection, group, **CONSUMER_SETTINGS)) as consumer,
    ):
        yield Clients(consumer, sender, addresses)


def resent(ours: Clients) -> Iterator[int]:
    """How many notices of each batch were sent, up to the topic's end as of now."""
    consumer, topic = ours.consumer, ours.addresses.undelivered
    partitions = {TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()}
    if not partitions:
        raise click.ClickException(f"Kafka has no topic {topic}")
    ends: Ends = consumer.end_offsets(partitions)
    consumer.subscribe([topic])
    for polled in polls(consumer, ends):
        for partition, records in polled.items():
            due = [record for record in records if record.offset < ends[partition]]
            yield sum(send_again(ours, record) for record in due)
            commit(consumer, due[-1:])


def polls(consumer: KafkaConsumer, ends: Ends) -> Iterator[Mapping[TopicPartition, Any]]:
    """What comes, until all ends are reached. ClickException if others read it, too."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        polled = consumer.poll(timeout_ms=POLL_MS)
        assigned = consumer.assignment()
        if assigned and assigned != ends.keys():
            raise click.ClickException(ANOTHER)
        yield polled
        if assigned and all(consumer.position(at) >= end for at, end in ends.items()):
            return
        deadline = time.monotonic() + PATIENCE_SECONDS if polled else deadline
        if time.monotonic() > deadline:
            raise click.ClickException("Kafka does not answer, or the same command runs elsewhere")


def send_again(ours: Clients, record: Any) -> bool:
    """Whether it was a notice of this channel; then Kafka has it, and knows that it is done."""
    if dict(record.headers).get(topics.CHANNEL) != ours.addresses.channel.encode():
        return False
    undelivered = undelivered_in(record.value)
    if isinstance(undelivered, Rejection):
        return False
    retry = untried(undelivered.notice, now_ms())
    send(ours.sender, to_keep(retry, ours.addresses)).get(timeout=ANSWER_SECONDS)
    commit(ours.consumer, [record])
    return True


def commit(consumer: KafkaConsumer, records: Sequence[Any]) -> None:
    """All up to these, one of a partition, is done."""
    offsets = {
        TopicPartition(r.topic, r.partition): OffsetAndMetadata(r.offset + 1, "", -1)
        for r in records
    }
    if offsets:
        consumer.commit(offsets, timeout_ms=int(ANSWER_SECONDS * 1000))


if __name__ == "__main__":
    main()
