"""PostgreSQL is killed, or its disk is full, while alerts come: each one is stored once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import psutil
import pytest
from sqlalchemy.exc import DBAPIError

from local.postgres import PostgresServer
from local.processes import Goal, await_until
from services.stream.connection import KafkaConnection
from services.website.database import reading
from services.website.queries import counts
from services.website.upgrading import upgrade
from tests.faults.limited_disk import LimitedDisk, limited_disk
from tests.website.databases import fresh_database, opened, postgres_or_skip
from tests.website.test_process import Scene, scene_at, values

KILLS, ALERTS_BETWEEN = 8, 2_000
DISK_MEBIBYTES = 256
# They need more space than the pages that PostgreSQL already has.
ALERTS_FULL = 20_000


@contextmanager
def stored_in(
    server: PostgresServer, kafka: KafkaConnection, topic: str, folder: Path
) -> Iterator[Scene]:
    """A website's processes that store into a new database of that server."""
    with (
        fresh_database(server.url()) as place,
        opened(place) as engine,
        scene_at(kafka, topic, engine, folder) as scene,
    ):
        upgrade(engine)
        yield scene


@pytest.fixture
def small_disk() -> Iterator[LimitedDisk]:
    """A disk on which PostgreSQL makes its folder; its user may look into it."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        with limited_disk(Path(parent) / "disk", DISK_MEBIBYTES) as disk:
            if disk is None:
                pytest.skip("NOT TESTED WITH A FULL DISK: this user may not mount a tmpfs")
            yield disk


@pytest.fixture
def small_postgres(
    small_disk: LimitedDisk, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresServer]:
    """A PostgreSQL whose data are on the small disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk.folder))
    with postgres_or_skip() as server:
        yield server


def stored_count(scene: Scene) -> int:
    """Alerts in the database; 0 while it does not answer."""
    try:
        with reading(scene.engine) as connection:
            return counts(connection)["new"]
    except DBAPIError:
        return 0


def await_count(scene: Scene, at_least: int) -> None:
    goal = Goal(f"{at_least} alerts should be stored", 120)
    children = [member.child for member in scene.crew.members]
    await_until(lambda: stored_count(scene) >= at_least, children, goal, 0.01)


def assert_each_stored_once(scene: Scene, count: int) -> None:
    await_count(scene, count)
    scene.crew.stop_all()
    ids = scene.stored()
    assert len(ids) == len(set(ids)) == count
    assert stored_count(scene) == count
    assert "Traceback" not in scene.crew.logs()


def kill_all(server: PostgresServer) -> None:
    """Kill the server with the processes of its connections, in the midst of what they do.

    PostgreSQL: they are in sessions of their own. A server does not start again beside them.
    """
    serving = psutil.Process(server.child.popen.pid).children(recursive=True)
    server.kill()
    for process in serving:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _, alive = psutil.wait_procs(serving, timeout=30)
    assert alive == []


@pytest.mark.faults
def test_each_alert_is_stored_once_though_postgresql_is_killed_while_they_are_stored(
    kafka: KafkaConnection, topic: str, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    rng = Random(7)
    with stored_in(own_postgres, kafka, topic, tmp_path) as scene:
        scene.crew.add()
        scene.crew.add()
        for first in range(0, KILLS * ALERTS_BETWEEN, ALERTS_BETWEEN):
            scene.send(values(range(first, first + ALERTS_BETWEEN)))
            await_count(scene, first + rng.randrange(1, ALERTS_BETWEEN))
            kill_all(own_postgres)
            own_postgres.restart()
            scene.engine.dispose()
        assert_each_stored_once(scene, KILLS * ALERTS_BETWEEN)


@pytest.mark.faults
def test_each_alert_is_stored_once_though_the_disk_of_postgresql_was_full(
    kafka: KafkaConnection,
    topic: str,
    small_postgres: PostgresServer,
    small_disk: LimitedDisk,
    tmp_path: Path,
) -> None:
    with stored_in(small_postgres, kafka, topic, tmp_path) as scene:
        member = scene.crew.add()
        scene.send(values(range(100)))
        await_count(scene, 100)
        small_disk.fill()
        scene.send(values(range(100, ALERTS_FULL)))
        member.await_metric("dronewatch_website_store_failures_total", 2)
        assert member.answer("/livez") == 200
        small_disk.free()
        # A server that could not write its log has ended.
        small_postgres.restart()
        scene.engine.dispose()
        assert_each_stored_once(scene, ALERTS_FULL)
