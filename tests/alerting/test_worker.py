"""Alerts first and within bounds, rejections behind them, commits after both."""

import pytest
from kafka.errors import KafkaTimeoutError, NotLeaderForPartitionError
from kafka.structs import OffsetAndMetadata
from structlog.testing import capture_logs

from services.alerting.publisher import PORTION_RECORDS, Bounds, InFlightBound
from services.stream.worker import Fetch, LogRange
from tests.alerting.played import Desk, alarming, calm, fetch_of, garbage, origin


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.start(0, 1)
    return made


def sent_alerts(desk: Desk) -> int:
    return len(desk.alerts.sent)


# --- position -----------------------------------------------------------------


def test_it_begins_where_the_group_left_off() -> None:
    desk = Desk()
    committed = OffsetAndMetadata(40, "", 2)
    assert desk.worker.start_offset(0, committed, LogRange(10, 50)) == 40
    assert desk.worker.position(0) == 40


def test_what_retention_deleted_unread_is_said() -> None:
    with capture_logs() as logs:
        start = Desk().worker.start_offset(0, OffsetAndMetadata(5, "", 2), LogRange(10, 50))
    assert start == 10
    assert [entry["records"] for entry in logs] == [5]


def test_a_partition_of_another_member_has_no_position(desk: Desk) -> None:
    assert desk.worker.position(7) is None
    desk.worker.drop({1})
    assert desk.worker.position(1) is None


def test_the_position_is_the_end_of_the_last_fetch_holes_included(desk: Desk) -> None:
    desk.worker.accept(Fetch(0, 0, [calm(0, 4)], 9))
    assert desk.worker.position(0) == 9


# --- commits ------------------------------------------------------------------


def test_a_calm_fetch_is_committed_to_its_end_with_its_leader_epoch(desk: Desk) -> None:
    desk.worker.accept(Fetch(0, 0, [calm(0, 4)], 9, leader_epoch=3))
    assert desk.committed() == {0: (9, 3)}


def test_a_fetch_of_holes_only_is_committed(desk: Desk) -> None:
    desk.worker.accept(Fetch(0, 0, [], 9, leader_epoch=3))
    assert desk.committed() == {0: (9, 3)}


def test_commits_are_a_second_apart_and_each_is_handed_out_once(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, 0)]))
    assert not desk.worker.step().commits
    assert desk.committed() == {0: (1, 3)}
    assert desk.committed() == {}


def test_a_fetch_is_committed_up_to_its_first_alert_until_that_is_acknowledged(
    desk: Desk,
) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, 0)]))
    desk.worker.accept(fetch_of(0, [alarming(0, 1), calm(0, 2)]))
    desk.worker.accept(fetch_of(1, [calm(1, 0)]))
    assert desk.committed() == {0: (1, 3), 1: (1, 3)}
    desk.alerts.acknowledge(0)
    assert desk.committed() == {0: (3, 3)}


def test_a_rejection_holds_the_commit_until_it_is_acknowledged(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, 0), garbage(1), calm(0, 2)]))
    assert desk.committed() == {0: (1, 3)}
    desk.rejections.acknowledge(0)
    assert desk.committed() == {0: (3, 3)}


def test_a_rejected_record_that_is_not_yet_published_holds_the_commit() -> None:
    desk = Desk(Bounds(rejections_seconds=0.0))
    desk.rejections.acknowledges_at_once = True
    desk.start(0, 1)
    for partition in (0, 1):
        desk.worker.accept(fetch_of(partition, [garbage(offset) for offset in range(150)]))
    # A step has time for a portion of one partition.
    assert desk.committed() == {}
    while desk.worker.step().poll_immediately:
        pass
    assert desk.committed() == {0: (150, 3), 1: (150, 3)}


def test_the_leader_epoch_is_that_of_the_last_record_below_the_commit(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, 0)], leader_epoch=3))
    desk.worker.accept(fetch_of(0, [alarming(0, 1)], leader_epoch=4))
    assert desk.committed() == {0: (1, 3)}
    desk.alerts.acknowledge(0)
    assert desk.committed() == {0: (2, 4)}


def test_a_failed_alert_is_sent_again(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [alarming(0, 0)]))
    desk.alerts.fail(0, NotLeaderForPartitionError())
    assert desk.committed() == {}
    desk.alerts.acknowledge(1)
    assert desk.committed() == {0: (1, 3)}


