"""The consumer loop on a real Kafka: what is handed over, when it is committed, who owns what."""

import time

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewPartitions
from kafka.errors import KafkaTimeoutError

from services.runtime import health
from services.stream import loop
from services.stream.connection import client_settings
from services.stream.consumer import group_consumer
from services.stream.worker import LogRange
from tests.stream.members import (
    STOP_SECONDS,
    RecordingWorker,
    awaited,
    committed,
    delete_before,
    member,
    send,
)


def test_a_commit_follows_the_work(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=1)
    with member(kafka, topic, group_id, RecordingWorker(holds_back=True)) as one:
        send(kafka, topic, 10)
        assert awaited(lambda: one.worker.count == 10)
        send(kafka, topic, 1)
        assert awaited(lambda: one.worker.count == 11)
        assert committed(kafka, topic, group_id) == {}
        one.worker.holds_back = False
        assert awaited(lambda: committed(kafka, topic, group_id) == {0: 11})


def test_new_partitions_come_though_every_poll_ends_before_the_group_is_joined_anew(
    kafka, fresh_topic, group_id
):
    topic = fresh_topic(partitions=1)
    soon = {"metadata_max_age_ms": 500}
    with member(kafka, topic, group_id, RecordingWorker(polls_immediately=True), **soon) as one:
        assert awaited(lambda: one.assigned == {0})
        with KafkaAdminClient(**client_settings(kafka)) as admin:
            admin.create_partitions({topic: NewPartitions(3)})
        assert awaited(lambda: one.assigned == {0, 1, 2})


def test_the_worker_hears_of_a_commit_once_the_group_has_it(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=1)
    with member(kafka, topic, group_id, RecordingWorker(holds_back=True)) as one:
        send(kafka, topic, 10)
        assert awaited(lambda: one.worker.count == 10)
        assert one.worker.acknowledged == []
        one.worker.holds_back = False
        assert awaited(lambda: one.worker.acknowledged)
        assert committed(kafka, topic, group_id) == {0: 10}
        assert one.worker.acknowledged == [{0}]


def test_the_worker_does_not_hear_of_a_commit_that_fails(kafka, fresh_topic, group_id, monkeypatch):
    topic = fresh_topic(partitions=1)
    with member(kafka, topic, group_id) as one:
        assert awaited(lambda: one.assigned)

        def refuse(*_: object, **__: object) -> None:
            raise KafkaTimeoutError

        monkeypatch.setattr(one.loop.consumer, "commit", refuse)
        send(kafka, topic, 5)
        assert awaited(lambda: one.loop.uncommitted)
        steps = one.worker.steps
        assert awaited(lambda: one.worker.steps > steps + 1)
        assert one.worker.acknowledged == []
        monkeypatch.undo()
        assert awaited(lambda: one.worker.acknowledged == [{0}])


def test_a_worker_in_a_hurry_gets_its_next_step_at_once(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=1)
    with member(kafka, topic, group_id, RecordingWorker(polls_immediately=True)) as one:
        assert awaited(lambda: one.assigned)
        steps, begun = one.worker.steps, time.monotonic()
        assert awaited(lambda: one.worker.steps > steps + 50)
        # 50 waits for records that do not come would take ten seconds.
        assert time.monotonic() - begun < 5


def test_stopped_it_commits_all_that_was_handed_over_and_closes_the_worker(
    kafka, fresh_topic, group_id
):
    topic = fresh_topic(partitions=3)
    with member(kafka, topic, group_id, RecordingWorker(holds_back=True)) as one:
        send(kafka, topic, 10, partitions=3)
        assert awaited(lambda: one.worker.count == 30)
        assert one.stop() < STOP_SECONDS
        assert committed(kafka, topic, group_id) == {0: 10, 1: 10, 2: 10}
        assert one.worker.is_closed


def test_the_next_member_goes_on_where_the_last_one_stopped(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=2)
    send(kafka, topic, 5, partitions=2)
    with member(kafka, topic, group_id) as one:
        assert awaited(lambda: one.worker.count == 10)
    send(kafka, topic, 5, partitions=2)
    with member(kafka, topic, group_id) as other:
        assert awaited(lambda: other.worker.count == 10)
    assert other.worker.accepted == {0: [5, 6, 7, 8, 9], 1: [5, 6, 7, 8, 9]}


def test_it_leaves_the_group_so_that_others_need_not_wait_for_its_session(
    kafka, fresh_topic, group_id
):
    topic = fresh_topic(partitions=1)
    minutes = {"session_timeout_ms": 300_000, "heartbeat_interval_ms": 1_000}
    with member(kafka, topic, group_id, **minutes) as one:
        assert awaited(lambda: one.assigned)
    send(kafka, topic, 1)
    with member(kafka, topic, group_id, **minutes) as other:
        assert awaited(lambda: other.worker.count == 1)


