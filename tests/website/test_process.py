"""The website's process on a real Kafka: killed, without its database, told to stop."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from local.postgres import PostgresServer
from local.processes import Goal, await_until
from services.reports import topics
from services.reports.codec import encoded
from services.stream.connection import KafkaConnection
from services.stream.producer import compression_setting, producer
from services.website.database import reading
from services.website.queries import counts, later
from services.website.upgrading import upgrade
from tests.faults.crew import Crew
from tests.website.databases import fresh_database, opened
from tests.website.samples import PARTITIONS, alert


@dataclass(frozen=True, slots=True)
class Scene:
    """Processes of one group on a topic of the test's own, and their database."""

    kafka: KafkaConnection
    topic: str
    engine: Engine
    crew: Crew

    def send(self, values: Iterable[bytes], codec: str = "none") -> None:
        with producer(self.kafka, **compression_setting(codec)) as sender:
            for number, value in enumerate(values):
                partition = number % PARTITIONS
                headers = [(topics.DETECTED_AT, b"1763700000000")]
                sender.send(self.topic, value=value, partition=partition, headers=headers)
            sender.flush()

    def stored(self) -> list[str]:
        """Ids in the order of their seq."""
        ids: list[str] = []
        with reading(self.engine) as connection:
            seq = 0
            while found := later(connection, seq):
                ids += [each.alert_id for each in found]
                seq = found[-1].seq
        return ids

    def await_stored(self, count: int) -> None:
        goal = Goal(f"{count} alerts should be stored", 90)
        children = [member.child for member in self.crew.members]
        await_until(lambda: len(self.stored()) >= count, children, goal)


@contextmanager
def scene_at(kafka: KafkaConnection, topic: str, engine: Engine, folder: Path) -> Iterator[Scene]:
    arguments = [
        *("-m", "services.website"),
        *("--kafka-bootstrap-servers", kafka.bootstrap_servers),
        *("--alerts-topic", topic),
        *("--group", f"group-{topic}"),
        *("--session-timeout-seconds", "6"),
        *("--port", "0"),
        *("--session-key-file", str(folder / "session.key")),
        *("--results", str(folder / "results")),
    ]
    place = engine.url.render_as_string(hide_password=False)
    environ = {"DRONEWATCH_DATABASE": place.removeprefix("sqlite:///").replace("+psycopg", "")}
    crew = Crew(arguments, environ, folder)
    try:
        yield Scene(kafka, topic, engine, crew)
    finally:
        crew.disband()


@pytest.fixture
def scene(kafka: KafkaConnection, topic: str, engine: Engine, tmp_path: Path) -> Iterator[Scene]:
    with scene_at(kafka, topic, engine, tmp_path) as made:
        yield made


def values(numbers: Iterable[int]) -> list[bytes]:
    return [encoded(alert(number)) for number in numbers]


def test_each_alert_is_stored_once_whoever_is_killed(scene: Scene) -> None:
    rng = Random(7)
    scene.crew.add()
    for first in (0, 400, 800):
        scene.crew.add()
        # Twice each, and some of those that came before once more.
        scene.send(values([*range(first, first + 400)] * 2) + values(range(first)))
        scene.await_stored(first + rng.randrange(1, 400))
        scene.crew.kill_one(rng)
    scene.await_stored(1_200)
    scene.crew.stop_all()
    ids = scene.stored()
    assert len(ids) == len(set(ids)) == 1_200
    with reading(scene.engine) as connection:
        assert counts(connection)["new"] == 1_200


def test_who_was_told_to_stop_leaves_nothing_to_read_again(scene: Scene) -> None:
    scene.crew.add()
    scene.send(values(range(300)))
    scene.await_stored(300)
    scene.crew.stop_all()
    successor = scene.crew.add()
    scene.send(values(range(300, 310)))
    scene.await_stored(310)
    assert successor.metric("dronewatch_website_duplicates_total") == 0


def test_alerts_in_every_codec_of_kafkas_are_stored(scene: Scene) -> None:
    scene.crew.add()
    for number, codec in enumerate(["gzip", "snappy", "lz4", "zstd"]):
        scene.send(values(range(10 * number, 10 * number + 10)), codec)
    scene.await_stored(40)
    scene.crew.stop_all()


def test_what_is_no_alert_holds_nobody_up(scene: Scene) -> None:
    member = scene.crew.add()
    long_id = encoded(alert(5, alert_id="a" * 5_000))
    scene.send([b"{", b"", b"\xff", long_id, *values([1, 2, 3])])
    scene.await_stored(3)
    member.await_metric("dronewatch_website_refused_records_total", 4)


def test_while_the_database_is_away_nothing_is_lost(
    kafka: KafkaConnection, topic: str, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    with (
        fresh_database(own_postgres.url()) as place,
        opened(place) as engine,
        scene_at(kafka, topic, engine, tmp_path) as scene,
    ):
        upgrade(engine)
        member = scene.crew.add()
        scene.send(values(range(100)))
        scene.await_stored(100)
        own_postgres.kill()
        scene.send(values(range(100, 3_000)))
        member.await_metric("dronewatch_website_store_failures_total", 2)
        # One poll's records: the rest waits in Kafka.
        assert 0 < member.metric("dronewatch_website_waiting_alerts") <= 500
        assert member.answer("/livez") == 200
        own_postgres.restart()
        engine.dispose()
        scene.await_stored(3_000)
        assert len(set(scene.stored())) == len(scene.stored()) == 3_000


def test_a_process_that_starts_before_its_database_waits_for_it(
    kafka: KafkaConnection, topic: str, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    own_postgres.stop()
    with (
        opened(own_postgres.url()) as engine,
        scene_at(kafka, topic, engine, tmp_path) as scene,
    ):
        member = scene.crew.add()
        scene.send(values(range(10)))
        goal = Goal("it should say that it waits", 30)
        await_until(lambda: "waiting for the database" in scene.crew.logs(), [], goal)
        assert (member.answer("/livez"), member.answer("/readyz")) == (200, 503)
        own_postgres.restart()
        member.await_ready()
        scene.await_stored(10)
        scene.crew.stop_all()
