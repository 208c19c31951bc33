"""TLS and login: only a server that proves its name gets a notice or a password."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from local.mailbox import Mailbox, MailSecurity, running_mailbox
from local.ports import HOST
from local.receiver import running_receiver
from services.notifying.email import SmtpServer
from services.notifying.notice import Outcome
from services.notifying.webhook import Webhook, WebhookChannel
from services.runtime.tls import tls_context
from tests.notifying.peers import DUTY, MAYOR, OPS, SECRET, email_channel, silent_peer
from tests.notifying.samples import notice

ALL = (OPS, DUTY, MAYOR)
USER, PASSWORD = "alerts", "not-a-real-password"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


def certificate(authority: trustme.CA, name: str = HOST) -> ssl.SSLContext:
    """A server's side of TLS, whose certificate is for that name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(mailbox: Mailbox, ca_file: Path | None) -> SmtpServer:
    """That mailbox as one who logs in and trusts this CA knows it."""
    context = tls_context("--smtp-ca-file", ca_file)
    is_tls_at_once = mailbox.security.is_tls_at_once
    return SmtpServer(HOST, mailbox.port, context, is_tls_at_once, USER, PASSWORD)


def outcome(server: SmtpServer) -> Outcome:
    with email_channel(server) as channel:
        return channel.deliver(notice("r-1"))


@pytest.fixture
def mailbox(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path
) -> Iterator[Mailbox]:
    """A mailbox with login and TLS, of the certificate's name and the kind that is asked for."""
    name, is_tls_at_once = request.param
    security = MailSecurity(certificate(authority, name), is_tls_at_once, {USER: PASSWORD})
    with running_mailbox(tmp_path / "mails", security) as server:
        yield server


def of_name(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "mailbox", [(name, False), (name, True)], indirect=True, ids=["starttls", "tls"]
    )


@of_name(HOST)
def test_mail_goes_through_tls_with_login(mailbox: Mailbox, ca_file: Path) -> None:
    assert outcome(trusting(mailbox, ca_file)) == Outcome(delivered=ALL)
    assert len(mailbox.mails()) == 1


@of_name(HOST)
def test_a_wrong_password_is_asked_later_and_not_repeated(mailbox: Mailbox, ca_file: Path) -> None:
    server = replace(trusting(mailbox, ca_file), password="another-password")
    assert outcome(server).later == dict.fromkeys(ALL, "login refused (535)")


@of_name(HOST)
def test_who_forgot_to_log_in_is_asked_later(mailbox: Mailbox, ca_file: Path) -> None:
    server = replace(trusting(mailbox, ca_file), user=None, password=None)
    assert outcome(server).later == dict.fromkeys(ALL, "530 5.7.0 Authentication required")


@of_name("mail.example.org")
def test_a_server_of_another_name_gets_nothing(mailbox: Mailbox, ca_file: Path) -> None:
    assert "certificate" in outcome(trusting(mailbox, ca_file)).later[OPS]
    assert mailbox.mails() == []


@of_name(HOST)
def test_a_server_of_an_unknown_authority_gets_nothing(mailbox: Mailbox) -> None:
    assert "certificate" in outcome(trusting(mailbox, None)).later[OPS]
    assert mailbox.mails() == []


def test_a_server_that_does_not_offer_starttls_gets_nothing(ca_file: Path, tmp_path: Path) -> None:
    with running_mailbox(tmp_path / "mails", MailSecurity(passwords={USER: PASSWORD})) as mailbox:
        assert "STARTTLS" in outcome(trusting(mailbox, ca_file)).later[OPS]
        assert mailbox.mails() == []


@pytest.mark.usefixtures("impatient")
def test_a_handshake_that_never_ends_is_given_up(ca_file: Path) -> None:
    context = tls_context("--smtp-ca-file", ca_file)
    with silent_peer() as port:
        assert OPS in outcome(SmtpServer(HOST, port, context, is_tls_at_once=True)).later


def posted(url: str, ca_file: Path | None) -> Outcome:
    hook = Webhook(httpx.URL(url), SECRET, tls_context("--webhook-ca-file", ca_file))
    channel = WebhookChannel(hook, None)
    try:
        return channel.deliver(notice("r-1"))
    finally:
        channel.close()


@pytest.mark.parametrize(
    ("name", "is_trusted"),
    [(HOST, True), (HOST, False), ("hooks.example.org", True)],
    ids=["proven", "unknown authority", "another name"],
)
def test_only_a_receiver_that_proves_its_name_gets_the_event(
    authority: trustme.CA, ca_file: Path, tmp_path: Path, name: str, *, is_trusted: bool
) -> None:
    is_proven = is_trusted and name == HOST
    server = running_receiver(tmp_path / "events", SECRET, certificate(authority, name))
    with server as receiver:
        url = f"https://{HOST}:{receiver.port}"
        found = posted(f"{url}/alerts", ca_file if is_trusted else None)
        assert found.delivered == ((url,) if is_proven else ())
        assert is_proven or "CERTIFICATE_VERIFY_FAILED" in found.later[url]
        assert len(receiver.events()) == int(is_proven)
