"""The producer of every component that writes to Kafka: what is acknowledged stands once."""

from typing import Any

from kafka import KafkaProducer

from services.stream.connection import KafkaConnection, new_client


def producer(connection: KafkaConnection, **overrides: Any) -> KafkaProducer:
    """acks=all and idempotent; overrides are kafka-python's names (linger_ms, batch_size ...)."""
    durable = {"acks": "all", "enable_idempotence": True, "retries": 2**31 - 1}
    return new_client(KafkaProducer, connection, **durable, **overrides)
