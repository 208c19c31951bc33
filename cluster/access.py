"""Kafka and the store of a platform, for real clients outside the cluster.

Each broker's port is forwarded; the names under which brokers present themselves lead there for as
long as the access is open, so that TLS still checks them.
"""

import base64
import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from minio import Minio

from cluster.commands import kubectl
from cluster.release import Platform
from local.processes import Goal, await_until, running, start
from services.stream.connection import KafkaConnection

KAFKA_PORT = 9093
STORE_PORT = 9000
FORWARDED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


@contextmanager
def forwarded(
    platform: Platform, target: str, port: int, local_port: int | None = None
) -> Iterator[int]:
    """The local port, a free one unless given, that leads to a port of `pod/x` or `service/x`.

    ClickException if it cannot be had within 30 s.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        ports = f"{local_port or ''}:{port}"
        command = ["kubectl", "--namespace", platform.namespace, "port-forward", target, ports]
        with running(start("port-forward", command, log)) as child:
            await_until(lambda: _port(log) is not None, [child], Goal(f"{target} is reached", 30))
            yield _port(log) or 0


def _port(log: Path) -> int | None:
    found = FORWARDED.search(log.read_text())
    return int(found[1]) if found else None


@contextmanager
def kafka_access(platform: Platform, user: str) -> Iterator[KafkaConnection]:
    """A connection as the Kafka user of this name; several accesses may be open at once."""
    brokers = broker_hosts(platform)
    with ExitStack() as stack:
        ca_file = Path(stack.enter_context(TemporaryDirectory())) / "ca.crt"
        ca_file.write_text(secret(platform, f"{platform.release}-cluster-ca-cert", "ca.crt"))
        ports = {
            host: stack.enter_context(forwarded(platform, f"pod/{pod}", KAFKA_PORT))
            for pod, host in brokers.items()
        }
        stack.enter_context(_resolved(ports))
        yield KafkaConnection(
            bootstrap_servers=",".join(f"{host}:{KAFKA_PORT}" for host in ports),
            security_protocol="SASL_SSL",
            username=platform.named(user),
            password=secret(platform, platform.named(user), "password"),
            ca_file=str(ca_file),
        )


def broker_hosts(platform: Platform) -> dict[str, str]:
    """Each broker's pod, and the name it tells to clients."""
    selector = f"strimzi.io/name={platform.release}-kafka"
    path = "jsonpath={.items[*].metadata.name}"
    pods = kubectl(platform.namespace, "get", "pods", "--selector", selector, "--output", path)
    domain = f"{platform.release}-kafka-brokers.{platform.namespace}.svc"
    return {pod: f"{pod}.{domain}" for pod in pods.split()}


@contextmanager
def store_access(platform: Platform, user: str) -> Iterator[Minio]:
    """A client of the release's MinIO as the user of this name (archiving, website)."""
    keys = f"{platform.release}-minio-{user}"
    with forwarded(platform, f"service/{platform.named('minio')}", STORE_PORT) as port:
        yield Minio(
            f"127.0.0.1:{port}",
            access_key=secret(platform, keys, "accessKey"),
            secret_key=secret(platform, keys, "secretKey"),
            secure=False,
            region="us-east-1",
        )


def secret(platform: Platform, name: str, key: str) -> str:
    """A text that the Secret holds. ClickException if there is none."""
    found = json.loads(kubectl(platform.namespace, "get", "secret", name, "--output", "json"))
    if key not in found["data"]:
        raise click.ClickException(f"Secret {name} holds no {key}")
    return base64.b64decode(found["data"][key]).decode()


@contextmanager
def _resolved(ports: Mapping[str, int]) -> Iterator[None]:
    """These hosts lead to these ports of this machine, for whoever asks in this process."""
    resolve = socket.getaddrinfo

    def found(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ports:
            return resolve(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", ports[host]))]

    socket.getaddrinfo = found
    try:
        yield
    finally:
        socket.getaddrinfo = resolve
