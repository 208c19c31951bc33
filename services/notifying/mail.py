"""A notice as a mail (RFC 5322): text, and the same as HTML. Pure."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from services.notifying.notice import Notice
from services.notifying.rendering import as_html, as_text
from services.notifying.wording import page_of

FROM_NAME = "Dronewatch"
ID_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who sends to whom: bare addresses, local-part@domain, in ASCII."""

    sender: str
    recipients: tuple[str, ...]


def mail_of(notice: Notice, addresses: Addresses, date: datetime) -> EmailMessage:
    """The mail, the same whoever of the recipients it still has to reach.

    Its Message-ID follows from the notice's id: who gets it twice, sees it once.
    """
    page, identity = page_of(notice), _identity(notice)
    sender = Address(FROM_NAME, addr_spec=addresses.sender)
    mail = EmailMessage(SMTP)
    mail["Date"] = date
    mail["From"] = sender
    mail["To"] = [Address(addr_spec=recipient) for recipient in addresses.recipients]
    # What looks like an encoded word would be decoded, whatever is in it (RFC 2047).
    mail["Subject"] = page.headline.replace("=?", "= ?")
    mail["Message-ID"] = f"<{identity}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers of machines, please
    mail.set_content(as_text(page), cte="quoted-printable")
    mail.add_alternative(as_html(page), subtype="html", cte="quoted-printable")
    # Quoted-printable text has no "=_": no alert can end a part.
    mail.set_boundary(f"=_{identity}")
    return mail


def _identity(notice: Notice) -> str:
    return sha256(notice.notice_id.encode()).hexdigest()[:ID_CHARACTERS]
