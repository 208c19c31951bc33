"""Workers that die right after a put, before its commit: their heirs find the object standing."""

from local.processes import Goal, await_until, is_running
from services.reports.codec import encoded
from tests.faults.crew import Member
from tests.faults.samples import sound_report
from tests.faults.scene import ArchiveScene

SOUND = encoded(sound_report("r-1"))
GARBAGE = b'{"report_id"'

# What is sent to each partition, and after how many of its puts the worker dies.
LIVES = (
    ([GARBAGE, SOUND, SOUND], 1),
    ([SOUND, SOUND, GARBAGE], 3),
    ([GARBAGE], 4),
)


def await_death(member: Member) -> None:
    child = member.child
    await_until(lambda: not is_running(child), [], Goal(f"{child.name} should die", 60))
    assert child.popen.returncode == -9


def test_what_was_put_but_not_committed_is_not_put_again(archive: ArchiveScene) -> None:
    archive.send([SOUND])
    archive.crew.add()
    # From here on there are commits to trust, and objects behind them to find.
    archive.group.await_caught_up()
    archive.crew.stop_all()
    for values, puts in LIVES:
        archive.send(values)
        await_death(archive.crew.add(["tests.faults.dying_archiver", str(puts)]))
    archive.crew.members.clear()
    heir = archive.crew.add()
    archive.group.await_caught_up()
    assert heir.metric("dronewatch_archiving_names_taken_total") > 0
    archive.crew.stop_all()
    archive.check_archive(archive.place.objects())
