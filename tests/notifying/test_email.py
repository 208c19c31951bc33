"""Mails through a real SMTP server: what becomes of each recipient, whatever the server does."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from local.mailbox import Mailbox, running_mailbox
from local.ports import HOST, free_port
from services.notifying.channel import DELIVERY_SECONDS
from services.notifying.email import SmtpServer
from services.notifying.notice import Outcome, notice_of
from tests.notifying.hostile import TEXTS
from tests.notifying.peers import (
    DUTY,
    MAYOR,
    OPS,
    SENDER,
    babbling_peer,
    email_channel,
    silent_peer,
)
from tests.notifying.samples import alert, notice

ALL = (OPS, DUTY, MAYOR)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with running_mailbox(tmp_path / "mails") as server:
        yield server


def outcome(server: Mailbox | SmtpServer, *recipients: str) -> Outcome:
    with email_channel(server) as channel:
        return channel.deliver(replace(notice("r-1"), recipients=recipients))


def test_one_mail_goes_to_all_recipients(mailbox: Mailbox) -> None:
    assert outcome(mailbox) == Outcome(delivered=ALL)
    [mail] = mailbox.mails()
    assert mail["Delivered-To"] == ", ".join(ALL)
    assert mail["Return-Path"] == f"<{SENDER}>"
    assert mail["Subject"] == "Agitation: Aurore Durand, near Rue de Rivoli"


def test_a_notice_for_one_recipient_goes_to_nobody_else(mailbox: Mailbox) -> None:
    assert outcome(mailbox, DUTY) == Outcome(delivered=(DUTY,))
    [mail] = mailbox.mails()
    assert mail["Delivered-To"] == DUTY


def test_each_recipient_has_a_fate_of_its_own(mailbox: Mailbox) -> None:
    mailbox.faults.refused = {DUTY: "450 4.2.1 mailbox busy", MAYOR: "550 5.1.1 no such user"}
    assert outcome(mailbox) == Outcome(
        delivered=(OPS,),
        later={DUTY: "450 4.2.1 mailbox busy"},
        never={MAYOR: "550 5.1.1 no such user"},
    )
    [mail] = mailbox.mails()
    assert mail["Delivered-To"] == OPS


def test_where_all_are_refused_no_mail_is_sent(mailbox: Mailbox) -> None:
    mailbox.faults.refused = dict.fromkeys(ALL, "550 5.7.1 relaying denied")
    assert outcome(mailbox).never == dict.fromkeys(ALL, "550 5.7.1 relaying denied")
    assert mailbox.mails() == []


@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("451 4.3.0 try again", "later"),
        ("554 5.7.1 looks like spam", "never"),
        ("530 5.7.0 log in first", "later"),
    ],
)
def test_5xx_is_for_good_and_4xx_for_now_and_who_we_are_can_be_repaired(
    mailbox: Mailbox, place: str, reply: str, kind: str
) -> None:
    mailbox.faults.replies = {place: reply}
    found = outcome(mailbox)
    assert getattr(found, kind) == dict.fromkeys(ALL, reply)
    assert found.delivered == ()
    assert mailbox.mails() == []


def test_who_was_refused_for_good_stays_so_when_the_mail_is_refused_for_now(
    mailbox: Mailbox,
) -> None:
    mailbox.faults.refused = {MAYOR: "550 5.1.1 no such user"}
    mailbox.faults.replies = {"DATA": "452 4.3.1 disk full"}
    found = outcome(mailbox)
    assert found.later == dict.fromkeys((OPS, DUTY), "452 4.3.1 disk full")
    assert found.never == {MAYOR: "550 5.1.1 no such user"}


@pytest.mark.parametrize("greeting", ["421 4.3.2 too busy", "554 5.3.2 not today"])
def test_a_server_that_sends_us_away_is_asked_later(mailbox: Mailbox, greeting: str) -> None:
    mailbox.faults.greeting = greeting
    assert outcome(mailbox).later == dict.fromkeys(ALL, greeting)


def test_a_server_that_is_not_there_is_asked_later() -> None:
    found = outcome(SmtpServer(HOST, free_port(), None), OPS)
    assert "Connect call failed" in found.later[OPS]


def test_a_server_whose_name_is_unknown_is_asked_later() -> None:
    found = outcome(SmtpServer("no-such-host.invalid", 25, None), OPS)
    assert found.later[OPS].startswith("Error connecting to no-such-host.invalid")


@pytest.mark.parametrize("place", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_up_is_asked_later(mailbox: Mailbox, place: str) -> None:
    mailbox.faults.drop_at = place
    assert set(outcome(mailbox).later) == set(ALL)


def test_a_mail_whose_acceptance_is_not_told_goes_again_under_the_same_id(
    mailbox: Mailbox,
) -> None:
    mailbox.faults.drop_at = "DATA"
    assert set(outcome(mailbox).later) == set(ALL)
    mailbox.faults.drop_at = None
    assert outcome(mailbox) == Outcome(delivered=ALL)
    first, second = (mail["Message-ID"] for mail in mailbox.mails())
    assert first == second


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("place", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_is_asked_later(mailbox: Mailbox, place: str) -> None:
    mailbox.faults.hang_at = place
    assert set(outcome(mailbox).later) == set(ALL)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_only_drips_is_asked_later(mailbox: Mailbox) -> None:
    mailbox.faults.drip_seconds = 0.05
    assert set(outcome(mailbox).later) == set(ALL)


@pytest.mark.usefixtures("impatient")
def test_who_takes_connections_and_says_nothing_is_asked_later() -> None:
    with silent_peer() as port:
        assert OPS in outcome(SmtpServer(HOST, port, None), OPS).later


@pytest.mark.faults
def test_nothing_takes_longer_than_ten_seconds(mailbox: Mailbox) -> None:
    mailbox.faults.hang_at = "DATA"
    begun = monotonic()
    assert outcome(mailbox).later[OPS] == "not done within 9 s"
    assert monotonic() - begun < DELIVERY_SECONDS


@pytest.mark.parametrize("fault", ["hang_at", "drop_at"])
def test_a_mail_that_was_taken_is_delivered_whatever_happens_at_goodbye(
    mailbox: Mailbox, fault: str
) -> None:
    setattr(mailbox.faults, fault, "QUIT")
    assert outcome(mailbox) == Outcome(delivered=ALL)


def test_a_server_that_was_away_gets_the_mail_when_it_is_back(mailbox: Mailbox) -> None:
    mailbox.stop()
    with email_channel(mailbox) as channel:
        assert set(channel.deliver(notice("r-1")).later) == set(ALL)
        mailbox.start()
        assert channel.deliver(notice("r-1")) == Outcome(delivered=ALL)


def test_a_channel_sends_one_mail_after_the_other(mailbox: Mailbox) -> None:
    with email_channel(mailbox) as channel:
        sent = [channel.deliver(notice(f"r-{number}")) for number in range(5)]
    assert sent == [Outcome(delivered=ALL)] * 5
    assert len({mail["Message-ID"] for mail in mailbox.mails()}) == 5


def test_hostile_texts_reach_the_mailbox_as_text_and_nobody_else(mailbox: Mailbox) -> None:
    with email_channel(mailbox) as channel:
        for number, text in enumerate(TEXTS):
            hostile = replace(alert(f"r-{number}"), subject=text, drone_id=text)
            assert channel.deliver(notice_of([hostile], 0)) == Outcome(delivered=ALL)
    mails = mailbox.mails()
    assert [mail["Delivered-To"] for mail in mails] == [", ".join(ALL)] * len(TEXTS)
    assert not any(mail["Bcc"] for mail in mails)


def test_a_servers_words_become_one_printable_line(mailbox: Mailbox) -> None:
    mailbox.faults.refused = {OPS: "550 \x1b[31mno\u202e" + "x" * 400}
    reason = outcome(mailbox).never[OPS]
    assert reason.isprintable()
    assert len(reason) <= 200


def test_a_login_that_the_server_garbles_is_asked_later() -> None:
    words = [b"220 hi\r\n", b"250-hi\r\n250 AUTH CRAM-MD5\r\n", b"334 a\r\n"]
    with babbling_peer(words) as port:
        found = outcome(SmtpServer(HOST, port, None, user="alerts", password="secret"), OPS)
    assert list(found.later) == [OPS]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.one_of(st.binary(), st.sampled_from([b"250 ok\r\n", b"220 hi\r\n"])), max_size=7)
)
def test_no_nonsense_of_a_server_is_more_than_a_failure(words: list[bytes]) -> None:
    with babbling_peer([word + b"\r\n" for word in words]) as port:
        found = outcome(SmtpServer(HOST, port, None), OPS)
    assert [*found.delivered, *found.later, *found.never] == [OPS]