def test_revoked_partitions_are_drained_and_committed_and_the_others_kept(
    kafka, fresh_topic, group_id
):
    topic = fresh_topic(partitions=4)
    with member(kafka, topic, group_id, RecordingWorker(holds_back=True)) as one:
        send(kafka, topic, 10, partitions=4)
        assert awaited(lambda: one.worker.count == 40)
        with member(kafka, topic, group_id) as other:
            assert awaited(lambda: len(one.assigned) == 2 and len(other.assigned) == 2)
            moved = frozenset(other.assigned)
            assert one.worker.drained == [moved]
            assert awaited(lambda: {p for p, _, _ in other.worker.started} == moved)
            assert committed(kafka, topic, group_id) == dict.fromkeys(moved, 10)
            assert set(other.worker.started) == {
                (partition, 10, LogRange(0, 10)) for partition in moved
            }
            # Kept partitions were not started again, and go on.
            assert len(one.worker.started) == 4
            send(kafka, topic, 5, partitions=4)
            assert awaited(lambda: one.worker.count == 50 and other.worker.count == 10)
    assert {p: one.worker.accepted[p] for p in one.worker.open} == {}
    assert committed(kafka, topic, group_id) == dict.fromkeys(range(4), 15)


def test_a_commit_that_is_still_due_is_made_when_its_partition_is_revoked(
    kafka, fresh_topic, group_id, monkeypatch
):
    topic = fresh_topic(partitions=2)
    with member(kafka, topic, group_id) as one:
        # The loop's own commits fail from now on, as if the coordinator did not answer.
        monkeypatch.setattr(one.loop, "_commit", lambda: None)
        send(kafka, topic, 5, partitions=2)
        assert awaited(lambda: len(one.loop.uncommitted) == 2)
        with member(kafka, topic, group_id) as other:
            assert awaited(lambda: len(other.worker.started) == 1)
            [(_, offset, _)] = other.worker.started
            assert offset == 5
        monkeypatch.undo()


def test_a_partition_paused_by_the_worker_waits_and_the_others_go_on(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=2)
    with member(kafka, topic, group_id) as one:
        send(kafka, topic, 5, partitions=2)
        assert awaited(lambda: one.worker.count == 10)
        one.worker.paused = {0}
        assert awaited(lambda: len(one.loop.consumer.paused()) == 1)
        send(kafka, topic, 5, partitions=2)
        assert awaited(lambda: len(one.worker.accepted[1]) == 10)
        assert len(one.worker.accepted[0]) == 5
        one.worker.paused = set()
        assert awaited(lambda: one.worker.count == 20)
    assert one.worker.accepted == {0: list(range(10)), 1: list(range(10))}


def test_a_start_that_the_log_has_not_reached_is_told_as_a_cut_of_which_nobody_knows_where(
    kafka, fresh_topic, group_id
):
    topic = fresh_topic(partitions=1)
    send(kafka, topic, 5)
    with member(kafka, topic, group_id, RecordingWorker(starts=[1_000])) as one:
        assert awaited(lambda: one.worker.count == 5)
    assert one.worker.started == [(0, None, LogRange(0, 5))]
    assert one.worker.cuts == [(0, 0)]
    assert one.worker.accepted == {0: [0, 1, 2, 3, 4]}
    assert committed(kafka, topic, group_id) == {0: 5}


def test_records_deleted_before_they_were_read_start_the_partition_anew(
    kafka, fresh_topic, group_id
):
    topic = fresh_topic(partitions=1)
    send(kafka, topic, 10)
    delete_before(kafka, topic, 5)
    with member(kafka, topic, group_id, RecordingWorker(starts=[2])) as one:
        assert awaited(lambda: one.worker.count == 5)
    assert one.worker.started == [(0, None, LogRange(5, 10))] * 2
    assert one.worker.accepted == {0: [5, 6, 7, 8, 9]}


def test_a_member_without_a_partition_is_ready(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=1)
    with member(kafka, topic, group_id) as one, member(kafka, topic, group_id) as other:
        assert awaited(lambda: one.health.is_ready() and other.health.is_ready())
        assert sorted([len(one.assigned), len(other.assigned)]) == [0, 1]


def test_a_member_that_waits_for_a_dead_one_still_sees_the_broker(
    kafka, fresh_topic, group_id, monkeypatch
):
    """Kafka holds a rebalance until the dead member's session is over; it is not away."""
    monkeypatch.setattr("services.stream.observation.PROBE_EVERY_SECONDS", 0.2)
    topic = fresh_topic(partitions=2)
    minute = {"session_timeout_ms": 60_000, "heartbeat_interval_ms": 500}
    with member(kafka, topic, group_id) as one:
        assert awaited(lambda: len(one.assigned) == 2)
        # A member that never polls again, as if it were killed.
        dead = group_consumer(kafka, group_id, **minute)
        dead.subscribe([topic])
        dead.poll(timeout_ms=100)
        seen = one.health.broker_seen_at_seconds
        assert awaited(lambda: one.health.broker_seen_at_seconds != seen)
        assert not one.loop.observer.is_away
        dead.close(timeout_ms=1_000)


def test_the_constants_leave_room_within_ten_seconds():
    assert loop.DRAIN_SECONDS + loop.COMMIT_ON_STOP_SECONDS < STOP_SECONDS
    assert health.LIVE_WITHIN_SECONDS > loop.LOOKUP_TIMEOUT_MS / 1000


@pytest.mark.parametrize("count", [1, 3])
def test_stop_before_the_first_poll_ends_it(kafka, fresh_topic, group_id, count):
    topic = fresh_topic(partitions=count)
    with member(kafka, topic, group_id) as one:
        assert one.stop() < STOP_SECONDS
