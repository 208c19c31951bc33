"""A mail is what it says, whatever names, places and words an alert brings."""

from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.notifying.mail import Addresses, mail_of
from services.notifying.notice import Notice, notice_of
from services.notifying.rendering import as_text
from services.notifying.wording import headline, page_of
from services.reports.alert import Alert
from tests.notifying.hostile import TEXTS
from tests.notifying.hostile import alerts as hostile_alerts
from tests.notifying.samples import alert, notice

DATE = datetime(2026, 3, 2, 12, 0, 8, tzinfo=UTC)
ADDRESSES = Addresses("alerts@city.example", ("ops@city.example", "duty@city.example"))
HEADERS = ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted"]
HEADERS += ["MIME-Version", "Content-Type"]
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "a"}
TAGS |= {"table", "tr", "th", "td"}


def sent(content: Notice, addresses: Addresses = ADDRESSES) -> bytes:
    return mail_of(content, addresses, DATE).as_bytes()


def received(content: Notice) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(sent(content))


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


class Elements(HTMLParser):
    """The tags and attributes of a document, and its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_its_headers_say_who_when_and_that_no_person_wrote_it() -> None:
    mail = received(notice("r-1"))
    assert mail["From"] == "Dronewatch <alerts@city.example>"
    assert mail["To"] == "ops@city.example, duty@city.example"
    assert mail["Subject"] == "Agitation: Aurore Durand, near Rue de Rivoli"
    assert mail["Date"].datetime == DATE
    assert mail["Auto-Submitted"] == "auto-generated"
    # printf r-1-agitation-0 | sha256sum | cut -c1-32
    assert mail["Message-ID"] == "<3f79bd1899cdf26da0139f195ae32ea0@city.example>"


def test_who_reads_no_html_reads_the_same_as_text() -> None:
    mail = received(notice("r-1"))
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert body(mail, "plain") == as_text(page_of(notice("r-1")))
    for fact in ("Aurore Durand", "Rue de Rivoli", "drone-1", "market, rain", "r-1-agitation-0"):
        assert fact in body(mail, "html")


def test_the_same_notice_is_the_same_mail_to_the_byte_whoever_it_still_has_to_reach() -> None:
    again = replace(notice("r-1"), recipients=("duty@city.example",))
    assert sent(notice("r-1")) == sent(again)


def test_another_notice_has_another_message_id() -> None:
    assert received(notice("r-1"))["Message-ID"] != received(notice("r-2"))["Message-ID"]


def test_a_mail_passes_servers_that_know_seven_bits_only() -> None:
    assert sent(notice_of([replace(alert("r-1"), subject="Zoë 張偉")], 0)).isascii()


def test_a_digest_of_500_alerts_stays_far_below_what_servers_take() -> None:
    # 10 MB is the least that is usual.
    many = [replace(alert(f"report-{n:032}"), subject=f"Citizen {n}") for n in range(500)]
    assert len(sent(notice_of(many, 0))) < 500_000


@settings(deadline=None)
@given(st.lists(hostile_alerts, min_size=1, max_size=3))
def test_no_text_of_an_alert_becomes_a_header_a_part_or_an_address(alerts: list[Alert]) -> None:
    mail = received(notice_of(alerts, 0))
    assert mail.keys() == HEADERS
    assert mail["To"] == "ops@city.example, duty@city.example"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_subject_arrives_as_text(text: str) -> None:
    content = notice_of([replace(alert("r-1"), subject=text)], 0)
    mail = received(content)
    assert mail.keys() == HEADERS
    # Folding may join white space; what looked like an encoded word is broken up.
    expected = headline(content).replace("=?", "= ?")
    assert mail["Subject"].split() == expected.split()


@settings(deadline=None)
@given(st.lists(hostile_alerts, min_size=1, max_size=3))
def test_every_line_is_ascii_and_of_a_length_that_smtp_allows(alerts: list[Alert]) -> None:
    lines = sent(notice_of(alerts, 0)).split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(line.isascii() for line in lines)
    assert not any(set(line) & {0, 10, 13} for line in lines)


@settings(deadline=None)
@given(hostile_alerts)
def test_no_text_of_an_alert_becomes_html(hostile: Alert) -> None:
    content = notice_of([hostile], 0)
    page = Elements(body(received(content), "html"))
    assert page.tags <= TAGS
    assert page.attributes <= {"lang", "charset", "href"}
    assert headline(content) in page.text
