"""Kafka is away: at the start, in the middle, when it is time to stop."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.kafka import KafkaServer, running_kafka
from local.processes import await_end, stop
from services.reports.topics import Topic
from services.stream.topics import create_topics
from tests.loading.scene import (
    Scene,
    assert_accounted_for,
    await_progress,
    await_said,
    row,
    written,
)

AWAY = "Kafka does not answer"


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker to be killed and frozen."""
    with running_kafka(tmp_path_factory.mktemp("own-kafka")) as server:
        yield server


@pytest.fixture
def own_scene(own_kafka: KafkaServer, tmp_path: Path) -> Scene:
    """Loading into a topic on that broker."""
    create_topics(own_kafka.connection, [Topic(tmp_path.name, 4)])
    return Scene(own_kafka.connection, tmp_path.name, tmp_path)


def test_a_broker_that_dies_and_comes_back_is_waited_for_and_nothing_is_sent_twice(
    own_kafka: KafkaServer, own_scene: Scene
) -> None:
    file = own_scene.history(20_000)
    with own_scene.loading(file.file, "--rate", 5_000) as child:
        await_progress(child, file)
        own_kafka.kill()
        await_said(child, AWAY)
        own_kafka.restart()
        await_end(child, 120)
    assert child.log_file.read_text().count(AWAY) == 1
    assert_accounted_for(file, own_scene.report_ids(), runs=1)


def test_told_to_stop_while_the_broker_is_away_it_stops_in_time_and_goes_on_later(
    own_kafka: KafkaServer, own_scene: Scene
) -> None:
    file = own_scene.history(20_000)
    with own_scene.loading(file.file, "--rate", 5_000) as child:
        await_progress(child, file)
        os.kill(own_kafka.child.popen.pid, signal.SIGSTOP)
        try:
            await_said(child, AWAY)
            child.popen.terminate()
            assert child.popen.wait(30) == 1
        finally:
            os.kill(own_kafka.child.popen.pid, signal.SIGCONT)
    said = child.log_file.read_text()
    assert "the same command continues there" in said
    assert "Traceback" not in said

    assert own_scene.loaded(file.file).returncode == 0

    assert_accounted_for(file, own_scene.report_ids(), runs=2)


def test_without_a_broker_it_waits_until_told_to_stop(own_scene: Scene) -> None:
    file = written(own_scene.folder / "a.csv", row(1))
    with own_scene.loading(file, "--kafka-bootstrap-servers", "127.0.0.1:9") as child:
        await_said(child, "waiting")
        assert stop(child, 30) == 1
    assert "Traceback" not in child.log_file.read_text()
    assert not (own_scene.folder / "a.csv.checkpoint.json").exists()
