"""V10: Kafka loses the end of a log that was read already, on a broker of the test's own."""

import pytest

from local.kafka import KafkaServer
from services.reports.topics import REPORTS
from services.stream.connection import KafkaConnection
from services.stream.producer import producer
from tests.marks import UNCLOSED_SOCKETS
from tests.stream.cut_logs import lose_log_end
from tests.stream.members import RecordingWorker, awaited, committed, member

pytestmark = UNCLOSED_SOCKETS
BATCH = 10
KEPT_BATCHES = 4
CUT_AT = BATCH * KEPT_BATCHES
READ = 100


def send_batches(connection: KafkaConnection, count: int) -> None:
    """So many records in batches of ten."""
    with producer(connection, linger_ms=1_000, batch_size=1 << 20) as sender:
        for number in range(count):
            sender.send(REPORTS, value=f"{number}".encode(), partition=0)
            if number % BATCH == BATCH - 1:
                sender.flush()
        sender.flush()


# Fewer than were cut: the position lies beyond the log's end. More: the log has grown past it.
@pytest.mark.parametrize("sent", [30, 150])
def test_a_member_that_runs_hears_of_the_cut_and_goes_on_from_there(
    own_kafka: KafkaServer, group_id: str, sent: int
) -> None:
    connection = own_kafka.connection
    with member(connection, REPORTS, group_id) as one:
        send_batches(connection, READ)
        assert awaited(lambda: one.worker.count == READ)
        assert awaited(lambda: committed(connection, REPORTS, group_id) == {0: READ})
        lose_log_end(own_kafka, REPORTS, KEPT_BATCHES)
        send_batches(connection, sent)
        assert awaited(lambda: one.worker.cuts == [(0, CUT_AT)], 60)
        assert awaited(lambda: committed(connection, REPORTS, group_id) == {0: CUT_AT + sent})
    assert one.worker.accepted == {0: [*range(READ), *range(CUT_AT, CUT_AT + sent)]}


@pytest.mark.parametrize("sent", [30, 150])
def test_a_member_that_starts_after_it_hears_of_the_cut_and_goes_on_from_there(
    own_kafka: KafkaServer, group_id: str, sent: int
) -> None:
    connection = own_kafka.connection
    with member(connection, REPORTS, group_id) as one:
        send_batches(connection, READ)
        assert awaited(lambda: one.worker.acknowledged)
        assert awaited(lambda: committed(connection, REPORTS, group_id) == {0: READ})
    lose_log_end(own_kafka, REPORTS, KEPT_BATCHES)
    send_batches(connection, sent)
    with member(connection, REPORTS, group_id, RecordingWorker()) as other:
        assert awaited(lambda: other.worker.cuts == [(0, CUT_AT)], 60)
        assert awaited(lambda: committed(connection, REPORTS, group_id) == {0: CUT_AT + sent})
    assert other.worker.accepted == {0: [*range(CUT_AT, CUT_AT + sent)]}
