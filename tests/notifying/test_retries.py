"""Deliveries that fail and are tried again: real Kafka, real servers that misbehave."""

import ssl
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local.kafka import running_kafka
from local.mailbox import Mailbox, running_mailbox
from local.receiver import running_receiver
from services.notifying.broker_clock import BrokerClock, monotonic_ms
from services.notifying.channel import Channel
from services.notifying.decoding import retry_in
from services.notifying.email import EmailChannel, SmtpServer
from services.notifying.mail import Addresses as MailAddresses
from services.notifying.notice import Notice, Outcome, Retry
from services.notifying.publishing import Addresses, Publishing, notices_producer
from services.notifying.retry_worker import CONSUMER_SETTINGS, RetryWorker
from services.notifying.retrying import Terms, untried
from services.notifying.webhook import Webhook, WebhookChannel
from services.reports.topics import ALERTS_RETRY_EMAIL, ALERTS_UNDELIVERED, TOPICS
from services.stream.connection import KafkaConnection
from services.stream.reliable_producer import ReliableProducer
from services.stream.topics import create_topics
from tests.conftest import FreshTopic
from tests.faults.evidence import topic_records
from tests.marks import UNCLOSED_SOCKETS
from tests.notifying.retries import ANN, BEN, BUSY, ScriptedChannel
from tests.notifying.samples import notice
from tests.stream.members import Member, awaited, committed, member

pytestmark = UNCLOSED_SOCKETS
SECRET = b"a secret of this test"
DAY_MS = 24 * 3_600_000
# First after 0.1 s at most, as nobody wants to wait.
JITTER = 0.01


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def tomorrow_ms() -> int:
    return now_ms() + DAY_MS


@pytest.fixture
def addresses(fresh_topic: FreshTopic) -> Addresses:
    retry, undelivered = fresh_topic(ALERTS_RETRY_EMAIL), fresh_topic(ALERTS_UNDELIVERED)
    return Addresses("email", retry, undelivered)


def email(mailbox: Mailbox) -> EmailChannel:
    server = SmtpServer("127.0.0.1", mailbox.port, None)
    return EmailChannel(server, MailAddresses("drones@example.org", (ANN, BEN)), 1_000)


def webhook(url: str) -> WebhookChannel:
    made = Webhook(httpx.URL(url), SECRET, ssl.create_default_context())
    return WebhookChannel(made, None)


@contextmanager
def retrying(
    kafka: KafkaConnection,
    addresses: Addresses,
    channel: Channel,
    clock: Callable[[], int] = now_ms,
) -> Iterator[Member]:
    """A process's worth of retries, in a thread; what fails waits a hundredth of the longest."""
    terms = Terms(tuple(channel.recipients))
    publishing = Publishing(
        ReliableProducer(notices_producer(kafka)), addresses, terms, lambda: JITTER
    )
    worker = RetryWorker(channel, publishing, addresses.retry, BrokerClock(clock, monotonic_ms))
    group = f"{addresses.retry}-retries"
    with member(kafka, addresses.retry, group, worker, **CONSUMER_SETTINGS) as running:
        yield running


def fail(kafka: KafkaConnection, addresses: Addresses, *names: str) -> None:
    """These notices, as the worker that delivers first leaves them when nobody takes any."""
    sender = notices_producer(kafka)
    publishing = Publishing(ReliableProducer(sender), addresses, Terms((ANN, BEN)), lambda: JITTER)
    for name in names:
        sent = publishing.failed(untried(notice(name), now_ms()), BUSY, now_ms())
        assert sent.wait(30)
    publishing.close()


def resend(kafka: KafkaConnection, addresses: Addresses) -> "subprocess.CompletedProcess[str]":
    """`dronewatch-resend` on the test's topics."""
    command = [sys.executable, "-m", "services.notifying.resend", addresses.channel]
    options = {
        "--kafka-bootstrap-servers": kafka.bootstrap_servers,
        "--retry-topic": addresses.retry,
        "--undelivered-topic": addresses.undelivered,
        "--group": f"{addresses.retry}-resend",
    }
    words = [word for option in options.items() for word in option]
    return subprocess.run(
        [*command, *words], capture_output=True, text=True, timeout=120, check=False
    )


def tries(kafka: KafkaConnection, addresses: Addresses, name: str) -> list[int]:
    """The attempts behind each retry of this notice."""
    records = topic_records(kafka, addresses.retry).values()
    found = [retry_in(record.value) for record in records]
    wanted = notice(name).notice_id
    return [r.attempts for r in found if isinstance(r, Retry) and r.notice.notice_id == wanted]


def test_a_receiver_that_fails_for_a_while_gets_each_event_once(
    kafka: KafkaConnection, addresses: Addresses, tmp_path: Path
) -> None:
    fail(kafka, addresses, "a", "b", "c")
    with running_receiver(tmp_path / "events", SECRET) as receiver:
        receiver.faults.status = 503
        with retrying(kafka, addresses, webhook(f"http://127.0.0.1:{receiver.port}")):
            assert awaited(lambda: len(tries(kafka, addresses, "a")) >= 3)
            receiver.faults.status = None
            assert awaited(lambda: len(receiver.events()) >= 3)
            done = sum(1 for _ in topic_records(kafka, addresses.retry))
            assert awaited(lambda: handled(kafka, addresses) == done)
        assert sorted(event["event_id"] for event in receiver.events()) == [
            f"{name}-agitation-0" for name in "abc"
        ]
    assert tries(kafka, addresses, "a")[:3] == [1, 2, 3]
    assert not topic_records(kafka, addresses.undelivered)


