"""`python -m simulator run` against a real Kafka: the ledger says what the topic holds."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner import murmur2

from local.kafka import KafkaServer, running_kafka
from local.ports import free_port
from services.reports.codec import Rejection, decoded
from services.reports.topics import REPORTS, Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.topics import create_topics
from simulator.faults import DUPLICATE, FAULTS
from simulator.ledger import digest, entries
from simulator.messages import expected_alerts

START = ("--start", "2026-03-02", "--drones", "40", "--speed", "max")
WAIT_SECONDS = 60.0

Start = Callable[..., subprocess.Popen[str]]
# What Kafka holds at (partition, offset): report id and alerts, or drone and digest of garbage.
Held = dict[tuple[int, int], tuple[str | None, object]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts simulators, and ends those that the test left."""
    started: list[subprocess.Popen[str]] = []

    def start_simulator(
        connection: KafkaConnection, topic: str, *options: str
    ) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "simulator", "run", "--topic", topic]
        command += ["--kafka-bootstrap-servers", connection.bootstrap_servers]
        command += ["--health-port", "0", "--ledger", str(tmp_path / "ledger"), *START, *options]
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield start_simulator
    for child in started:
        child.kill()
        child.wait()
        if child.stderr:
            child.stderr.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def await_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def has_lines(ledger: Path, count: int) -> bool:
    return ledger.exists() and ledger.read_bytes().count(b"\n") >= count


def ended(child: subprocess.Popen[str]) -> str:
    """What it wrote to standard error; it ended well."""
    _, errors = child.communicate(timeout=WAIT_SECONDS)
    assert child.returncode == 0, errors
    return errors


def in_topic(connection: KafkaConnection, topic: str) -> Held:
    consumer = KafkaConsumer(**client_settings(connection), auto_offset_reset="earliest")
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    held: Held = {}
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(timeout_ms=200).values():
            held |= {(r.partition, r.offset): content(r.key, r.value) for r in records}
    consumer.close()
    return held


def content(key: bytes, value: bytes | None) -> tuple[str | None, object]:
    report = decoded(value)
    if isinstance(report, Rejection):
        return key.decode(), digest(value)
    return report.report_id, expected_alerts(report)


def in_ledger(ledger: Path) -> Held:
    return {
        (entry.partition, entry.offset): (entry.report_id, entry.alerts)
        if entry.report_id
        else (entry.drone_id, entry.digest)
        for entry in entries(ledger)
        if entry.partition is not None and entry.offset is not None
    }


def test_the_ledger_says_exactly_what_stands_in_the_topic(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], start: Start, ledger: Path
) -> None:
    topic = fresh_topic(REPORTS)
    ended(start(kafka, topic, "--reports", "6000", "--fault-share", "0.1"))
    assert in_ledger(ledger) == in_topic(kafka, topic)
    noted = list(entries(ledger))
    assert len(noted) == 6000
    assert {entry.outcome for entry in noted} == {"acknowledged"}
    assert {entry.fault for entry in noted} == {None, *FAULTS}
    ids = [e.report_id for e in noted if e.report_id and e.fault != DUPLICATE]
    assert len(ids) == len(set(ids))


def test_a_drones_records_lie_where_any_kafka_client_would_put_its_key(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], start: Start, ledger: Path
) -> None:
    topic = fresh_topic(REPORTS, partitions=5)
    ended(start(kafka, topic, "--reports", "200"))
    for entry in entries(ledger):
        key = (entry.report_id or "").rpartition("-")[0].encode()
        assert entry.partition == (murmur2(key) & 0x7FFFFFFF) % 5


def test_sigterm_in_mid_run_leaves_a_complete_ledger_within_ten_seconds(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], start: Start, ledger: Path
) -> None:
    topic = fresh_topic(REPORTS)
    child = start(kafka, topic, "--fault-share", "0.05")
    await_true(lambda: has_lines(ledger, 1000))
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    ended(child)
    assert time.monotonic() - began < 10
    assert in_ledger(ledger) == in_topic(kafka, topic)