# --- alerts first ----------------------------------------------------------------


def test_alerts_are_sent_as_their_fetch_is_accepted(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [alarming(0, 0)]))
    assert sent_alerts(desk) == 1


def test_an_alert_behind_garbage_is_sent_before_any_rejection(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [*map(garbage, range(500)), alarming(0, 500)]))
    assert sent_alerts(desk) == 1
    assert not desk.rejections.sent


def test_alerts_are_sent_while_kafka_takes_no_rejections(desk: Desk) -> None:
    desk.rejections.refusal = KafkaTimeoutError("no such topic")
    desk.worker.accept(fetch_of(0, [garbage(0)]))
    desk.worker.step()
    desk.worker.accept(fetch_of(0, [garbage(1), alarming(0, 2)]))
    desk.worker.step()
    assert sent_alerts(desk) == 1
    assert desk.rejections.refused == 1


def test_a_step_publishes_rejections_for_a_short_time_and_then_asks_to_be_called_again() -> None:
    desk = Desk(tick_seconds=0.001)
    desk.start(0)
    desk.worker.accept(fetch_of(0, [garbage(offset) for offset in range(1_500)]))
    assert desk.worker.step().poll_immediately
    in_first_step = len(desk.rejections.sent)
    assert 0 < in_first_step < 1_500
    desk.worker.step()
    assert len(desk.rejections.sent) > in_first_step


def test_each_rejected_record_is_published_once_by_turns_over_the_partitions(
    desk: Desk,
) -> None:
    for partition in (0, 1):
        desk.worker.accept(fetch_of(partition, [garbage(offset) for offset in range(300)]))
    while desk.worker.step().poll_immediately:
        pass
    origins = [origin(rejection) for rejection, _ in desk.rejections.sent]
    assert sorted(origins) == [(p, o) for p in (0, 1) for o in range(300)]
    assert {partition for partition, _ in origins[: 2 * PORTION_RECORDS]} == {0, 1}


def test_a_full_backlog_pauses_the_partition_that_fills_it_and_no_other() -> None:
    desk = Desk(Bounds(backlog_bytes=100_000, rejections_seconds=-1.0))
    desk.start(0, 1)
    desk.worker.accept(fetch_of(1, [garbage(0), garbage(1)]))
    desk.worker.accept(fetch_of(0, [garbage(offset) for offset in range(600)]))
    assert desk.worker.step().paused == {0}


def test_a_paused_partition_is_read_on_once_its_rejections_are_published() -> None:
    desk = Desk(Bounds(backlog_bytes=100_000))
    desk.rejections.acknowledges_at_once = True
    desk.start(0)
    desk.worker.accept(fetch_of(0, [garbage(offset) for offset in range(600)]))
    while desk.worker.step().poll_immediately:
        pass
    assert not desk.worker.step().paused


# --- bounds -----------------------------------------------------------------------


def test_alerts_in_flight_are_bounded_and_the_rest_is_raised_later() -> None:
    desk = Desk(Bounds(alerts=InFlightBound(150, 2**30)))
    desk.start(0, 1)
    desk.worker.accept(fetch_of(0, [alarming(0, 0, citizens=1_000)]))
    actions = desk.worker.step()
    assert sent_alerts(desk) <= 150 + PORTION_RECORDS
    assert actions.paused == {0, 1}
    assert not actions.poll_immediately
    desk.alerts.acknowledges_at_once = True
    for number in range(sent_alerts(desk)):
        desk.alerts.acknowledge(number)
    while desk.worker.step().paused:
        pass
    assert len({alert.value for alert, _ in desk.alerts.sent}) == 1_000
    assert desk.committed() == {0: (1, 3)}


def test_the_bytes_of_alerts_in_flight_are_bounded() -> None:
    desk = Desk(Bounds(alerts=InFlightBound(2**30, 20_000)))
    desk.start(0)
    desk.worker.accept(fetch_of(0, [alarming(0, offset, citizens=50) for offset in range(100)]))
    desk.worker.step()
    assert 20_000 <= sum(alert.size_bytes() for alert, _ in desk.alerts.sent) < 20_000 + 2**17


def test_a_fetch_that_is_not_read_through_pauses_its_own_partition() -> None:
    desk = Desk(Bounds(alerts_seconds=-1.0))
    desk.start(0, 1)
    desk.worker.accept(fetch_of(0, [alarming(0, 0, citizens=1_000)]))
    actions = desk.worker.step()
    assert actions.paused == {0}
    assert actions.poll_immediately


