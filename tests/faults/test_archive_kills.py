"""Invariant 1 while workers are killed, added and removed: the ledger and the topic agree."""

import pytest

from local.checks import archive_differences
from local.processes import stop
from simulator.ledger import entries
from tests.faults.chaos import LONG, QUICK, Chaos, wreak
from tests.faults.evidence import archived_rows, ledger_rows
from tests.faults.scene import ArchiveScene

RUNS = [
    pytest.param(QUICK, id="quick"),
    pytest.param(LONG, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(600)]),
]


@pytest.mark.parametrize("chaos", RUNS)
def test_the_archive_holds_every_record_once_whoever_is_killed_when(
    chaos: Chaos, archive: ArchiveScene
) -> None:
    archive.crew.add()
    archive.crew.add()
    simulator = archive.fleet(chaos.rate, chaos.seed)
    wreak(chaos, archive.crew, archive.group.await_progress)
    archive.group.await_written(chaos.reports)
    assert stop(simulator) == 0
    archive.group.await_caught_up()
    archive.crew.stop_all()
    objects = archive.place.objects()
    rows = ledger_rows(archived_rows(objects))
    assert len(rows) >= chaos.reports
    assert archive_differences(list(entries(archive.ledger)), rows) == ()
    archive.check_archive(objects)
