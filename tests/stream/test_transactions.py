"""Transactions of other producers on a real Kafka: what was aborted is never handed over."""

from functools import partial

from prometheus_client import REGISTRY

from tests.stream.members import RecordingWorker, awaited, committed, member, send
from tests.stream.transactions import send_transaction

# A marker ends each transaction; it takes an offset.
MARKER = 1


def lag() -> float | None:
    labels = {"partition": "0"}
    return REGISTRY.get_sample_value("dronewatch_consumer_lag_records", labels)


def test_only_records_of_committed_transactions_are_handed_over(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=1)
    transact = partial(send_transaction, kafka, topic)
    transact([b"a", b"b"])
    transact([b"gone", b"gone too"], is_committed=False)
    transact([b"c"])
    end = 2 + MARKER + 2 + MARKER + 1 + MARKER
    with member(kafka, topic, group_id) as one:
        assert awaited(lambda: committed(kafka, topic, group_id) == {0: end})
        assert one.worker.values == [b"a", b"b", b"c"]
        assert one.worker.accepted == {0: [0, 1, 6]}


def test_behind_a_marker_or_an_aborted_transaction_nothing_is_left_to_read(
    kafka, fresh_topic, group_id, monkeypatch
):
    monkeypatch.setattr("services.stream.observation.PROBE_EVERY_SECONDS", 0.1)
    topic = fresh_topic(partitions=1)
    with member(kafka, topic, group_id) as one:
        send_transaction(kafka, topic, [b"a"])
        assert awaited(lambda: one.worker.count == 1)
        assert awaited(lambda: committed(kafka, topic, group_id) == {0: 2})
        assert awaited(lambda: lag() == 0)
        send_transaction(kafka, topic, [b"gone"] * 5, is_committed=False)
        assert awaited(lambda: committed(kafka, topic, group_id) == {0: 8})
        assert awaited(lambda: lag() == 0)
        assert one.worker.values == [b"a"]


def test_a_commit_behind_a_marker_is_where_the_next_member_goes_on(kafka, fresh_topic, group_id):
    topic = fresh_topic(partitions=1)
    send_transaction(kafka, topic, [b"a"])
    with member(kafka, topic, group_id):
        assert awaited(lambda: committed(kafka, topic, group_id) == {0: 2})
    send(kafka, topic, 3)
    with member(kafka, topic, group_id, RecordingWorker()) as other:
        assert awaited(lambda: other.worker.count == 3)
    assert other.worker.accepted == {0: [2, 3, 4]}
