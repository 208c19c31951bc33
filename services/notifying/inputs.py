"""What people write into the channels' settings, as values. Each raises UsageError in one line."""

import os
import re
from pathlib import Path

import click
import httpx

# What every server must take in one mail (RFC 5321).
RECIPIENTS_MAX = 100
ADDRESS_MAX_CHARACTERS = 254
PORT_MAX = 65535

_atom = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_label = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_address = re.compile(rf"{_atom}(?:\.{_atom})*@{_label}(?:\.{_label})*")
# Names as DNS has them, a container's with underscores, IPv4 and IPv6.
_host = re.compile(
    r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)


def given(option: str, text: str | None) -> str:
    """The text, which must be there."""
    if not (text and text.strip()):
        raise click.UsageError(f"{option} is missing")
    return text.strip()


def address(option: str, text: str) -> str:
    """A bare address in ASCII."""
    if len(text) > ADDRESS_MAX_CHARACTERS or not _address.fullmatch(text):
        raise click.UsageError(f"{option}: {text!r} is no address such as alerts@example.org")
    return text


def addresses(option: str, text: str) -> tuple[str, ...]:
    """Addresses separated by commas, each once."""
    found = tuple(dict.fromkeys(address(option, part.strip()) for part in text.split(",")))
    if len(found) > RECIPIENTS_MAX:
        raise click.UsageError(f"{option}: more than {RECIPIENTS_MAX} addresses, use a list's own")
    return found


def host(option: str, text: str) -> str:
    """A host's name or number."""
    if not _host.fullmatch(text):
        raise click.UsageError(f"{option}: {text!r} is no host such as mail.example.org")
    return text


def url(option: str, text: str) -> httpx.URL:
    """An http(s) URL without a user; the message does not repeat it, as it may be a secret."""
    refusal = click.UsageError(f"{option} must be a URL such as https://hooks.example.org/alerts")
    try:
        found = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise refusal from error
    is_host = _host.fullmatch(found.raw_host.decode())
    if found.scheme not in ("http", "https") or not is_host or (found.port or 0) > PORT_MAX:
        raise refusal
    if found.userinfo:
        raise click.UsageError(f"{option} must not hold a user: events are signed instead")
    return found


def secret(option: str, file: Path | None, variable: str) -> str:
    """The content of the file, without white space around it, or else of the variable."""
    try:
        text = file.read_text().strip() if file else os.environ.get(variable, "").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{option}: {file} cannot be read as text") from error
    if not text:
        raise click.UsageError(f"no secret: give {option} a file that holds it, or set {variable}")
    return text
