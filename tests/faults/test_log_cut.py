"""V10 on the real components: Kafka loses a log's end that was read, and the log grows past it."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.kafka import KafkaServer, running_kafka
from services.reports.codec import encoded
from services.reports.topics import REPORTS, TOPICS, Topic
from services.stream.connection import client_settings
from services.stream.producer import producer
from services.stream.topics import create_topics
from tests.faults.conftest import FLUSH_OPTIONS, MEMBER_OPTIONS
from tests.faults.crew import Crew
from tests.faults.evidence import archived_rows, object_differences, topic_records
from tests.faults.places import Folder
from tests.faults.samples import sound_report
from tests.faults.scene import GroupWatch
from tests.stream.cut_logs import lose_log_end

CONFIGS = next(topic.configs for topic in TOPICS if topic.name == REPORTS)
TOPIC = Topic(REPORTS, 1, CONFIGS)
BATCH, BATCHES, KEPT_BATCHES, LATER_BATCHES = 10, 10, 4, 15
CUT_AT = BATCH * KEPT_BATCHES
OLD = {f"old-{number}" for number in range(BATCH * BATCHES)}
NEW = {f"new-{number}" for number in range(BATCH * LATER_BATCHES)}
Hire = Callable[[str, Sequence[str]], tuple[Crew, GroupWatch]]


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    """A broker whose log may be cut, with the topics of reports and alerts."""
    with running_kafka(tmp_path / "kafka") as server:
        create_topics(server.connection, [TOPIC, Topic("alerts", 1), Topic("reports-rejected", 1)])
        yield server


@pytest.fixture
def hire(own_kafka: KafkaServer, tmp_path: Path) -> Iterator[Hire]:
    """`hire(component, options)`: its crew, and how far its group is."""
    crews: list[Crew] = []
    connection = own_kafka.connection

    with KafkaAdminClient(**client_settings(connection)) as admin:

        def hired(component: str, options: Sequence[str]) -> tuple[Crew, GroupWatch]:
            servers = ["--kafka-bootstrap-servers", connection.bootstrap_servers]
            arguments = ["-m", f"services.{component}", *servers, *MEMBER_OPTIONS, *options]
            crews.append(Crew(arguments, {}, tmp_path))
            return crews[-1], GroupWatch(admin, component, TOPIC, crews[-1])

        yield hired
    for crew in crews:
        crew.disband()


def send(server: KafkaServer, prefix: str, batches: int) -> None:
    """So many batches of ten reports, each of which raises an alert."""
    with producer(server.connection, linger_ms=1_000, batch_size=1 << 20) as sender:
        for number in range(batches * BATCH):
            report = sound_report(f"{prefix}-{number}", score=0.01)
            sender.send(REPORTS, encoded(report), partition=0)
            if number % BATCH == BATCH - 1:
                sender.flush()


def begin_timeline(server: KafkaServer, place: Folder) -> None:
    """Somebody lets partition 0 go on where its log was cut."""
    options = ["--partition", "0", "--begin", str(CUT_AT), *place.options]
    servers = ["--kafka-bootstrap-servers", server.connection.bootstrap_servers]
    command = [sys.executable, "-m", "services.archiving", "new-timeline", *options, *servers]
    subprocess.run(command, check=True, timeout=60)


def test_archiving_stops_loudly_and_goes_on_in_a_chain_of_its_own_when_told_to(
    own_kafka: KafkaServer, hire: Hire, tmp_path: Path
) -> None:
    place = Folder(tmp_path / "archive")
    crew, group = hire("archiving", [*FLUSH_OPTIONS, *place.options])
    send(own_kafka, "old", BATCHES)
    member = crew.add()
    group.await_caught_up()
    lose_log_end(own_kafka, REPORTS, KEPT_BATCHES)
    send(own_kafka, "new", LATER_BATCHES)
    member.await_metric("dronewatch_consumer_stopped_partitions", 1)
    assert f"Kafka lost the log from offset {CUT_AT} on" in crew.logs()
    assert member.answer("/livez") == 200
    assert {row.columns["report_id"] for row in archived_rows(place.objects())} == OLD

    begin_timeline(own_kafka, place)
    group.await_caught_up()
    crew.stop_all()
    rows = archived_rows(place.objects())
    assert {row.columns["report_id"] for row in rows} == OLD | NEW
    assert len(rows) == len(OLD | NEW)
    assert object_differences(place.objects()) == []
    assert "Traceback" not in crew.logs()


def test_alerting_goes_on_from_the_cut_so_that_every_later_report_is_alerted(
    own_kafka: KafkaServer, hire: Hire
) -> None:
    crew, group = hire("alerting", [])
    send(own_kafka, "old", BATCHES)
    crew.add()
    group.await_caught_up()
    lose_log_end(own_kafka, REPORTS, KEPT_BATCHES)
    send(own_kafka, "new", LATER_BATCHES)
    group.await_caught_up()
    crew.stop_all()
    records = topic_records(own_kafka.connection, "alerts").values()
    alerts = b"\n".join(record.value or b"" for record in records)
    missed = {name for name in OLD | NEW if f'"{name}-'.encode() not in alerts}
    assert missed == set()
    assert "Traceback" not in crew.logs()