def handled(kafka: KafkaConnection, addresses: Addresses) -> int:
    """Records that the retries' group has done with."""
    offsets = committed(kafka, addresses.retry, f"{addresses.retry}-retries")
    return sum(max(0, offset) for offset in offsets.values())


def test_a_mail_server_that_comes_back_gets_each_mail_once(
    kafka: KafkaConnection, addresses: Addresses, tmp_path: Path
) -> None:
    with running_mailbox(tmp_path / "mails") as mailbox:
        mailbox.stop()
        fail(kafka, addresses, "a", "b")
        with retrying(kafka, addresses, email(mailbox)):
            assert awaited(lambda: len(tries(kafka, addresses, "a")) >= 2)
            mailbox.start()
            assert awaited(lambda: len(mailbox.mails()) == 2)
            done = sum(1 for _ in topic_records(kafka, addresses.retry))
            assert awaited(lambda: handled(kafka, addresses) == done)
        assert len({mail["Message-ID"] for mail in mailbox.mails()}) == 2
        assert {mail["Delivered-To"] for mail in mailbox.mails()} == {f"{ANN}, {BEN}"}


def test_who_took_a_mail_at_once_does_not_get_it_again(
    kafka: KafkaConnection, addresses: Addresses, tmp_path: Path
) -> None:
    with running_mailbox(tmp_path / "mails") as mailbox:
        mailbox.faults.refused = {BEN: "450 busy"}
        fail(kafka, addresses, "a")
        with retrying(kafka, addresses, email(mailbox)):
            assert awaited(lambda: len(tries(kafka, addresses, "a")) >= 3)
            mailbox.faults.refused = {}
            assert awaited(lambda: len(mailbox.mails()) == 2)
        assert [mail["Delivered-To"] for mail in mailbox.mails()] == [ANN, BEN]


def test_what_was_given_up_after_a_day_is_sent_again_by_command_and_only_once(
    kafka: KafkaConnection, addresses: Addresses, tmp_path: Path
) -> None:
    with running_mailbox(tmp_path / "mails") as mailbox:
        mailbox.faults.greeting = "421 not now"
        fail(kafka, addresses, "a", "b")
        with retrying(kafka, addresses, email(mailbox), tomorrow_ms):
            assert awaited(lambda: len(topic_records(kafka, addresses.undelivered)) == 2)
        mailbox.faults.greeting = None
        first, second = resend(kafka, addresses), resend(kafka, addresses)
        assert (first.returncode, first.stdout) == (0, "2 notices go out by email again\n")
        assert (second.returncode, second.stdout) == (0, "0 notices go out by email again\n")
        with retrying(kafka, addresses, email(mailbox)):
            assert awaited(lambda: len(mailbox.mails()) == 2)
        assert len({mail["Message-ID"] for mail in mailbox.mails()}) == 2


def test_the_command_sends_its_own_channels_notices_and_leaves_what_is_none(
    kafka: KafkaConnection, addresses: Addresses
) -> None:
    others = Addresses("webhook", addresses.retry, addresses.undelivered)
    with ExitStack() as stack:
        for one in (addresses, others):
            publishing = Publishing(ReliableProducer(notices_producer(kafka)), one, Terms((ANN,)))
            stack.callback(publishing.close)
            refused = Outcome(never={ANN: "no"})
            kept = publishing.failed(untried(notice(one.channel), 0), refused, 0)
            assert kept.wait(30)
        publishing.sender.client.send(
            addresses.undelivered, b"{", headers=[("channel", b"email")]
        ).get(30)
    assert resend(kafka, addresses).stdout == "1 notices go out by email again\n"
    assert tries(kafka, addresses, "email") == [0]
    assert tries(kafka, addresses, "webhook") == []


def test_the_command_says_in_a_line_that_kafka_is_away(addresses: Addresses) -> None:
    done = resend(KafkaConnection("127.0.0.1:9"), addresses)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Kafka: ")
    assert done.stderr.count("\n") == 1


def test_while_kafka_takes_nothing_a_notice_is_not_sent_again(tmp_path: Path) -> None:
    addresses = Addresses("email", ALERTS_RETRY_EMAIL)
    with running_kafka(tmp_path) as server:
        create_topics(server.connection, [topic for topic in TOPICS if "alerts-" in topic.name])
        fail(server.connection, addresses, "a")
        channel = CuttingChannel(deque([BUSY]), cut=server.kill)
        with retrying(server.connection, addresses, channel) as running:
            assert awaited(lambda: channel.asked)
            asked_at = running.health.turned_at_seconds
            # It goes round and round meanwhile.
            assert awaited(lambda: running.health.turned_at_seconds > asked_at + 2)
            assert len(channel.asked) == 1
            server.restart()
            assert awaited(lambda: len(channel.asked) == 2, 60)
            assert awaited(lambda: handled(server.connection, addresses) == 2)
        assert tries(server.connection, addresses, "a") == [1, 2]
    assert channel.asked_ids == ["a-agitation-0"] * 2


@dataclass(slots=True)
class CuttingChannel(ScriptedChannel):
    """Once, during its first delivery, something else is cut off."""

    cut: Callable[[], None] = lambda: None

    def deliver(self, notice: Notice) -> Outcome:
        if not self.asked:
            self.cut()
        # Not super(): a slotted dataclass is another class than the one that this code stood in.
        return ScriptedChannel.deliver(self, notice)
