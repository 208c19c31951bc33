"""Kafka is away: at the start, in the middle, and when it is time to stop."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.kafka import KafkaServer
from local.ports import HOST, free_port
from local.processes import Goal, await_until
from services.reports.topics import REPORTS
from tests.faults.crew import Crew
from tests.marks import UNCLOSED_SOCKETS
from tests.stream.members import RecordingWorker, awaited, committed, member, send

pytestmark = UNCLOSED_SOCKETS


@pytest.fixture(params=["archiving", "alerting"])
def crew(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crew]:
    """Processes of a component whose broker is not there."""
    nobody = f"{HOST}:{free_port()}"
    arguments = ["-m", f"services.{request.param}", "--kafka-bootstrap-servers", nobody]
    if request.param == "archiving":
        arguments += ["--store-folder", str(tmp_path / "archive")]
    made = Crew(arguments, {}, tmp_path)
    yield made
    made.disband()


def test_without_a_broker_it_waits_says_so_once_and_stops_when_told(crew: Crew) -> None:
    one = crew.add()
    process = psutil.Process(one.child.popen.pid)
    says_so = Goal("it should say that it waits", 60)
    await_until(lambda: '"waiting"' in crew.logs(), [one.child], says_so)
    assert (one.answer("/livez"), one.answer("/readyz")) == (200, 503)
    before = (process.num_threads(), process.num_fds())
    # Long enough for another attempt or two.
    time.sleep(11)
    assert (process.num_threads(), process.num_fds()) <= (before[0] + 2, before[1] + 6)
    begun = time.monotonic()
    one.child.popen.terminate()
    assert one.child.popen.wait(15) == 0
    assert time.monotonic() - begun < 10
    assert crew.logs().count('"waiting"') == 1
    assert "Traceback" not in crew.logs()


def test_a_broker_that_goes_and_comes_back_is_waited_for(
    own_kafka: KafkaServer, group_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.health.BROKER_WITHIN_SECONDS", 3.0)
    monkeypatch.setattr("services.runtime.health.LIVE_WITHIN_SECONDS", 12.0)
    monkeypatch.setattr("services.stream.observation.PROBE_EVERY_SECONDS", 0.5)
    connection = own_kafka.connection
    with member(connection, REPORTS, group_id, RecordingWorker(holds_back=True)) as one:
        send(connection, REPORTS, 5)
        assert awaited(lambda: one.worker.count == 5 and one.health.is_ready())
        own_kafka.kill()
        assert awaited(lambda: not one.health.is_ready())
        assert one.health.is_live()
        one.worker.holds_back = False
        own_kafka.restart()
        assert awaited(one.health.is_ready, 60)
        assert one.health.is_live()
        send(connection, REPORTS, 5)
        assert awaited(lambda: one.worker.accepted[0] and one.worker.accepted[0][-1] == 9)
        assert awaited(lambda: committed(connection, REPORTS, group_id) == {0: 10})


def test_told_to_stop_while_the_broker_is_away_it_stops_in_time(
    own_kafka: KafkaServer, group_id: str
) -> None:
    connection = own_kafka.connection
    with member(connection, REPORTS, group_id, RecordingWorker(holds_back=True)) as one:
        send(connection, REPORTS, 5)
        assert awaited(lambda: one.worker.count == 5)
        own_kafka.kill()
        assert one.stop() < 10
