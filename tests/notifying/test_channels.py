"""The channels' settings: what is wrong is told in one line, and no secret is ever shown."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from local.mailbox import running_mailbox
from local.ports import HOST
from local.receiver import running_receiver
from services.notifying.channels import channel_from, channel_options
from services.notifying.email import EmailChannel, SmtpServer
from services.notifying.webhook import WebhookChannel
from services.runtime.settings import component_command
from tests.notifying.samples import notice

SECRET = "not-a-real-secret"
PASSWORD = {"DRONEWATCH_SMTP_PASSWORD": SECRET}
SIGNING = {"DRONEWATCH_WEBHOOK_SECRET": SECRET}
EMAIL = {
    "--email-to": "ops@city.example, duty@city.example",
    "--email-from": "alerts@city.example",
    "--smtp-host": "mail.city.example",
}
WEBHOOK = {"--webhook-url": "https://hooks.example.org/services/T0/B1/path-that-is-secret"}


def run(name: str, options: dict[str, str], environ: dict[str, str]) -> tuple[Result, Any]:
    """What the command says, and the channel that it made, if any."""
    made: list[Any] = []

    @component_command("notify")
    @click.argument("name")
    @channel_options
    def command(name: str, **settings: Any) -> None:
        made.append(channel_from(name, settings))

    arguments = [part for pair in options.items() for part in pair]
    result = CliRunner().invoke(command, [name, *arguments], env=environ)
    for channel in made:
        channel.close()
    return result, made[0] if made else None


def server_of(options: dict[str, str], environ: dict[str, str]) -> SmtpServer:
    _, channel = run("email", EMAIL | options, environ)
    assert isinstance(channel, EmailChannel)
    return channel.server


def test_email_by_default_wants_starttls_and_ten_mails_a_minute() -> None:
    result, channel = run("email", EMAIL, {})
    assert result.exit_code == 0, result.output
    assert channel.recipients == ("ops@city.example", "duty@city.example")
    assert channel.cap_per_minute == 10
    assert (channel.server.port, channel.server.is_tls_at_once) == (587, False)
    assert channel.server.context is not None


@pytest.mark.parametrize(("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_each_security_has_its_port_unless_another_is_given(security: str, port: int) -> None:
    assert server_of({"--smtp-security": security}, {}).port == port
    assert server_of({"--smtp-security": security, "--smtp-port": "2525"}, {}).port == 2525


def test_settings_may_come_from_the_environment() -> None:
    environ = {f"DRONEWATCH_{name[2:].upper().replace('-', '_')}": v for name, v in EMAIL.items()}
    result, channel = run("email", {}, environ)
    assert result.exit_code == 0, result.output
    assert channel.server.host == "mail.city.example"


def test_a_password_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    user = {"--smtp-user": "alerts"}
    assert server_of(user, PASSWORD).password == SECRET
    from_file = server_of(user | {"--smtp-password-file": str(file)}, PASSWORD)
    assert from_file.password == "from the file"


def test_the_same_address_twice_gets_one_mail() -> None:
    _, channel = run("email", EMAIL | {"--email-to": "a@x.org,b@x.org, a@x.org"}, {})
    assert channel.recipients == ("a@x.org", "b@x.org")


def test_a_webhook_names_its_receiver_without_the_path() -> None:
    result, channel = run("webhook", WEBHOOK, SIGNING)
    assert result.exit_code == 0, result.output
    assert isinstance(channel, WebhookChannel)
    assert channel.recipients == ("https://hooks.example.org",)
    assert channel.cap_per_minute is None


def test_secrets_are_not_shown_where_settings_are_printed() -> None:
    _, channel = run("webhook", WEBHOOK, SIGNING)
    assert SECRET not in repr(channel.webhook)
    assert SECRET not in repr(server_of({"--smtp-user": "alerts"}, PASSWORD))


@pytest.mark.parametrize(
    ("options", "environ", "message"),
    [
        ({"--email-to": " "}, {}, "--email-to is missing"),
        ({"--email-from": ""}, {}, "--email-from is missing"),
        ({"--smtp-host": ""}, {}, "--smtp-host is missing"),
        ({"--email-to": "ops"}, {}, "--email-to: 'ops' is no address"),
        ({"--email-to": "a@x.org,,b@x.org"}, {}, "--email-to: '' is no address"),
        ({"--email-to": "Ops <a@x.org>"}, {}, "is no address"),
        ({"--email-to": "a@x.org\r\nBcc: b@x.org"}, {}, "is no address"),
        ({"--email-to": "zoë@x.org"}, {}, "is no address"),
        ({"--email-to": f"{'a' * 250}@x.org"}, {}, "is no address"),
        ({"--email-to": ",".join(f"a{n}@x.org" for n in range(101))}, {}, "more than 100"),
        ({"--email-from": "a@x..org"}, {}, "--email-from: 'a@x..org' is no address"),
        ({"--smtp-host": "mail..example"}, {}, "--smtp-host: 'mail..example' is no host"),
        ({"--smtp-host": "mail:25"}, {}, "is no host"),
        ({"--smtp-port": "0"}, {}, "--smtp-port"),
        ({"--smtp-security": "ssl"}, {}, "--smtp-security"),
        ({"--email-per-minute": "0"}, {}, "--email-per-minute"),
        ({"--smtp-user": "alerts"}, {}, "set DRONEWATCH_SMTP_PASSWORD"),
        ({"--smtp-user": "alerts"}, {"DRONEWATCH_SMTP_PASSWORD": " "}, "no secret"),
        ({"--smtp-user": "alerts", "--smtp-security": "none"}, PASSWORD, "in the clear"),
        ({"--smtp-password-file": "/no/such/file"}, {}, "--smtp-password-file"),
    ],
)
def test_a_wrong_setting_of_email_is_bad_usage_told_in_one_line(
    options: dict[str, str], environ: dict[str, str], message: str
) -> None:
    told_in_one_line(run("email", EMAIL | options, environ)[0], message)


@pytest.mark.parametrize(
    ("url", "environ", "message"),
    [
        ("", SIGNING, "--webhook-url is missing"),
        ("ftp://hooks.example.org/path-that-is-secret", SIGNING, "--webhook-url must be a URL"),
        ("hooks.example.org", SIGNING, "--webhook-url must be a URL"),
        ("https:///path-that-is-secret", SIGNING, "--webhook-url must be a URL"),
        ("https://a..b/path-that-is-secret", SIGNING, "--webhook-url must be a URL"),
        ("https://a:99999/", SIGNING, "--webhook-url must be a URL"),
        ("https://a/\r\nX-Admin: yes", SIGNING, "--webhook-url must be a URL"),
        ("https://u:path-that-is-secret@a/", SIGNING, "must not hold a user"),
        ("https://hooks.example.org", {}, "set DRONEWATCH_WEBHOOK_SECRET"),
        ("https://hooks.example.org", {"DRONEWATCH_WEBHOOK_SECRET": ""}, "no secret"),
    ],
)
def test_a_wrong_setting_of_webhook_is_bad_usage_told_in_one_line(
    url: str, environ: dict[str, str], message: str
) -> None:
    told_in_one_line(run("webhook", {"--webhook-url": url}, environ)[0], message)


def told_in_one_line(result: Result, message: str) -> None:
    assert result.exit_code == 2
    [line] = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in result.output
    assert SECRET not in result.output
    assert "path-that-is-secret" not in result.output


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_without_a_secret_is_bad_usage(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    options = WEBHOOK | {"--webhook-secret-file": str(file)}
    told_in_one_line(run("webhook", options, {})[0], "secret")


@pytest.mark.parametrize(
    ("name", "options", "option"),
    [("email", EMAIL, "--smtp-ca-file"), ("webhook", WEBHOOK, "--webhook-ca-file")],
)
def test_a_ca_file_without_certificates_is_bad_usage(
    tmp_path: Path, name: str, options: dict[str, str], option: str
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    result, _ = run(name, options | {option: str(file)}, SIGNING)
    told_in_one_line(result, f"{option}: no certificates can be read from {file}")


def test_what_the_settings_say_is_what_is_done(tmp_path: Path) -> None:
    with (
        running_mailbox(tmp_path / "mails") as mailbox,
        running_receiver(tmp_path / "events", SECRET.encode()) as receiver,
    ):
        smtp = {"--smtp-host": HOST, "--smtp-port": str(mailbox.port), "--smtp-security": "none"}
        url = {"--webhook-url": f"http://{HOST}:{receiver.port}/alerts"}
        for name, options in (("email", EMAIL | smtp), ("webhook", url)):
            deliver_by(name, options)
        assert [mail["Delivered-To"] for mail in mailbox.mails()] == [EMAIL["--email-to"]]
        assert len(receiver.events()) == 1


def deliver_by(name: str, options: dict[str, str]) -> None:
    @component_command("notify")
    @channel_options
    def command(**settings: Any) -> None:
        channel = channel_from(name, settings)
        assert channel.deliver(notice("r-1")).delivered == channel.recipients
        channel.close()

    arguments = [part for pair in options.items() for part in pair]
    result = CliRunner().invoke(command, arguments, env=SIGNING)
    assert result.exit_code == 0, result.output
