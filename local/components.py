"""The platform's components as the demo runs them: their real commands, as processes."""

import sys
from dataclasses import dataclass
from pathlib import Path

from local.ports import HOST
from services.stream.connection import KafkaConnection

MISSIONS = {"prestacop": 1, "peacewatch": 1, "both": 2}
# Any Monday: the same seed gives the same reports on any day.
START = "2026-03-02T00:00:00Z"
ALERTING, ARCHIVING = "alerting", "archiving"
EMAIL, EMAIL_RETRIES, WEBHOOK = "notifying-email", "notifying-email-retries", "notifying-webhook"
WEBSITE = "website"
# Objects of 10 s instead of minutes: the demo has caught up soon after the last report.
OBJECT_AGE_SECONDS = 10
# The demo's days pass in seconds: so do the windows of its alerts, and most go in digests.
WINDOW_SECONDS = 5
NOTICES_PER_MINUTE = 240


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is simulated; drones are for each mission, a rate of 0 is as fast as it goes.

    history_rows are those of the city's summonses, loaded beside the drones; 0 is none.
    """

    mission: str
    days: float
    drones: int
    rate: float
    seed: int
    fault_share: float
    history_rows: int


def reports_planned(fleet: Fleet) -> int:
    """One a minute from each drone, and history; some are lost or in repair, so fewer come."""
    of_drones = int(fleet.days * 24 * 60) * fleet.drones * MISSIONS[fleet.mission]
    return of_drones + fleet.history_rows


def simulator_command(fleet: Fleet, connection: KafkaConnection, ledger: Path) -> list[str]:
    """The fleet, once through its days."""
    options = [
        *("--mission", fleet.mission),
        *("--drones", str(fleet.drones)),
        *("--start", START),
        *("--duration", f"{fleet.days}d"),
        *("--speed", "max"),
        *("--seed", str(fleet.seed)),
        *("--fault-share", str(fleet.fault_share)),
        *("--ledger", str(ledger)),
        *(("--rate", str(fleet.rate)) if fleet.rate else ()),
    ]
    return [*_module("simulator"), "run", *options, *_process(connection, 0)]


def alerting_command(connection: KafkaConnection, health_port: int) -> list[str]:
    """Alerting with its default rules, which are the simulator's."""
    return [
        *_module("services.alerting"),
        *("--group", ALERTING),
        *_process(connection, health_port),
    ]


def archiving_command(connection: KafkaConnection, health_port: int, archive: Path) -> list[str]:
    """One archiving worker into a local folder."""
    return [
        *_module("services.archiving"),
        *("--group", ARCHIVING),
        *("--store-folder", str(archive)),
        *("--object-age-seconds", str(OBJECT_AGE_SECONDS)),
        *_process(connection, health_port),
    ]


def email_command(
    connection: KafkaConnection, health_port: int, smtp_port: int, *, retries: bool
) -> list[str]:
    """Mails to two invented people, on this machine; with retries: those that failed."""
    options = [
        *("--email-from", "dronewatch@example.org"),
        *("--email-to", "control-room@example.org,duty-officer@example.org"),
        *("--email-per-minute", str(NOTICES_PER_MINUTE)),
        *("--smtp-host", HOST),
        *("--smtp-port", str(smtp_port)),
        *("--smtp-security", "none"),
        *(("--retries",) if retries else ()),
    ]
    return [*_module("services.notifying"), "email", *options, *_notifying(connection, health_port)]


def webhook_command(
    connection: KafkaConnection, health_port: int, url: str, secret: Path
) -> list[str]:
    """Webhooks to a receiver on this machine."""
    options = [
        *("--webhook-url", url),
        *("--webhook-secret-file", str(secret)),
        *("--webhook-per-minute", str(NOTICES_PER_MINUTE)),
    ]
    command = [*_module("services.notifying"), "webhook", *options]
    return [*command, *_notifying(connection, health_port)]


def user_command(role: str, database: str, password_file: Path) -> list[str]:
    """Somebody who may sign in to the website, named as their role: operator or viewer."""
    options = ["--database", database, "--password-file", str(password_file)]
    return [*_module("services.website.users"), "add", role, "--role", role, *options]


def website_command(
    connection: KafkaConnection, health_port: int, port: int, database: str, results: Path
) -> list[str]:
    """The website on a file of SQLite's or a database of PostgreSQL's, by its URL."""
    options = [
        *("--group", WEBSITE),
        *("--host", HOST),
        *("--port", str(port)),
        *("--database", database),
        *("--results", str(results)),
    ]
    return [*_module("services.website"), *options, *_process(connection, health_port)]


def mailbox_command(port: int, mails: Path) -> list[str]:
    """A mail server that keeps what it gets in a Maildir."""
    return [*_module("local.mailbox"), "--port", str(port), "--folder", str(mails)]


def receiver_command(port: int, events: Path, secret: Path) -> list[str]:
    """A receiver of webhooks that keeps each as a line of a file."""
    options = ["--port", str(port), "--file", str(events), "--secret-file", str(secret)]
    return [*_module("local.receiver"), *options]


def history_command(fleet: Fleet, file: Path, ledger: Path) -> list[str]:
    """A file of the city's summonses, and the ledger of its rows."""
    options = [
        *("--rows", str(fleet.history_rows)),
        *("--seed", str(fleet.seed)),
        *("--ledger", str(ledger)),
    ]
    return [*_module("simulator"), "history", *options, str(file)]


def loading_command(connection: KafkaConnection, file: Path) -> list[str]:
    """The loader, once through the file."""
    broker = ["--kafka-bootstrap-servers", connection.bootstrap_servers]
    return [*_module("services.loading"), *broker, str(file)]


def analysis_command(archive: Path, results: Path, spark_log: Path) -> list[str]:
    """Every built-in question, in local Spark."""
    return [
        *_module("analysis"),
        *("run", "--archive", str(archive), "--results", str(results)),
        *("--spark-log", str(spark_log)),
    ]


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _notifying(connection: KafkaConnection, health_port: int) -> list[str]:
    return ["--window-seconds", str(WINDOW_SECONDS), *_process(connection, health_port)]


def _process(connection: KafkaConnection, health_port: int) -> list[str]:
    return [
        *("--kafka-bootstrap-servers", connection.bootstrap_servers),
        *("--health-port", str(health_port)),
    ]
