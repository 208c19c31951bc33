"""Three brokers: the last one in sync is lost, and a leader is elected that lacks the log's end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.kafka import KafkaServer
from services.reports.topics import REPORTS, Topic
from services.stream.connection import client_settings
from services.stream.topics import create_topics
from tests.faults.conftest import FLUSH_OPTIONS, MEMBER_OPTIONS
from tests.faults.crew import Crew
from tests.faults.evidence import archived_rows, object_differences, topic_records
from tests.faults.places import Folder
from tests.faults.scene import GroupWatch
from tests.faults.test_log_cut import BATCH, CUT_AT, KEPT_BATCHES, TOPIC, begin_timeline, send
from tests.faults.three_brokers import BROKERS, Cluster, three_brokers
from tests.marks import UNCLOSED_SOCKETS

LOST_BATCHES, NEW_BATCHES = 6, 15
CATCH_UP_SECONDS = 180
pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    UNCLOSED_SOCKETS,
]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with three_brokers(tmp_path) as cluster:
        topics = [TOPIC, Topic("alerts", 1), Topic("reports-rejected", 1)]
        create_topics(cluster.connection, topics)
        yield cluster


@pytest.fixture
def crews(cluster: Cluster, tmp_path: Path) -> Iterator[dict[str, Crew]]:
    """A worker of archiving, into the folder `archive`, and one of alerting."""
    common = ["--kafka-bootstrap-servers", cluster.connection.bootstrap_servers, *MEMBER_OPTIONS]
    archive = [*FLUSH_OPTIONS, *Folder(tmp_path / "archive").options]
    options = {"archiving": archive, "alerting": []}
    made = {
        name: Crew(["-m", f"services.{name}", *common, *given], {}, tmp_path / name)
        for name, given in options.items()
    }
    for crew in made.values():
        crew.add()
    yield made
    for crew in made.values():
        crew.disband()


def await_caught_up(cluster: Cluster, name: str, crew: Crew) -> None:
    """kafka-python's admin client never forgets a group's coordinator: each wait has its own."""
    with KafkaAdminClient(**client_settings(cluster.connection)) as admin:
        GroupWatch(admin, name, TOPIC, crew).await_caught_up(CATCH_UP_SECONDS)


def lose_end(cluster: Cluster, crews: dict[str, Crew]) -> KafkaServer:
    """Let one broker alone take reports, lose it, and bring back the others; their leader."""
    last = cluster.await_leader(REPORTS, set(BROKERS))
    others = set(BROKERS) - {last}
    for number in others:
        cluster.brokers[number].kill()
    cluster.await_in_sync(REPORTS, {last})
    send(cluster.brokers[last], "lost", LOST_BATCHES)
    for name, crew in crews.items():
        await_caught_up(cluster, name, crew)
    cluster.brokers[last].kill()
    for number in others:
        cluster.restart(number)
    return cluster.brokers[cluster.await_leader(REPORTS, others)]


def test_archiving_stops_loudly_and_alerting_goes_on_after_an_unclean_election(
    cluster: Cluster, crews: dict[str, Crew], tmp_path: Path
) -> None:
    place = Folder(tmp_path / "archive")
    send(cluster.brokers[1], "old", KEPT_BATCHES)
    for name, crew in crews.items():
        await_caught_up(cluster, name, crew)
    leader = lose_end(cluster, crews)
    send(leader, "new", NEW_BATCHES)
    await_caught_up(cluster, "alerting", crews["alerting"])
    (member,) = crews["archiving"].members
    member.await_metric("dronewatch_consumer_stopped_partitions", 1)
    assert f"Kafka lost the log from offset {CUT_AT} on" in crews["archiving"].logs()
    old, new = ids("old", KEPT_BATCHES), ids("new", NEW_BATCHES)
    assert archived(place) == sorted(old | ids("lost", LOST_BATCHES))
    assert unalerted(leader, old | new) == set()

    begin_timeline(leader, place)
    await_caught_up(cluster, "archiving", crews["archiving"])
    for crew in crews.values():
        crew.stop_all()
        assert "Traceback" not in crew.logs()
    assert archived(place) == sorted(old | ids("lost", LOST_BATCHES) | new)
    assert object_differences(place.objects()) == []


def ids(prefix: str, batches: int) -> set[str]:
    return {f"{prefix}-{number}" for number in range(batches * BATCH)}


def archived(place: Folder) -> list[str]:
    return sorted(row.columns["report_id"] for row in archived_rows(place.objects()))


def unalerted(leader: KafkaServer, names: set[str]) -> set[str]:
    records = topic_records(leader.connection, "alerts").values()
    alerts = b"\n".join(record.value or b"" for record in records)
    return {name for name in names if f'"{name}-'.encode() not in alerts}
