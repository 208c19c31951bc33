"""The scene of notifying's tests: topics, a group, and a crew that is not hired yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notifying import email, webhook
from services.reports.topics import ALERTS, ALERTS_UNDELIVERED
from services.stream.connection import KafkaConnection
from tests.conftest import FreshTopic
from tests.faults.crew import Crew
from tests.notifying.scene import PARTITIONS, Scene

# Windows that close within a test, and a short memory for the dead.
OPTIONS = ("--window-seconds", "0.5", "--session-timeout-seconds", "2")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels give up after half a second, so that a test of it does not take ten."""
    monkeypatch.setattr(email, "SENDING_SECONDS", 0.5)
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.5)


@pytest.fixture
def notifying(
    kafka: KafkaConnection, fresh_topic: FreshTopic, group_id: str, tmp_path: Path
) -> Iterator[Scene]:
    """Members are `python -m services.notifying log`."""
    topic, undelivered = fresh_topic(ALERTS, PARTITIONS), fresh_topic(ALERTS_UNDELIVERED, 1)
    arguments = ["-m", "services.notifying", "log", *OPTIONS, "--group", group_id]
    arguments += ["--kafka-bootstrap-servers", kafka.bootstrap_servers]
    arguments += ["--alerts-topic", topic, "--undelivered-topic", undelivered]
    crew = Crew(arguments, {}, tmp_path)
    yield Scene(kafka, topic, undelivered, crew, tmp_path)
    crew.disband()
