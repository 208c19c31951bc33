"""Notifying in the demo: a mail server and a receiver of webhooks here, and who sends to them."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.components import (
    EMAIL,
    EMAIL_RETRIES,
    WEBHOOK,
    email_command,
    mailbox_command,
    receiver_command,
    webhook_command,
)
from local.ports import HOST, free_port, is_listening
from local.processes import Child, Goal, all_running, await_until
from services.stream.connection import KafkaConnection

LISTENING = Goal("the mail server and the receiver of webhooks should listen", 60.0)


@dataclass(frozen=True, slots=True)
class NoticeFiles:
    """A Maildir, the events as lines of JSON, and what they are signed with."""

    mails: Path
    events: Path
    secret: Path


def notice_files(folder: Path) -> NoticeFiles:
    """Where they are in a run's folder."""
    return NoticeFiles(folder / "mails", folder / "webhooks.jsonl", folder / "webhook.secret")


@dataclass(frozen=True, slots=True)
class Peers:
    """Whom notices go to: the servers' processes, and their ports."""

    children: tuple[Child, ...]
    smtp_port: int
    webhook_port: int


@contextmanager
def peers(folder: Path) -> Iterator[Peers]:
    """Both servers, listening; stopped at the end."""
    files, smtp_port, webhook_port = notice_files(folder), free_port(), free_port()
    files.secret.write_text(secrets.token_hex())
    commands = {
        "mailbox": mailbox_command(smtp_port, files.mails),
        "receiver": receiver_command(webhook_port, files.events, files.secret),
    }
    ports = (smtp_port, webhook_port)
    with all_running(commands, folder) as children:
        await_until(lambda: all(map(is_listening, ports)), children, LISTENING)
        yield Peers(tuple(children), smtp_port, webhook_port)


def notifying_commands(
    connection: KafkaConnection, ports: Mapping[str, int], found: Peers, folder: Path
) -> dict[str, list[str]]:
    """By name: e-mail, what failed of it, and webhooks; ports are those of their health."""
    url, secret = f"http://{HOST}:{found.webhook_port}/", notice_files(folder).secret
    return {
        EMAIL: email_command(connection, ports[EMAIL], found.smtp_port, retries=False),
        EMAIL_RETRIES: email_command(
            connection, ports[EMAIL_RETRIES], found.smtp_port, retries=True
        ),
        WEBHOOK: webhook_command(connection, ports[WEBHOOK], url, secret),
    }
