"""A worker that slept through its own death: its late put is refused, and it carries on."""

import pytest

from local.processes import Goal, await_until, stop
from tests.faults.scene import ArchiveScene


def test_a_zombies_late_put_is_refused_and_it_carries_on(archive: ArchiveScene) -> None:
    folder, crew, group = archive.folder, archive.crew, archive.group
    zombie = crew.add(["tests.faults.late_archiver", str(folder)])
    simulator = archive.fleet(300, 5)
    waits = Goal("a put should be on its way", 60)
    await_until((folder / "waiting").exists, [zombie.child], waits)
    zombie.freeze()
    heir = crew.add()
    # Three rounds: by then the heir has put something of every partition.
    for _ in range(3):
        group.await_progress()
    (folder / "gate").touch()
    zombie.thaw()
    await_until((folder / "won").exists, [zombie.child], Goal("the late put should end", 60))
    assert (folder / "won").read_text() == "False"
    zombie.await_ready()
    assert crew.stopped(heir) == 0
    crew.members.remove(heir)
    # Now it is alone, and works.
    group.await_progress()
    assert stop(simulator) == 0
    group.await_caught_up()
    crew.stop_all()
    archive.check_archive(archive.place.objects())


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_worker_frozen_past_its_session_drops_what_it_held(archive: ArchiveScene) -> None:
    zombie = archive.crew.add(options=["--object-age-seconds", "4"])
    simulator = archive.fleet(300, 6)
    zombie.await_metric("dronewatch_archiving_buffered_bytes", 1)
    zombie.freeze()
    archive.crew.add()
    archive.group.await_progress()
    archive.group.await_progress()
    zombie.thaw()
    zombie.await_ready()
    archive.group.await_progress()
    assert stop(simulator) == 0
    archive.group.await_caught_up()
    archive.crew.stop_all()
    archive.check_archive(archive.place.objects())
