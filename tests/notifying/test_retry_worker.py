"""The retry worker turned by hand, its failures going to a real Kafka."""

from collections.abc import Callable, Iterator

import pytest

from services.notifying.decoding import retry_in, undelivered_in
from services.notifying.notice import Outcome, Retry, Undelivered
from services.notifying.publishing import Addresses
from services.notifying.retry_worker import HELD_RECORDS
from services.reports.topics import ALERTS_RETRY_EMAIL, ALERTS_UNDELIVERED
from services.stream.connection import KafkaConnection
from tests.conftest import FreshTopic
from tests.faults.evidence import KafkaRecord, topic_records
from tests.notifying.retries import (
    ANN,
    BEN,
    BUSY,
    Desk,
    ScriptedChannel,
    publishing,
    waiting,
)

HOUR_MS = 3_600_000
Retried = Callable[[], list[Retry]]
SetAside = Callable[[], list[KafkaRecord]]


@pytest.fixture
def addresses(fresh_topic: FreshTopic) -> Addresses:
    retry, undelivered = fresh_topic(ALERTS_RETRY_EMAIL), fresh_topic(ALERTS_UNDELIVERED)
    return Addresses("email", retry, undelivered)


@pytest.fixture
def desk(kafka: KafkaConnection, addresses: Addresses) -> Iterator[Desk]:
    with publishing(kafka, addresses) as made:
        yield Desk(ScriptedChannel(), made)


@pytest.fixture
def retried(kafka: KafkaConnection, addresses: Addresses) -> Retried:
    def read() -> list[Retry]:
        records = topic_records(kafka, addresses.retry).values()
        return [found for r in records if isinstance(found := retry_in(r.value), Retry)]

    return read


@pytest.fixture
def undelivered(kafka: KafkaConnection, addresses: Addresses) -> SetAside:
    def read() -> list[KafkaRecord]:
        return list(topic_records(kafka, addresses.undelivered).values())

    return read


def test_a_notice_waits_for_its_time_and_is_sent_once(desk: Desk) -> None:
    desk.give(0, waiting("a", wait_ms=10_000))
    desk.now_ms = 9_999
    desk.turns(3)
    assert desk.channel.asked == []
    desk.now_ms = 10_000
    desk.turns(3)
    assert desk.channel.asked_ids == ["a-agitation-0"]
    assert desk.commits == {0: 1}


def test_a_head_that_waits_holds_back_its_own_partition_alone(desk: Desk) -> None:
    desk.give(0, waiting("a", wait_ms=10_000), waiting("b"))
    desk.give(1, waiting("c"))
    desk.turns(3)
    assert desk.channel.asked_ids == ["c-agitation-0"]
    desk.now_ms = 10_000
    desk.turns(3)
    assert desk.channel.asked_ids == ["c-agitation-0", "a-agitation-0", "b-agitation-0"]
    assert desk.commits == {0: 2, 1: 1}


def test_the_next_is_not_sent_before_the_commit_of_the_last_is_acknowledged(desk: Desk) -> None:
    desk.give(0, waiting("a"), waiting("b"))
    for _ in range(3):
        desk.turn(is_acknowledged=False)
    assert desk.channel.asked_ids == ["a-agitation-0"]
    desk.worker.on_committed({0})
    desk.turn()
    assert desk.channel.asked_ids == ["a-agitation-0", "b-agitation-0"]


def test_what_fails_again_goes_to_the_tail_for_those_who_lack_it(
    desk: Desk, retried: Retried
) -> None:
    desk.channel.outcomes.append(Outcome(delivered=(ANN,), later={BEN: "451 later"}))
    desk.now_ms = 60_000
    desk.give(0, waiting("a"))
    desk.turns(2)
    [retry] = retried()
    assert (retry.notice.notice_id, retry.notice.recipients) == ("a-agitation-0", (BEN,))
    assert (retry.attempts, retry.wait_ms) == (2, 10_000)
    assert retry.reason == "451 later"
    assert desk.commits == {0: 1}


def test_what_is_refused_for_good_is_set_aside_at_once_with_the_reason(
    desk: Desk, retried: Retried, undelivered: SetAside
) -> None:
    desk.channel.outcomes.append(Outcome(delivered=(ANN,), never={BEN: "550 unknown"}))
    desk.give(0, waiting("a"))
    desk.turns(2)
    [record] = undelivered()
    assert record.key == b"a-agitation-0"
    assert dict(record.headers) == {"channel": b"email", "reason": b"550 unknown"}
    given_up = undelivered_in(record.value)
    assert isinstance(given_up, Undelivered)
    assert given_up.notice.recipients == (BEN,)
    assert retried() == []


@pytest.mark.parametrize(("hours", "is_over"), [(23, False), (24, True)])
def test_after_a_day_it_is_tried_a_last_time_and_then_set_aside(
    desk: Desk, retried: Retried, undelivered: SetAside, hours: int, is_over: bool
) -> None:
    desk.channel.outcomes.append(BUSY)
    desk.now_ms = hours * HOUR_MS
    desk.give(0, waiting("a"))
    desk.turns(2)
    assert len(desk.channel.asked) == 1
    assert (len(retried()), len(undelivered())) == ((0, 1) if is_over else (1, 0))


def test_what_is_no_notice_is_set_aside_as_it_came_and_stops_nothing(
    desk: Desk, undelivered: SetAside
) -> None:
    desk.give(1, b'{"no": "notice"}', b"", waiting("a"))
    desk.turns(6)
    found = sorted(undelivered(), key=lambda record: record.value or b"")
    assert [record.value for record in found] == [b"", b'{"no": "notice"}']
    headers = dict(found[1].headers)
    assert "notice" in headers.pop("reason").decode()
    assert headers == {
        "channel": b"email",
        "origin_topic": b"retries",
        "origin_partition": b"1",
        "origin_offset": b"0",
    }
    assert desk.channel.asked_ids == ["a-agitation-0"]
    assert desk.commits == {1: 3}


def test_no_more_are_sent_in_a_minute_than_the_channel_may(desk: Desk) -> None:
    """And beyond half of them, spread out."""
    capped = Desk(ScriptedChannel(cap_per_minute=2), desk.publishing)
    capped.give(0, *(waiting(f"{number}") for number in range(5)))
    sent = []
    for now_ms in (1_000, 30_999, 31_000, 60_999, 61_000):
        capped.now_ms = now_ms
        capped.turns(3)
        sent.append(len(capped.channel.asked))
    assert sent == [1, 1, 2, 2, 3]


def test_a_partition_with_much_in_memory_is_paused_until_it_has_room(desk: Desk) -> None:
    late = [waiting(f"{number}", wait_ms=10_000) for number in range(HELD_RECORDS)]
    desk.give(0, *late[:-1])
    assert desk.turn() == frozenset()
    desk.give(0, late[-1])
    assert desk.turn() == frozenset({0})
    desk.now_ms = 10_000
    assert desk.turn() == frozenset()


def test_large_records_pause_a_partition_sooner(desk: Desk) -> None:
    desk.give(0, waiting("a", 10_000) + b" " * (4 << 20), waiting("b") + b" " * (4 << 20))
    assert desk.turn() == frozenset({0})


def test_what_another_member_owns_now_is_forgotten(desk: Desk) -> None:
    desk.give(0, waiting("a"))
    desk.give(1, waiting("b"))
    desk.worker.drop({0})
    desk.turns(3)
    assert desk.channel.asked_ids == ["b-agitation-0"]
    assert desk.commits == {1: 1}


def test_closing_lets_go_of_the_channel(desk: Desk) -> None:
    desk.worker.close()
    assert desk.channel.is_closed
