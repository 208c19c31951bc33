"""The producer of every component that writes to Kafka: what is acknowledged stands once."""

from typing import Any

import click
from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError
from kafka.producer.future import FutureRecordMetadata

from services.stream.connection import KafkaConnection, new_client
from services.stream.outgoing import Outgoing

# A broker that is away is waited for, however long: giving up would leave the outcome unknown.
PATIENT = {
    "delivery_timeout_ms": 2**31 - 1,
    "max_block_ms": 1_000,
    "bootstrap_timeout_ms": 3_000,
    "reconnect_backoff_max_ms": 2_000,
    "metadata_max_age_ms": 10_000,
    "allow_auto_create_topics": False,
}

UNCOMPRESSED = "none"

compression_option = click.option(
    "--compression",
    type=click.Choice([UNCOMPRESSED, "gzip", "snappy", "lz4", "zstd"]),
    default=UNCOMPRESSED,
    help="Kafka's codec for the batches that are sent.",
)


def compression_setting(compression: str) -> dict[str, str | None]:
    """The choice of `compression_option` as kafka-python's setting."""
    return {"compression_type": None if compression == UNCOMPRESSED else compression}


def producer(connection: KafkaConnection, **overrides: Any) -> KafkaProducer:
    """acks=all and idempotent; overrides are kafka-python's names (linger_ms, batch_size ...)."""
    durable = {"acks": "all", "enable_idempotence": True, "retries": 2**31 - 1}
    return new_client(KafkaProducer, connection, **durable, **overrides)


def patient_producer(connection: KafkaConnection, topic: str, **overrides: Any) -> KafkaProducer:
    """For services.stream.patience, to a topic that exists.

    KafkaError if no broker answers or it has no such topic.
    """
    client = producer(connection, **PATIENT, **overrides)
    try:
        client.partitions_for(topic)
    except KafkaTimeoutError as error:
        client.close(0)
        raise KafkaTimeoutError(f"Kafka has no topic {topic} yet") from error
    return client


def send(client: KafkaProducer, outgoing: Outgoing) -> FutureRecordMetadata:
    """Hand one record to the client; KafkaError if it takes none just now."""
    return client.send(
        outgoing.topic,
        # kafka-python refuses a record that has neither key nor value.
        key=outgoing.key or b"",
        value=outgoing.value,
        headers=list(outgoing.headers),
    )
