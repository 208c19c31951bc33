"""The store goes away while reports flow: nothing is lost, memory stays bounded, all is live."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import pytest

from local.minio import MinioServer
from local.processes import Goal, await_until, is_running, stop
from tests.faults.crew import Member
from tests.faults.places import Bucket
from tests.faults.scene import ArchiveScene

MEBIBYTE = 1024 * 1024
RATE = 3_000
MEMORY_MEBIBYTES = "8"


@dataclass(frozen=True, slots=True)
class Absence:
    """How a store goes away and comes back, and for how long."""

    leave: Callable[[MinioServer], None]
    come_back: Callable[[MinioServer], None]
    seconds: float


def freeze(server: MinioServer) -> None:
    """It accepts connections still, but never answers."""
    os.kill(server.child.popen.pid, signal.SIGSTOP)


def thaw(server: MinioServer) -> None:
    os.kill(server.child.popen.pid, signal.SIGCONT)


ABSENCES = [
    pytest.param(Absence(MinioServer.stop, MinioServer.restart, 30), id="stopped"),
    pytest.param(Absence(freeze, thaw, 6), id="frozen"),
    pytest.param(
        Absence(freeze, thaw, 90),
        id="frozen-long",
        marks=[pytest.mark.faults, pytest.mark.timeout(400)],
    ),
]


@pytest.fixture
def place(own_minio: MinioServer) -> Iterator[Bucket]:
    """A bucket on a server of the test's own."""
    bucket = Bucket(own_minio, "archive")
    bucket.client.make_bucket("archive")
    yield bucket
    # A frozen server could not be stopped.
    if is_running(own_minio.child):
        thaw(own_minio)


def highest_rss_bytes(members: list[Member], seconds: float) -> int:
    """Look at them every half second; each must be live all the while."""
    processes = [psutil.Process(member.child.popen.pid) for member in members]
    deadline = time.monotonic() + seconds
    highest = 0
    while time.monotonic() < deadline:
        highest = max(highest, *(process.memory_info().rss for process in processes))
        assert [member.answer("/livez") for member in members] == [200] * len(members)
        time.sleep(0.5)
    return highest


@pytest.mark.parametrize("absence", ABSENCES)
def test_a_store_that_is_away_costs_nothing_but_time(
    absence: Absence, archive: ArchiveScene, own_minio: MinioServer
) -> None:
    options = ["--memory-mebibytes", MEMORY_MEBIBYTES]
    members = [archive.crew.add(options=options), archive.crew.add(options=options)]
    simulator = archive.fleet(RATE, 3)
    archive.group.await_progress()
    absence.leave(own_minio)
    assert highest_rss_bytes(members, absence.seconds) < 512 * MEBIBYTE
    absence.come_back(own_minio)
    archive.group.await_progress()
    assert stop(simulator) == 0
    archive.group.await_caught_up()
    archive.crew.stop_all()
    archive.check_archive(archive.place.objects())


def test_a_worker_that_starts_while_the_store_is_away_waits_for_it_and_is_live(
    archive: ArchiveScene, own_minio: MinioServer
) -> None:
    own_minio.stop()
    member = archive.crew.add()
    says_so = Goal("it should say that it waits", 60)
    await_until(lambda: "the store does not answer" in archive.crew.logs(), [member.child], says_so)
    highest_rss_bytes([member], 3)
    own_minio.restart()
    member.await_ready()
    archive.crew.stop_all()
    assert archive.crew.logs().count("the store does not answer") == 1
    assert "Traceback" not in archive.crew.logs()


def test_sigterm_ends_a_worker_in_time_though_the_store_never_answers(
    archive: ArchiveScene, own_minio: MinioServer
) -> None:
    archive.crew.add()
    archive.fleet(500, 3)
    archive.group.await_progress()
    freeze(own_minio)
    # Let a put be on its way, and fail.
    highest_rss_bytes(archive.crew.members, 2)
    archive.crew.stop_all()
