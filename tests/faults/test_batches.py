"""Batches that once stopped everything: a foreign codec, a wrong checksum, a bomb."""

import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from kafka import KafkaAdminClient
from msgspec.structs import replace

from local.kafka import KafkaServer, running_kafka
from services.reports.codec import encoded
from services.reports.report import Citizen
from services.reports.topics import DERIVED_MAX_BYTES, TOPICS, Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.producer import producer
from services.stream.topics import create_topics
from tests.faults.conftest import FLUSH_OPTIONS, MEMBER_OPTIONS
from tests.faults.crew import Crew, Member
from tests.faults.evidence import archived_rows, topic_differences, topic_records
from tests.faults.memory_limit import Confine, confining
from tests.faults.places import Folder
from tests.faults.samples import sound_report
from tests.faults.scene import GroupWatch, Scene

CODECS = ("gzip", "snappy", "lz4", "zstd")
MEBIBYTE = 1024 * 1024
# The containers' limits in the charts.
ALERTING_MEBIBYTES, ARCHIVING_MEBIBYTES = 256, 640
BATCH_HEADER = struct.Struct(">qi")
ANGRY = 0.01


def archiving_into(scene: Callable[[list[str]], Scene], folder: Path) -> Scene:
    return scene(["-m", "services.archiving", *FLUSH_OPTIONS, *Folder(folder).options])


def alerting_into(scene: Callable[[list[str]], Scene], names: dict[str, str]) -> Scene:
    topics = ["--alerts-topic", names["alerts"], "--rejected-topic", names["reports-rejected"]]
    made = scene(["-m", "services.alerting", *topics])
    # Of its own, beside archiving's.
    made.crew.arguments = [*made.crew.arguments, "--group", f"alerting-{names['alerts']}"]
    return made


def values(connection: KafkaConnection, topic: str) -> list[bytes]:
    """All values in the topic."""
    return [record.value or b"" for record in topic_records(connection, topic).values()]


@pytest.mark.parametrize("codec", CODECS)
def test_reports_in_every_codec_of_kafkas_are_archived_and_alerted(
    scene: Callable[[list[str]], Scene], topic_names: dict[str, str], tmp_path: Path, codec: str
) -> None:
    archiving = archiving_into(scene, tmp_path / "archive")
    alerting = alerting_into(scene, topic_names)
    reports = [encoded(sound_report(f"{codec}-{n}", score=ANGRY)) for n in range(40)]
    with producer(archiving.kafka, compression_type=codec, linger_ms=50) as sender:
        for number, report in enumerate(reports):
            sender.send(archiving.topic.name, report, partition=number % 4)
        sender.flush()
    archiving.crew.add()
    alerting.crew.add()
    archiving.group.await_caught_up()
    archiving.crew.stop_all()
    alerting.crew.members[0].await_metric("dronewatch_alerting_alerts_total", 40)
    alerting.crew.stop_all()
    rows = archived_rows(Folder(tmp_path / "archive").objects())
    assert topic_differences(archiving.records(), rows) == []
    assert len(values(alerting.kafka, topic_names["alerts"])) == 40


# --- a batch that is damaged on the broker's disk -------------------------------------------------


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    """A broker whose files may be damaged."""
    with running_kafka(tmp_path / "kafka") as server:
        yield server


def batch_positions(segment: bytes) -> Iterator[int]:
    """Where each record batch begins in a segment file (kafka.apache.org, "Record Batch")."""
    position = 0
    while position + BATCH_HEADER.size <= len(segment):
        _, length = BATCH_HEADER.unpack_from(segment, position)
        if length <= 0:
            return
        yield position
        position += BATCH_HEADER.size + length


def damage_batch(server_folder: Path, topic: str, partition: int, number: int) -> None:
    """Flip the last byte of the number-th batch of a partition's log."""
    segment = next(server_folder.glob(f"**/{topic}-{partition}/00000000000000000000.log"))
    starts = [*batch_positions(segment.read_bytes())]
    _, length = BATCH_HEADER.unpack_from(segment.read_bytes(), starts[number])
    with segment.open("r+b") as file:
        file.seek(starts[number] + BATCH_HEADER.size + length - 1)
        last = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([last[0] ^ 0xFF]))


@pytest.fixture
def damaged(own_kafka: KafkaServer, tmp_path: Path) -> Iterator[Scene]:
    """Two partitions of three batches of two reports; partition 0 has a damaged second one."""
    reports = next(topic for topic in TOPICS if topic.name == "reports")
    topic = Topic("reports", 2, reports.configs)
    create_topics(own_kafka.connection, [topic, Topic("alerts", 2), Topic("reports-rejected", 1)])
    with producer(own_kafka.connection, linger_ms=10_000) as sender:
        for batch in range(3):
            for partition in (0, 1):
                for number in (0, 1):
                    report = sound_report(f"{batch}-{partition}-{number}", score=ANGRY)
                    sender.send(topic.name, encoded(report), partition=partition)
            sender.flush()
    damage_batch(tmp_path / "kafka", topic.name, 0, 1)
    servers = ["--kafka-bootstrap-servers", own_kafka.connection.bootstrap_servers]
    arguments = ["-m", "services.archiving", *FLUSH_OPTIONS, *servers, *MEMBER_OPTIONS]
    crew = Crew([*arguments, *Folder(tmp_path / "archive").options], {}, tmp_path)
    with KafkaAdminClient(**client_settings(own_kafka.connection)) as admin:
        group = GroupWatch(admin, "archiving", topic, crew)
        yield Scene(own_kafka.connection, topic, crew, group, _no_fleet, tmp_path)
    crew.disband()


