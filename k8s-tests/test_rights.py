"""Each user may do what its component needs (the platform runs on it), and nothing else."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from minio import Minio
from minio.error import S3Error

from cluster.access import forwarded, kafka_access, store_access
from cluster.archive import BUCKET, object_names
from cluster.release import Platform
from services.reports.topics import TOPICS
from services.stream.connection import KafkaConnection, new_client

NOTICES = {"alerts-retry-email", "alerts-retry-webhook", "alerts-undelivered"}
MAY_READ = {
    "simulator": set[str](),
    "loading": set[str](),
    "alerting": {"reports"},
    "archiving": {"reports"},
    "notifying": {"alerts", *NOTICES},
    "website": {"alerts"},
}
MAY_WRITE = {
    "simulator": {"reports"},
    "loading": {"reports"},
    "alerting": {"alerts", "reports-rejected"},
    "archiving": set[str](),
    "notifying": NOTICES,
    "website": set[str](),
}


def others(topics: set[str]) -> list[str]:
    return sorted({topic.name for topic in TOPICS} - topics)


@contextmanager
def consumer(connection: KafkaConnection, **settings: Any) -> Iterator[KafkaConsumer]:
    made = new_client(KafkaConsumer, connection, enable_auto_commit=False, **settings)
    try:
        yield made
    finally:
        made.close(autocommit=False)


@pytest.mark.parametrize("user", MAY_WRITE)
def test_a_kafka_user_is_refused_to_write_to_topics_that_are_not_its_own(
    platform: Platform, user: str
) -> None:
    with kafka_access(platform, user) as connection:
        producer = new_client(KafkaProducer, connection, max_block_ms=20_000)
        for topic in others(MAY_WRITE[user]):
            with pytest.raises(KafkaError, match="AuthorizationFailed"):
                producer.send(topic, b"not mine", partition=0).get(30)
        producer.close()


@pytest.mark.parametrize("user", MAY_READ)
def test_a_kafka_user_does_not_see_or_may_not_read_topics_that_are_not_its_own(
    platform: Platform, user: str
) -> None:
    with kafka_access(platform, user) as connection, consumer(connection) as reader:
        # The others it does not even see.
        seen = reader.topics()
        for topic in filter(seen.__contains__, others(MAY_READ[user])):
            partition = TopicPartition(topic, 0)
            reader.assign([partition])
            with pytest.raises(TopicAuthorizationFailedError):
                reader.seek_to_beginning(partition)
                reader.poll(timeout_ms=20_000)


@pytest.mark.parametrize(
    ("user", "group", "topic"),
    [
        ("alerting", "archiving", "reports"),
        ("archiving", "alerting", "reports"),
        ("alerting", "notifying-log", "alerts"),
        ("notifying", "alerting", "alerts"),
        ("website", "notifying-log", "alerts"),
    ],
)
def test_a_kafka_user_is_refused_the_consumer_group_of_another(
    platform: Platform, user: str, group: str, topic: str
) -> None:
    with (
        kafka_access(platform, user) as connection,
        consumer(connection, group_id=group) as reader,
        pytest.raises(GroupAuthorizationFailedError),
    ):
        reader.committed(TopicPartition(topic, 0))


@pytest.mark.parametrize("password", ["wrong", ""])
def test_kafka_refuses_a_wrong_password(platform: Platform, password: str) -> None:
    with kafka_access(platform, "alerting") as connection, pytest.raises(KafkaError):
        new_client(
            KafkaConsumer, replace(connection, password=password), bootstrap_timeout_ms=10_000
        )


MAY_NOT = {
    "archiving": {
        "put an answer": lambda store, _: put(store, "results/x"),
        "delete an object": lambda store, name: store.remove_object(BUCKET, name),
        "read an answer": lambda store, _: list(store.list_objects(BUCKET, prefix="results/")),
        "delete the bucket": lambda store, _: store.remove_bucket(BUCKET),
    },
    "archiving-verify": {
        "put a report": lambda store, _: put(store, "reports/x"),
        "put a decision": lambda store, _: put(store, "decisions/x"),
        "delete an object": lambda store, name: store.remove_object(BUCKET, name),
    },
    "loading": {
        "put a file to load": lambda store, _: put(store, "history/x"),
        "read a report": lambda store, name: store.get_object(BUCKET, name),
        "list the archive": lambda store, _: object_names(store),
        "delete an object": lambda store, name: store.remove_object(BUCKET, name),
    },
    "website": {
        "put an answer": lambda store, _: put(store, "results/x"),
        "read a report": lambda store, name: store.get_object(BUCKET, name),
        "list the archive": lambda store, _: object_names(store),
        "delete an object": lambda store, name: store.remove_object(BUCKET, name),
    },
    "analysis": {
        "put a report": lambda store, _: put(store, "reports/x"),
        "put a probe": lambda store, _: put(store, "probes/x"),
        "delete an object": lambda store, name: store.remove_object(BUCKET, name),
        "make a bucket": lambda store, _: store.make_bucket("mine"),
    },
}


def put(store: Minio, name: str) -> None:
    store.put_object(BUCKET, name, io.BytesIO(b"x"), 1)


@pytest.mark.parametrize(
    ("user", "deed"), [(user, deed) for user, deeds in MAY_NOT.items() for deed in deeds]
)
def test_a_user_of_the_store_is_refused_what_its_component_does_not_need(
    platform: Platform, user: str, deed: str
) -> None:
    attempt: Callable[[Minio, str], Any] = MAY_NOT[user][deed]
    with store_access(platform, "analysis") as reader:
        name = object_names(reader)[0]
    with store_access(platform, user) as store, pytest.raises(S3Error, match="Access Denied"):
        attempt(store, name)


def test_the_store_refuses_a_wrong_password(platform: Platform) -> None:
    with forwarded(platform, f"service/{platform.named('minio')}", 9000) as port:
        store = Minio(f"127.0.0.1:{port}", access_key="archiving", secret_key="x", secure=False)
        with pytest.raises(S3Error):
            store.list_buckets()


def test_the_store_refuses_who_says_no_name(platform: Platform) -> None:
    with forwarded(platform, f"service/{platform.named('minio')}", 9000) as port:
        store = Minio(f"127.0.0.1:{port}", secure=False, region="us-east-1")
        with pytest.raises(S3Error, match="Access Denied"):
            object_names(store)
