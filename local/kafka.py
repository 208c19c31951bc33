"""A real Kafka on this machine: one node, broker and controller (KRaft). For demo, tests, bench."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

import click
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from local.jars import kafka_jars
from local.java import java_executable
from local.ports import HOST, free_port, is_listening, is_taken
from local.processes import (
    TAIL_LINES,
    Child,
    Goal,
    await_end,
    await_until,
    is_running,
    kill,
    log_tail,
    start,
    stop,
)
from services.stream.connection import KafkaConnection, client_settings

START_SECONDS = 180.0
FORMAT_SECONDS = 60.0
DYING_SECONDS = 5.0
LOG = "kafka.log"
# In runs of minutes the optimising compiler (C2) never earns back what it costs: without it the
# broker needs half the processor time, 3 s instead of 6 s for 200,000 reports.
JVM = ("-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8")
HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
KNOWN_CAUSES = {
    "No space left on device": "the disk is full: free some space",
    "Address already in use": "one of its ports is taken",
    "OutOfMemoryError": "Java ran out of memory: free some, or stop other programs",
    "insufficient memory for the Java Runtime": "Java got no memory: stop other programs",
    "Permission denied": "it may not write to its folder: choose another run directory",
}
# Sixteen bytes in URL-safe base64, as Kafka wants a cluster's id.
CLUSTER_ID = base64.urlsafe_b64encode(b"dronewatch-local").decode().rstrip("=")

LOG4J2 = """\
status=error
appenders=stdout
appender.stdout.type=Console
appender.stdout.name=stdout
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d %p %c{1}: %m%n
loggers=values
logger.values.name=org.apache.kafka.common.config
logger.values.level=warn
rootLogger.level=info
rootLogger.appenderRef.stdout.ref=stdout
"""


@dataclass(slots=True)
class KafkaServer:
    """A broker on its ports, with its data and its log kafka.log in its folder."""

    folder: Path
    port: int
    controller_port: int
    child: Child

    @property
    def connection(self) -> KafkaConnection:
        """How clients reach it."""
        return KafkaConnection(f"{HOST}:{self.port}")

    def stop(self) -> None:
        """Stop it cleanly."""
        stop(self.child)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        kill(self.child)

    def restart(self) -> None:
        """Start it again on its data and ports, and wait until it answers."""
        self.stop()
        self.child = _start(self.folder)
        await_ready(self)


@contextmanager
def running_kafka(folder: Path, port: int | None = None) -> Iterator[KafkaServer]:
    """A broker that answers, on this port or a free one; stopped at the end, its data stay.

    ClickException with one clear line (and the log's end) if it cannot start, or dies and so
    fails what is done here.
    """
    server = _server(folder, port)
    try:
        await_ready(server)
        yield server
    except (KafkaError, click.ClickException) as error:
        if _has_died(server, error):
            raise _failure(folder) from error
        raise
    finally:
        server.stop()


def _server(folder: Path, port: int | None) -> KafkaServer:
    if port is not None and is_taken(port):
        raise click.ClickException(f"port {port} is taken: choose another for Kafka")
    port, controller_port = port or free_port(), free_port()
    settings = broker_settings(folder / "data", port, controller_port)
    child = start_node(folder, settings, ["--standalone"])
    return KafkaServer(folder, port, controller_port, child)


def start_node(folder: Path, settings: Mapping[str, str], format_options: Sequence[str]) -> Child:
    """Start a node with these settings, its data formatted if they are new; does not wait."""
    _write_config(folder, settings)
    _format_data(folder, format_options)
    return _start(folder)


def _write_config(folder: Path, settings: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (folder / "server.properties").write_text("".join(lines))
    (folder / "log4j2.properties").write_text(LOG4J2)


def broker_settings(data: Path, port: int, controller_port: int) -> dict[str, str]:
    """A single node's settings, as Kafka names them: what design.md says, and what is small."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": f"{HOST}:{controller_port}",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        # Tests and people wait for groups to form, and for dead members to be missed.
        "group.initial.rebalance.delay.ms": "100",
        "group.min.session.timeout.ms": "1000",
        # Until it is over, a broker that crashed may not come back.
        "broker.session.timeout.ms": "5000",
        "broker.heartbeat.interval.ms": "500",
        "controlled.shutdown.max.retries": "1",
        # Its default would take a quarter of the heap.
        "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    }


def _format_data(folder: Path, options: Sequence[str]) -> None:
    if (folder / "data" / "meta.properties").exists():
        return
    command = ["kafka.tools.StorageTool", "format", *options, "-t", CLUSTER_ID, "-c"]
    child = _start_java(folder, command)
    try:
        await_end(child, FORMAT_SECONDS)
    except click.ClickException as error:
        raise _failure(folder) from error
    finally:
        kill(child)


def _start(folder: Path) -> Child:
    return _start_java(folder, [*HEAP, "kafka.Kafka"])


def _start_java(folder: Path, arguments: Sequence[str]) -> Child:
    """Java with Kafka's jars, these arguments, and last the file of the broker's settings."""
    command = [java_executable(), "-cp", f"{kafka_jars()}/*", *JVM]
    command += [f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"]
    command += [*arguments, str(folder / "server.properties")]
    return start("kafka", command, folder / LOG)


def await_ready(server: KafkaServer) -> None:
    """Wait until the broker answers a request for its metadata."""
    goal = Goal("Kafka should answer", START_SECONDS)
    await_until(lambda: is_listening(server.port), [server.child], goal)
    settings = client_settings(server.connection)
    with KafkaAdminClient(**settings, bootstrap_timeout_ms=START_SECONDS * 1000) as admin:
        admin.describe_cluster()


def _has_died(server: KafkaServer, error: Exception) -> bool:
    """Whether the broker's end is what is behind the error: clients may notice it first."""
    if isinstance(error, KafkaError):
        with suppress(TimeoutExpired):
            server.child.popen.wait(DYING_SECONDS)
    return not is_running(server.child)


def _failure(folder: Path) -> click.ClickException:
    log_file = folder / LOG
    lines = log_tail(log_file, lines=200)
    cause = cause_of_failure("\n".join(lines))
    if cause:
        return click.ClickException(f"Kafka ended: {cause} (its log: {log_file})")
    tail = "\n  ".join(lines[-TAIL_LINES:])
    return click.ClickException(f"Kafka ended. {log_file} ends with:\n  {tail}")


def cause_of_failure(log: str) -> str | None:
    """What a broker's log says about its death, with the remedy; None if it is nothing known."""
    return next((cause for sign, cause in KNOWN_CAUSES.items() if sign in log), None)
