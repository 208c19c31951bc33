"""Events to a real HTTP receiver: what its answer means, whatever it does."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from local.ports import HOST, free_port
from local.receiver import Receiver, running_receiver
from services.notifying.channel import DELIVERY_SECONDS
from services.notifying.notice import Outcome, notice_of
from tests.notifying.hostile import TEXTS
from tests.notifying.peers import SECRET, babbling_peer, silent_peer, webhook_channel
from tests.notifying.samples import alert, notice


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with running_receiver(tmp_path / "events.jsonl", SECRET) as server:
        yield server


def outcome(receiver: Receiver | str, secret: bytes = SECRET) -> Outcome:
    with webhook_channel(receiver, secret) as channel:
        return channel.deliver(notice("r-1"))


def origin(receiver: Receiver) -> str:
    return f"http://{HOST}:{receiver.port}"


def test_a_receiver_that_verifies_the_signature_takes_the_event(receiver: Receiver) -> None:
    assert outcome(receiver) == Outcome(delivered=(origin(receiver),))
    [event] = receiver.events()
    assert event["event_id"] == "r-1-agitation-0"
    assert event["alerts"][0]["subject"] == "Aurore Durand"


def test_a_wrong_secret_is_refused_for_good(receiver: Receiver) -> None:
    assert outcome(receiver, b"another").never == {origin(receiver): "HTTP 401"}
    assert receiver.events() == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "delivered"),
        (202, "delivered"),
        (301, "never"),
        (308, "never"),
        (400, "never"),
        (404, "never"),
        (408, "later"),
        (410, "never"),
        (425, "later"),
        (429, "later"),
        (500, "later"),
        (503, "later"),
        (599, "later"),
        (799, "later"),
    ],
)
def test_what_a_status_means(receiver: Receiver, status: int, kind: str) -> None:
    receiver.faults.status = status
    found = outcome(receiver)
    assert list(getattr(found, kind)) == [origin(receiver)]
    assert len(found.delivered) + len(found.later) + len(found.never) == 1


def test_a_redirect_is_not_followed_so_that_nobody_else_gets_the_event(
    receiver: Receiver, tmp_path: Path
) -> None:
    with running_receiver(tmp_path / "other.jsonl", SECRET) as other:
        receiver.faults.status = 307
        receiver.faults.headers = {"Location": f"{origin(other)}/alerts"}
        assert outcome(receiver).never == {origin(receiver): "HTTP 307"}
        assert other.events() == []


def test_a_proxy_of_the_environment_gets_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{HOST}:{free_port()}")
    assert outcome(receiver) == Outcome(delivered=(origin(receiver),))


def test_a_receiver_that_is_not_there_is_asked_later() -> None:
    url = f"http://{HOST}:{free_port()}/secret-path"
    [(recipient, reason)] = outcome(url).later.items()
    assert reason == "All connection attempts failed"
    assert "secret-path" not in recipient


def test_a_receiver_whose_name_is_unknown_is_asked_later() -> None:
    assert list(outcome("http://no-such-host.invalid/").later) == ["http://no-such-host.invalid"]


def test_an_event_whose_taking_is_not_told_goes_again_under_the_same_id(
    receiver: Receiver,
) -> None:
    receiver.faults.drops = True
    assert list(outcome(receiver).later) == [origin(receiver)]
    receiver.faults.drops = False
    assert outcome(receiver) == Outcome(delivered=(origin(receiver),))
    first, second = receiver.events()
    assert first == second


@pytest.mark.usefixtures("impatient")
def test_a_receiver_that_hangs_is_asked_later(receiver: Receiver) -> None:
    receiver.faults.hangs = True
    assert list(outcome(receiver).later) == [origin(receiver)]


@pytest.mark.usefixtures("impatient")
def test_a_receiver_that_only_drips_is_asked_later(receiver: Receiver) -> None:
    receiver.faults.drip_seconds = 0.1
    assert list(outcome(receiver).later) == [origin(receiver)]


@pytest.mark.usefixtures("impatient")
def test_who_takes_connections_and_says_nothing_is_asked_later() -> None:
    with silent_peer() as port:
        assert outcome(f"http://{HOST}:{port}/").later


@pytest.mark.faults
def test_nothing_takes_longer_than_ten_seconds(receiver: Receiver) -> None:
    receiver.faults.hangs = True
    begun = monotonic()
    assert outcome(receiver).later == {origin(receiver): "no answer within 9 s"}
    assert monotonic() - begun < DELIVERY_SECONDS


def test_an_answer_whose_body_never_comes_counts_by_its_status(receiver: Receiver) -> None:
    receiver.faults.status = 200
    receiver.faults.headers = {"Content-Length": "1000"}
    assert outcome(receiver) == Outcome(delivered=(origin(receiver),))


def test_a_receiver_that_was_away_gets_the_event_when_it_is_back(receiver: Receiver) -> None:
    with webhook_channel(receiver) as channel:
        assert channel.deliver(notice("r-1")).delivered
        receiver.stop()
        assert channel.deliver(notice("r-2")).later
        receiver.start()
        assert channel.deliver(notice("r-2")).delivered
    assert [event["event_id"] for event in receiver.events()] == [
        "r-1-agitation-0",
        "r-2-agitation-0",
    ]


def test_a_retried_event_is_for_whom_it_was_meant(receiver: Receiver) -> None:
    with webhook_channel(receiver) as channel:
        found = channel.deliver(replace(notice("r-1"), recipients=(origin(receiver),)))
    assert found == Outcome(delivered=(origin(receiver),))


def test_hostile_texts_arrive_as_they_were(receiver: Receiver) -> None:
    with webhook_channel(receiver) as channel:
        for text in TEXTS:
            hostile = replace(alert("r-1"), subject=text, alert_id=f"{text}-0")
            assert channel.deliver(notice_of([hostile], 0)).delivered
    assert [event["alerts"][0]["subject"] for event in receiver.events()] == list(TEXTS)


@settings(deadline=None, max_examples=50)
@given(st.one_of(st.binary(), st.binary().map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest)))
def test_no_nonsense_of_a_receiver_is_more_than_a_failure(words: bytes) -> None:
    with babbling_peer([b"", words + b"\r\n\r\n"]) as port:
        found = outcome(f"http://{HOST}:{port}/")
    assert len(found.delivered) + len(found.later) + len(found.never) == 1
