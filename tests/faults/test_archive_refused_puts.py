"""V1: a put that is refused while other partitions move loses nothing and doubles nothing."""

import pytest

from local.processes import stop
from tests.faults.scene import ArchiveScene

COMINGS_AND_GOINGS = 2


@pytest.mark.parametrize("place", ["minio"], indirect=True)
def test_two_groups_refuse_each_others_puts_while_partitions_move(archive: ArchiveScene) -> None:
    archive.crew.add(options=["--group", f"{archive.group.group_id}-rival"])
    archive.crew.add()
    simulator = archive.fleet(600, 3)
    for _ in range(COMINGS_AND_GOINGS):
        archive.group.await_progress()
        guest = archive.crew.add()
        guest.await_ready()
        archive.group.await_progress()
        assert archive.crew.stopped(guest) == 0
        archive.crew.members.remove(guest)
    assert stop(simulator) == 0
    archive.group.await_caught_up()
    refused = [m.metric("dronewatch_archiving_names_taken_total") for m in archive.crew.members]
    assert sum(refused) > 0
    archive.crew.stop_all()
    archive.check_archive(archive.place.objects())
