"""Each record of a publication is sent until Kafka acknowledges it; a dead Kafka is bearable."""

from collections.abc import Sequence

import pytest
from kafka.errors import KafkaTimeoutError, NotLeaderForPartitionError
from kafka.future import Future
from structlog.testing import capture_logs

from services.stream.outgoing import Outgoing
from services.stream.reliable_producer import REFUSED_SECONDS, Publication, ReliableProducer
from tests.stream.played_producer import PlayedProducer

ONE, TWO = (Outgoing("alerts", b"drone", name, ()) for name in (b"one", b"two"))


class Desk:
    """A producer over a played client, and a clock that stands unless moved."""

    def __init__(self) -> None:
        self.client = PlayedProducer()
        self.now_seconds = 100.0
        self.producer = ReliableProducer(self.client, lambda: self.now_seconds)

    def publish(self, *records: Outgoing) -> Publication:
        return self.producer.publish(records)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def values(sent: Sequence[tuple[Outgoing, Future]]) -> list[bytes | None]:
    return [outgoing.value for outgoing, _ in sent]


def test_a_publication_is_acknowledged_once_each_of_its_records_is(desk: Desk) -> None:
    publication = desk.publish(ONE, TWO)
    desk.client.acknowledge(1)
    assert not publication.is_acknowledged()
    desk.client.acknowledge(0)
    assert publication.is_acknowledged()


def test_a_publication_of_nothing_is_acknowledged(desk: Desk) -> None:
    assert desk.publish().is_acknowledged()


def test_to_look_whether_it_is_acknowledged_sends_nothing(desk: Desk) -> None:
    publication = desk.publish(ONE)
    desk.client.fail(0, NotLeaderForPartitionError())
    assert not publication.is_acknowledged()
    assert len(desk.client.sent) == 1


def test_only_what_failed_is_sent_again(desk: Desk) -> None:
    publication = desk.publish(ONE, TWO)
    desk.client.acknowledge(0)
    desk.client.fail(1, NotLeaderForPartitionError())
    publication.resend_failed()
    publication.resend_failed()
    assert values(desk.client.sent) == [b"one", b"two", b"two"]
    desk.client.acknowledge(2)
    assert publication.is_acknowledged()


def test_a_kafka_that_takes_nothing_is_waited_for_once_in_a_while_not_for_each_record(
    desk: Desk,
) -> None:
    desk.client.refusal = KafkaTimeoutError("no metadata")
    publication = desk.publish(ONE, TWO)
    publication.resend_failed()
    desk.publish(ONE)
    assert desk.client.refused == 1
    desk.now_seconds += REFUSED_SECONDS
    publication.resend_failed()
    assert desk.client.refused == 2


def test_what_was_refused_is_sent_once_kafka_takes_records_again(desk: Desk) -> None:
    desk.client.refusal = KafkaTimeoutError("no metadata")
    publication = desk.publish(ONE, TWO)
    desk.client.refusal = None
    desk.now_seconds += REFUSED_SECONDS
    publication.resend_failed()
    assert values(desk.client.sent) == [b"one", b"two"]


def test_it_warns_once_until_kafka_takes_records_again(desk: Desk) -> None:
    with capture_logs() as logs:
        publication = desk.publish(ONE)
        for turn in range(3):
            desk.client.fail(turn, NotLeaderForPartitionError())
            publication.resend_failed()
        assert len(logs) == 1
        desk.client.acknowledge(3)
        publication.resend_failed()
        again = desk.publish(TWO)
        desk.client.fail(4, NotLeaderForPartitionError())
        again.resend_failed()
    assert len(logs) == 2


def test_a_wait_ends_at_its_deadline(desk: Desk) -> None:
    assert not desk.publish(ONE).wait(0.01)


def test_a_wait_ends_with_the_acknowledgement(desk: Desk) -> None:
    publication = desk.publish(ONE)
    desk.client.acknowledge(0)
    assert publication.wait(60)
