"""Where a channel goes on: at its bookmark, unless the topic or its records are gone."""

import pytest
import structlog
from kafka.structs import OffsetAndMetadata
from structlog.testing import capture_logs

from services.notifying import starting
from services.notifying import worker as worker_module
from services.notifying.bookmark import Bookmark, Layout, metadata_of
from services.notifying.starting import Start, start_of
from services.stream.worker import Fetch, LogRange
from tests.notifying.world import World

HERE, ELSEWHERE = "a" * 32, "b" * 32
BOOKMARK = Bookmark(HERE, 10, frozenset({12}), frozenset({11, 13}))


def committed(bookmark: Bookmark) -> OffsetAndMetadata:
    return OffsetAndMetadata(bookmark.offset, metadata_of(bookmark), -1)


def test_without_a_commit_at_the_logs_start() -> None:
    assert start_of(0, None, LogRange(7, 20), HERE) == Start(Bookmark(HERE, 7))


def test_with_a_commit_where_it_says() -> None:
    assert start_of(0, committed(BOOKMARK), LogRange(7, 50), HERE) == Start(BOOKMARK)


def test_what_another_topic_of_the_name_had_says_nothing() -> None:
    assert start_of(0, committed(BOOKMARK), LogRange(0, 50), ELSEWHERE) == Start(
        Bookmark(ELSEWHERE, 0)
    )


def test_an_offset_that_was_set_by_hand_is_taken() -> None:
    assert start_of(0, OffsetAndMetadata(42, "", -1), LogRange(0, 50), HERE) == Start(
        Bookmark(HERE, 42)
    )


def test_metadata_that_cannot_be_read_is_told_and_the_offset_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with capture_logs() as told:
        # Another test may have set up logging for good.
        monkeypatch.setattr(starting, "log", structlog.get_logger())
        assert start_of(0, OffsetAndMetadata(42, "strange", -1), LogRange(0, 50), HERE) == Start(
            Bookmark(HERE, 42)
        )
    assert "unreadable" in told[0]["event"]


def test_what_retention_deleted_is_counted() -> None:
    start = start_of(0, committed(BOOKMARK), LogRange(14, 50), HERE)
    # 10, 11 and 13: 12 was done.
    assert start == Start(Bookmark(HERE, 14), lost=3)


def test_while_running_a_topic_that_is_made_anew_is_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "CHECK_MS", 0)
    world = World(partitions=1)
    for number in range(3):
        world.append(0, number, subject=0)
    for _ in range(9):
        world.pass_ms(500)
        world.turn(0)
    worker, before = world.members[0].worker, world.committed[0]
    world.topic_id = ELSEWHERE
    worker.step()
    assert worker.position(0) is None
    assert worker.start_offset(0, before, LogRange(0, 3)) == 0
    worker.step()
    assert worker.position(0) == 0
    assert worker.partitions[0].backlog.waiting == {}


def test_alerts_in_the_new_topic_are_sent_although_their_offsets_were_done() -> None:
    world = World(partitions=1)
    world.append(0, 1, subject=0)
    world.rest()
    # What the group's commit says is of the topic before.
    world.topic_id, world.log = ELSEWHERE, [[]]
    world.append(0, 2, subject=0)
    world.members[0] = world._member()
    world.members[0].owned = {0}
    for _ in range(9):
        world.pass_ms(500)
        world.turn(0)
    assert [notice.notice_id for notice in world.taken] == [
        "r-0-1-agitation-0",
        "r-0-2-agitation-0",
    ]


def test_where_the_log_lost_its_end_what_was_read_there_is_forgotten_and_what_comes_is_sent() -> (
    None
):
    world = World(partitions=1)
    world.know_layout()
    for number in (0, 21, 42):
        world.publish(0, number)
    for _ in range(5):
        world.turn(0)
    worker = world.members[0].worker
    assert worker.position(0) == 3
    del world.log[0][1:]
    worker.on_log_cut(0, 1)
    assert worker.position(0) == 1
    assert worker.step().commits[0].offset == 1
    world.publish(0, 42)
    world.rest()
    assert {one.alert_id for notice in world.taken for one in notice.alerts} == {
        "r-0-agitation-0",
        "r-42-agitation-0",
    }


def test_a_plan_that_lost_its_alerts_with_the_logs_end_is_given_up() -> None:
    world = World(partitions=1)
    world.know_layout()
    world.publish(0, 0)
    world.turn(0, "commit lost")
    worker = world.members[0].worker
    world.turn(0, "commit lost")
    assert worker.partitions[0].planned == {0}
    world.log[0].clear()
    worker.on_log_cut(0, 0)
    world.publish(0, 1)
    world.rest()
    assert [notice.notice_id for notice in world.taken] == ["r-1-agitation-0"]


def test_commits_carry_the_leader_epoch_of_the_last_fetch() -> None:
    world = World(partitions=1)
    world.publish(0, 0)
    worker = world.members[0].worker
    worker.start_offset(0, None, LogRange(0, 1))
    worker.accept(Fetch(0, 0, world.log[0], 3, leader_epoch=7))
    [commit] = worker.drain({0}, 0.0).values()
    assert (commit.offset, commit.leader_epoch) == (0, 7)


def test_a_growth_that_the_start_of_a_partition_finds_is_known_to_all_partitions() -> None:
    world = World(partitions=1)
    world.know_layout()
    worker = world.members[0].worker
    worker.start_offset(0, world.committed[0], LogRange(0, 0))
    world.grow()
    worker.start_offset(1, None, LogRange(0, 0))
    assert worker.partitions[0].intake.layout.partitions == 2


def test_a_hole_at_the_logs_end_is_committed() -> None:
    worker = World(partitions=1).members[0].worker
    worker.start_offset(0, None, LogRange(0, 1))
    worker.step()
    worker.accept(Fetch(0, 0, [], 1, leader_epoch=7))
    [commit] = worker.drain({0}, 0.0).values()
    assert (commit.offset, commit.leader_epoch) == (1, 7)


@pytest.mark.parametrize("epoch", [0, 1])
def test_what_was_written_after_the_commit_is_not_done_although_the_bookmark_says_so(
    epoch: int,
) -> None:
    # While nobody owned the partition its log lost its end and grown past the commit.
    world = World(partitions=1)
    world.publish(0, 0)
    worker = world.members[0].worker
    known = Bookmark(world.topic_id, 1, layout=Layout(1))
    commit = OffsetAndMetadata(1, metadata_of(known), 0)
    worker.start_offset(0, commit, LogRange(0, 1))
    worker.accept(Fetch(0, 0, world.log[0], 1, leader_epoch=epoch))
    assert list(worker.partitions[0].backlog.waiting) == [0] * epoch


def test_an_alert_older_than_what_is_remembered_is_counted_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(partitions=1, now_ms=4_000_000_000_000)
    world.know_layout()
    world.publish(0, 0)
    with capture_logs() as told:
        monkeypatch.setattr(worker_module, "log", structlog.get_logger())
        world.rest()
    assert [one["event"] for one in told if one["log_level"] == "error"] == [
        "alerts are older than what is remembered: people may have them already"
    ]