def test_a_second_run_continues_the_ledger_of_one_that_was_killed(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], start: Start, ledger: Path
) -> None:
    topic = fresh_topic(REPORTS)
    killed = start(kafka, topic, "--rate", "2000")
    await_true(lambda: has_lines(ledger, 500))
    killed.kill()
    killed.communicate()
    ended(start(kafka, topic, "--reports", "300", "--seed", "1"))
    noted, held = in_ledger(ledger), in_topic(kafka, topic)
    assert noted.items() <= held.items()
    # At most the batch in flight at the kill is missing.
    assert len(held) - len(noted) <= 4000


def test_real_time_at_a_rate_serves_health_and_metrics(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], start: Start, ledger: Path
) -> None:
    port = free_port()
    options = ("--speed", "60", "--health-port", str(port))
    child = start(kafka, fresh_topic(REPORTS), *options)
    await_true(lambda: has_lines(ledger, 20))
    await_true(lambda: status(port, "/readyz") == 200)
    assert status(port, "/livez") == 200
    assert acknowledged(port) >= 20
    child.send_signal(signal.SIGTERM)
    ended(child)


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return int(answer.status)
    except URLError as error:
        return int(getattr(error, "code", 0))


def acknowledged(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    name = "dronewatch_simulator_reports_acknowledged_total "
    return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_a_full_disk_ends_the_run_with_one_clear_line(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], start: Start
) -> None:
    child = start(kafka, fresh_topic(REPORTS), "--ledger", "/dev/full", "--log-level", "error")
    _, errors = child.communicate(timeout=WAIT_SECONDS)
    assert child.returncode == 1
    assert errors.strip() == "Error: cannot write the ledger: No space left on device (--ledger)"


def test_it_waits_for_a_topic_and_stops_when_told_while_waiting(
    kafka: KafkaConnection, start: Start
) -> None:
    child = start(kafka, "no-such-topic")
    assert child.stderr
    await_true(lambda: "no topic no-such-topic" in child.stderr.readline())
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    ended(child)
    assert time.monotonic() - began < 10


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker to be killed and frozen."""
    with running_kafka(tmp_path_factory.mktemp("own-kafka")) as server:
        yield server


def test_a_broker_that_dies_and_comes_back_loses_and_doubles_nothing(
    own_kafka: KafkaServer, start: Start, ledger: Path
) -> None:
    create_topics(own_kafka.connection, [Topic("killed", 3)])
    child = start(own_kafka.connection, "killed", "--rate", "3000", "--reports", "15000")
    await_true(lambda: has_lines(ledger, 2000))
    own_kafka.kill()
    own_kafka.restart()
    told = ended(child)
    assert told.count("Kafka does not answer") == 1
    assert {entry.outcome for entry in entries(ledger)} == {"acknowledged"}
    assert in_ledger(ledger) == in_topic(own_kafka.connection, "killed")
    assert len(in_ledger(ledger)) == 15_000


def test_stopped_while_the_broker_is_away_it_says_what_is_unknown(
    own_kafka: KafkaServer, start: Start, ledger: Path
) -> None:
    create_topics(own_kafka.connection, [Topic("frozen", 3)])
    child = start(own_kafka.connection, "frozen", "--rate", "3000")
    await_true(lambda: has_lines(ledger, 1000))
    with frozen(own_kafka):
        assert child.stderr
        await_true(lambda: "does not answer" in child.stderr.readline())
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        told = ended(child)
        assert time.monotonic() - began < 10
        assert "Traceback" not in told
    noted, held = list(entries(ledger)), in_topic(own_kafka.connection, "frozen")
    unknown = {entry.report_id for entry in noted if entry.outcome == "unknown"}
    assert unknown
    assert in_ledger(ledger).items() <= held.items()
    assert {held[place][0] for place in held.keys() - in_ledger(ledger).keys()} <= unknown


@contextmanager
def frozen(server: KafkaServer) -> Iterator[None]:
    """The broker keeps its connections and answers nothing."""
    os.kill(server.child.popen.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.child.popen.pid, signal.SIGCONT)
