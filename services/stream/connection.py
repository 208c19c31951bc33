"""How to reach Kafka: the options every component has, and kafka-python's words for them."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
from kafka.cluster import collect_hosts
from kafka.net.compat import KafkaNetClient

from services.stream.kafka_python import ask_bootstrap_servers

PASSWORD_VARIABLE = "DRONEWATCH_KAFKA_PASSWORD"

Command = Callable[..., Any]
Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """Where the brokers are and who we are to them."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None


def client_settings(connection: KafkaConnection) -> dict[str, Any]:
    """The connection as keyword arguments of any kafka-python client."""
    servers = [server.strip() for server in connection.bootstrap_servers.split(",")]
    settings: dict[str, Any] = {
        "bootstrap_servers": servers,
        "security_protocol": connection.security_protocol,
    }
    if connection.security_protocol.startswith("SASL"):
        settings |= {
            "sasl_mechanism": connection.sasl_mechanism,
            "sasl_plain_username": connection.username,
            "sasl_plain_password": connection.password,
        }
    if connection.security_protocol.endswith("SSL"):
        settings |= {"ssl_cafile": connection.ca_file}
    return settings


def sign_in_hint(connection: KafkaConnection) -> str | None:
    """What else to look at when no broker answers: to a wrong password it only hangs up."""
    if not connection.security_protocol.startswith("SASL"):
        return None
    return (
        f"if the broker is up, it may refuse user {connection.username}: check --kafka-username"
        f" and the password (--kafka-password-file or {PASSWORD_VARIABLE})"
    )


def new_client(kind: Callable[..., Client], connection: KafkaConnection, **settings: Any) -> Client:
    """KafkaConsumer, KafkaProducer or KafkaAdminClient; KafkaError if no broker answers.

    Then nothing of it stays behind: kafka-python leaves the thread and the sockets of a client
    that could not be made, and its attempts to connect, for as long as the process lives.
    """
    opened: list[KafkaNetClient] = []

    def open_net(**given: Any) -> KafkaNetClient:
        opened.append(KafkaNetClient(**given))
        ask_bootstrap_servers(opened[-1])
        return opened[-1]

    try:
        return kind(**client_settings(connection), kafka_client=open_net, **settings)
    except BaseException:
        for net in opened:
            net.close()
        raise


def kafka_options(command: Command) -> Command:
    """Adds the Kafka options; the command gets them as one `connection`."""

    @click.option(
        "--kafka-bootstrap-servers",
        default="localhost:9092",
        help="Brokers to begin with, host:port, separated by commas.",
    )
    @click.option(
        "--kafka-security-protocol",
        type=click.Choice(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
        default="PLAINTEXT",
    )
    @click.option(
        "--kafka-sasl-mechanism",
        type=click.Choice(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]),
        default="SCRAM-SHA-512",
    )
    @click.option("--kafka-username", help="SASL user.")
    @click.option(
        "--kafka-password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"File that holds the SASL password; or set {PASSWORD_VARIABLE}.",
    )
    @click.option(
        "--kafka-ca-file",
        type=click.Path(exists=True, dir_okay=False),
        help="Certificate authority of the brokers, PEM.",
    )
    @functools.wraps(command)
    def with_connection(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in list(kwargs) if name.startswith("kafka_")}
        return command(*args, connection=_connection(given), **kwargs)

    return with_connection


def _connection(given: dict[str, Any]) -> KafkaConnection:
    password = _password(given["kafka_password_file"])
    protocol = given["kafka_security_protocol"]
    if protocol.startswith("SASL") and not (given["kafka_username"] and password):
        message = (
            f"{protocol} needs --kafka-username and a password"
            f" (--kafka-password-file or {PASSWORD_VARIABLE})"
        )
        raise click.UsageError(message)
    try:
        collect_hosts(given["kafka_bootstrap_servers"])
    except ValueError as error:
        message = f"--kafka-bootstrap-servers wants host:port, separated by commas ({error})"
        raise click.UsageError(message) from error
    return KafkaConnection(
        bootstrap_servers=given["kafka_bootstrap_servers"],
        security_protocol=protocol,
        sasl_mechanism=given["kafka_sasl_mechanism"],
        username=given["kafka_username"],
        password=password,
        ca_file=given["kafka_ca_file"],
    )


def _password(password_file: Path | None) -> str | None:
    if password_file:
        return password_file.read_text().strip()
    return os.environ.get(PASSWORD_VARIABLE)