def test_another_partition_has_its_turn_while_a_fetch_is_not_read_through() -> None:
    desk = Desk(Bounds(alerts_seconds=-1.0))
    desk.start(0, 1)
    desk.worker.accept(fetch_of(0, [alarming(0, 0, citizens=1_000)]))
    desk.worker.accept(fetch_of(1, [alarming(1, 0)]))
    assert sent_alerts(desk) == PORTION_RECORDS + 1


# --- a log that was cut, and the end ------------------------------------------------


def test_it_goes_on_where_the_log_was_cut_and_says_so(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [alarming(0, offset) for offset in range(10)]))
    with capture_logs() as logs:
        desk.worker.on_log_cut(0, 4)
    assert desk.worker.position(0) == 4
    assert [entry["log_level"] for entry in logs] == ["error"]
    for number in range(10):
        desk.alerts.acknowledge(number)
    assert desk.committed() == {0: (4, 3)}


def test_a_commit_above_the_cut_is_taken_back(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, offset) for offset in range(10)]))
    assert desk.committed() == {0: (10, 3)}
    desk.worker.on_log_cut(0, 4)
    assert desk.committed() == {0: (4, 3)}


def test_what_is_read_again_up_to_the_old_commit_is_committed_with_its_new_epoch(
    desk: Desk,
) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, offset) for offset in range(10)]))
    assert desk.committed() == {0: (10, 3)}
    desk.worker.on_log_cut(0, 4)
    desk.worker.accept(fetch_of(0, [calm(0, offset) for offset in range(4, 10)], leader_epoch=4))
    assert desk.committed() == {0: (10, 4)}


def test_alerts_in_flight_above_the_cut_do_not_hold_the_commit_above_it(desk: Desk) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, offset) for offset in range(5)]))
    desk.worker.accept(fetch_of(0, [alarming(0, 5)]))
    desk.worker.on_log_cut(0, 3)
    assert desk.committed() == {0: (3, 3)}


def test_of_a_fetch_that_is_half_read_only_what_is_below_the_cut_is_read_on() -> None:
    desk = Desk(Bounds(alerts=InFlightBound(150, 2**30)))
    desk.start(0)
    desk.worker.accept(fetch_of(0, [alarming(0, offset, citizens=100) for offset in range(10)]))
    desk.worker.on_log_cut(0, 4)
    desk.alerts.acknowledges_at_once = True
    for number in range(sent_alerts(desk)):
        desk.alerts.acknowledge(number)
    while desk.worker.step().paused:
        pass
    assert sent_alerts(desk) == 400
    assert desk.committed() == {0: (4, 3)}


def test_rejected_records_above_the_cut_are_forgotten() -> None:
    desk = Desk(Bounds(rejections_seconds=-1.0))
    desk.start(0)
    desk.worker.accept(fetch_of(0, [garbage(offset) for offset in range(600)]))
    desk.worker.on_log_cut(0, 150)
    while desk.worker.step().poll_immediately:
        pass
    assert len(desk.rejections.sent) == 150


def test_a_drain_publishes_what_was_read_and_commits_what_is_acknowledged() -> None:
    desk = Desk(Bounds(alerts_seconds=-1.0, rejections_seconds=-1.0))
    desk.start(0, 1)
    desk.alerts.acknowledges_at_once = desk.rejections.acknowledges_at_once = True
    desk.worker.accept(fetch_of(0, [alarming(0, 0, 500), *map(garbage, range(1, 400))]))
    commits = desk.worker.drain({0}, 5.0)
    assert [(p, c.offset) for p, c in commits.items()] == [(0, 400)]
    assert desk.worker.position(0) is None
    assert desk.worker.position(1) == 0


def test_a_drain_ends_at_its_deadline_and_commits_no_alert_that_lacks_its_acknowledgement(
    desk: Desk,
) -> None:
    desk.worker.accept(fetch_of(0, [calm(0, 0), alarming(0, 1)]))
    began_seconds = desk.now_seconds
    assert not [c for c in desk.worker.drain({0}, 5.0).values() if c.offset > 1]
    assert desk.now_seconds - began_seconds == pytest.approx(5.0, abs=0.1)


def test_closing_closes_both_clients(desk: Desk) -> None:
    desk.worker.close()
    assert desk.alerts.is_closed
    assert desk.rejections.is_closed