def _no_fleet(_rate: int, _seed: int) -> None:  # type: ignore[misc]
    raise NotImplementedError


def archived_ids(folder: Path) -> set[str]:
    rows = archived_rows(Folder(folder).objects())
    return {str(row.columns["report_id"]) for row in rows}


def ids(partition: int, batches: Sequence[int]) -> set[str]:
    return {f"{batch}-{partition}-{number}" for batch in batches for number in (0, 1)}


def await_stopped(member: Member) -> None:
    member.await_metric("dronewatch_consumer_stopped_partitions", 1)


def test_a_damaged_batch_stops_its_own_partition_only_and_can_be_stepped_over(
    damaged: Scene, tmp_path: Path
) -> None:
    member = damaged.crew.add()
    await_stopped(member)
    damaged.group.await_partitions_done([1])
    assert member.answer("/readyz") == 200
    assert damaged.crew.stopped(member) == 0
    assert archived_ids(tmp_path / "archive") == ids(0, [0]) | ids(1, [0, 1, 2])

    step = ["step-over", "--partition", "0", "--position", "2", "--to", "4"]
    servers = ["--kafka-bootstrap-servers", damaged.kafka.bootstrap_servers]
    options = [*step, *servers, *Folder(tmp_path / "archive").options, "--reason", "checksum"]
    run([sys.executable, "-m", "services.archiving", *options])
    damaged.crew.members.clear()
    damaged.crew.add()
    damaged.group.await_caught_up()
    damaged.crew.stop_all()
    assert archived_ids(tmp_path / "archive") == ids(0, [0, 2]) | ids(1, [0, 1, 2])


def run(command: Sequence[str]) -> None:
    with psutil.Popen(list(command)) as process:
        assert process.wait(30) == 0


# --- a batch that becomes a thousand times as large -----------------------------------------------


def send_bomb(connection: KafkaConnection, topic: str, records: int, size_bytes: int) -> None:
    """One batch of some 300 kB that holds this much, then a report that needs a human."""
    limit = records * size_bytes + MEBIBYTE
    bomb = {"compression_type": "gzip", "linger_ms": 30_000, "batch_size": limit}
    with producer(connection, max_request_size=limit, **bomb) as sender:
        for _ in range(records):
            sender.send(topic, bytes(size_bytes), partition=0)
        sender.flush()
    with producer(connection) as sender:
        sender.send(topic, encoded(sound_report("behind", score=ANGRY)), partition=0)
        sender.flush()


@pytest.fixture
def confine() -> Iterator[Confine]:
    """Limits a worker's memory as its container does."""
    with confining() as confine:
        yield confine


def peak_mebibytes(member: Member) -> float:
    """The process's largest resident size so far."""
    status = Path(f"/proc/{member.child.popen.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize("bomb", [(1, 300_000_000), (300, 1_000_000)], ids=str)
def test_a_batch_that_unpacks_to_300_megabytes_passes_within_the_containers_memory(
    scene: Callable[[list[str]], Scene],
    topic_names: dict[str, str],
    tmp_path: Path,
    bomb: tuple[int, int],
    confine: Confine,
) -> None:
    records, size_bytes = bomb
    archiving = archiving_into(scene, tmp_path / "archive")
    alerting = alerting_into(scene, topic_names)
    send_bomb(archiving.kafka, archiving.topic.name, records, size_bytes)
    archiver, alerter = archiving.crew.add(), alerting.crew.add()
    confine(archiver, ARCHIVING_MEBIBYTES)
    confine(alerter, ALERTING_MEBIBYTES)
    archiving.group.await_caught_up(120)
    alerter.await_metric("dronewatch_alerting_alerts_total", 1)
    alerter.await_metric("dronewatch_alerting_rejected_total", records)
    assert peak_mebibytes(archiver) < ARCHIVING_MEBIBYTES
    assert peak_mebibytes(alerter) < ALERTING_MEBIBYTES
    archiving.crew.stop_all()
    alerting.crew.stop_all()
    rows = archived_rows(Folder(tmp_path / "archive").objects())
    assert len(rows) == records + 1


def test_four_reports_with_every_word_and_citizen_do_not_become_a_quarter_of_a_gigabyte(
    scene: Callable[[list[str]], Scene], topic_names: dict[str, str], confine: Confine
) -> None:
    alerting = alerting_into(scene, topic_names)
    crowd = tuple(Citizen(f"Citizen {n}", ANGRY) for n in range(1_000))
    words = tuple(f"word-{n}-{'x' * 100}"[:128] for n in range(500))
    reports = [
        encoded(replace(sound_report(f"r-{n}"), citizens=crowd, words=words)) for n in range(4)
    ]
    with producer(alerting.kafka) as sender:
        for report in reports:
            sender.send(alerting.topic.name, report, partition=0)
        sender.flush()
    alerter = alerting.crew.add()
    confine(alerter, ALERTING_MEBIBYTES)
    alerter.await_metric("dronewatch_alerting_alerts_total", 4_000)
    assert peak_mebibytes(alerter) < ALERTING_MEBIBYTES
    alerting.crew.stop_all()
    alerts = values(alerting.kafka, topic_names["alerts"])
    assert len(alerts) == 4_000
    assert max(map(len, alerts)) < 2 * 2048 < DERIVED_MAX_BYTES


def test_the_helper_that_reads_a_log_finds_each_batch() -> None:
    one, two = BATCH_HEADER.pack(0, 4) + b"abcd", BATCH_HEADER.pack(1, 2) + b"ab"
    assert [*batch_positions(one + two)] == [0, len(one)]
