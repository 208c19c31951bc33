"""The channels' settings, and the channel made of them. For services.notifying.__main__ alone."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from services.notifying import inputs
from services.notifying.channel import Channel
from services.notifying.email import EmailChannel, SmtpServer
from services.notifying.log import LogChannel
from services.notifying.mail import Addresses
from services.notifying.webhook import Webhook, WebhookChannel
from services.runtime.tls import tls_context

SMTP_PASSWORD_VARIABLE = "DRONEWATCH_SMTP_PASSWORD"
WEBHOOK_SECRET_VARIABLE = "DRONEWATCH_WEBHOOK_SECRET"
MAILS_PER_MINUTE = 10
SMTP_PORTS = {"none": 25, "starttls": 587, "tls": 465}

Command = Callable[..., Any]
Settings = Mapping[str, Any]

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_per_minute = click.IntRange(1)

EMAIL_OPTIONS = (
    click.option("--email-to", help="Addresses to send to, separated by commas."),
    click.option("--email-from", help="Address to send from."),
    click.option(
        "--email-per-minute",
        type=_per_minute,
        default=MAILS_PER_MINUTE,
        help="Mails a minute at most; what is above goes into digests.",
    ),
    click.option("--smtp-host", help="Server that takes the mails."),
    click.option(
        "--smtp-port",
        type=click.IntRange(1, 65535),
        help="Its port. [default: 587; with tls 465, with none 25]",
    ),
    click.option(
        "--smtp-security",
        type=click.Choice(list(SMTP_PORTS)),
        default="starttls",
        help="Never less than was asked for: a server without STARTTLS gets no mail.",
    ),
    click.option("--smtp-user", help="Whom to log in as; else without login."),
    click.option(
        "--smtp-password-file",
        type=_file,
        help=f"File that holds the password; or set {SMTP_PASSWORD_VARIABLE}.",
    ),
    click.option("--smtp-ca-file", type=_file, help="Its CA, PEM; else the system's."),
)

WEBHOOK_OPTIONS = (
    click.option("--webhook-url", help="Where events are posted: http:// or https://."),
    click.option(
        "--webhook-secret-file",
        type=_file,
        help=f"File that holds the signing secret; or set {WEBHOOK_SECRET_VARIABLE}.",
    ),
    click.option("--webhook-ca-file", type=_file, help="Its CA, PEM; else the system's."),
    click.option(
        "--webhook-per-minute",
        type=_per_minute,
        help="Events a minute at most; else no limit.",
    ),
)


def channel_options(command: Command) -> Command:
    """The options of all channels; the command gets them among its settings."""

    @functools.wraps(command)
    def with_options(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    # click shows the option last that was added first.
    options = reversed((*EMAIL_OPTIONS, *WEBHOOK_OPTIONS))
    return functools.reduce(lambda decorated, option: option(decorated), options, with_options)


def channel_from(name: str, settings: Settings) -> Channel:
    """The channel email, webhook or log. UsageError where its settings make none."""
    return CHANNELS[name](settings)


def _email(settings: Settings) -> Channel:
    addresses = Addresses(
        inputs.address("--email-from", inputs.given("--email-from", settings["email_from"])),
        inputs.addresses("--email-to", inputs.given("--email-to", settings["email_to"])),
    )
    return EmailChannel(_smtp_server(settings), addresses, settings["email_per_minute"])


def _smtp_server(settings: Settings) -> SmtpServer:
    security, user = settings["smtp_security"], settings["smtp_user"]
    if user and security == "none":
        raise click.UsageError("--smtp-user needs TLS: its password would travel in the clear")
    return SmtpServer(
        host=inputs.host("--smtp-host", inputs.given("--smtp-host", settings["smtp_host"])),
        port=settings["smtp_port"] or SMTP_PORTS[security],
        context=(
            None if security == "none" else tls_context("--smtp-ca-file", settings["smtp_ca_file"])
        ),
        is_tls_at_once=security == "tls",
        user=user,
        password=_password(settings) if user else None,
    )


def _password(settings: Settings) -> str:
    file = settings["smtp_password_file"]
    return inputs.secret("--smtp-password-file", file, SMTP_PASSWORD_VARIABLE)


def _webhook(settings: Settings) -> Channel:
    file = settings["webhook_secret_file"]
    secret = inputs.secret("--webhook-secret-file", file, WEBHOOK_SECRET_VARIABLE)
    webhook = Webhook(
        url=inputs.url("--webhook-url", inputs.given("--webhook-url", settings["webhook_url"])),
        secret=secret.encode(),
        context=tls_context("--webhook-ca-file", settings["webhook_ca_file"]),
    )
    return WebhookChannel(webhook, settings["webhook_per_minute"])


def _log(_: Settings) -> Channel:
    return LogChannel()


CHANNELS: Mapping[str, Callable[[Settings], Channel]] = {
    "email": _email,
    "webhook": _webhook,
    "log": _log,
}
