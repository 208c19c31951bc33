"""A broker of a test's own, to kill, to damage and to restart."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.kafka import KafkaServer, running_kafka
from services.reports.topics import REPORTS, TOPICS, Topic
from services.stream.topics import create_topics
from tests.stream.members import awaited

CONFIGS = next(topic.configs for topic in TOPICS if topic.name == REPORTS)


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    """A broker of the test's own, with the topic `reports` of one partition."""
    threads = threading.active_count()
    with running_kafka(tmp_path / "kafka") as server:
        create_topics(server.connection, [Topic(REPORTS, 1, CONFIGS)])
        yield server
    assert awaited(lambda: threading.active_count() <= threads)
    gc.collect()
