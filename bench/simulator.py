"""Bench: the simulator as fast as it goes, against a bare producer of ready bytes."""

import sys
import time
from pathlib import Path

from bench.bare import Sent, bare_run, created, figures, ratios
from bench.corpus import fleet_messages
from bench.meter import metered
from bench.tables import Table
from bench.topic import arrival_span_seconds
from local.components import START
from local.kafka import running_kafka
from local.processes import await_end, running, start
from local.progress import announce
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection

DRONES = 1_000
# The peer sends these again and again.
READY = 20_000
TIMEOUT_SECONDS = 1800.0
HOW = (
    "reports/s: from the first report's arrival at the broker to the last one's; `with start`:"
    " from the process's start to its end.",
    "reports/CPU s: user and system of the whole process, its start included.",
    "The simulator: both missions, 1,000 drones each, one process, `--speed max`. The peer:"
    " kafka-python's send of the same fleet's reports, made before, with the same settings but"
    " 50 ms of linger.",
    "Broker and sender share the machine's cores. Target: 15,000 reports/s.",
)


def simulator_table(folder: Path, reports: int) -> Table:
    """Without and with a ledger, and the bare producer."""
    announce("simulator")
    with running_kafka(folder / "kafka") as server:
        ready = fleet_messages(READY, DRONES)
        bare = bare_run(server.connection, ready, reports)
        plain = simulator_run(server.connection, folder / "plain", reports, has_ledger=False)
        noting = simulator_run(server.connection, folder / "noting", reports, has_ledger=True)
    rows = (
        {"what": "simulator (ours)", **figures(plain)},
        {"what": "simulator with its ledger (ours)", **figures(noting)},
        {"what": "bare producer, ready bytes", **figures(bare), **ratios(plain, bare)},
    )
    return Table(f"simulator: {reports:,} reports as fast as it goes", HOW, rows)


def simulator_run(
    connection: KafkaConnection, folder: Path, reports: int, has_ledger: bool
) -> Sent:
    """The simulator's real command."""
    topic = created(connection, folder.name)
    command = simulator_command(connection, topic, reports)
    ledger = ["--ledger", str(folder / "ledger.jsonl")] if has_ledger else []
    began_seconds = time.monotonic()
    child = start("simulator", [*command, *ledger], folder / "simulator.log")
    with running(child), metered(child.popen.pid) as meter:
        await_end(child, TIMEOUT_SECONDS)
        whole_seconds = time.monotonic() - began_seconds
    span_seconds = arrival_span_seconds(connection, topic)
    return Sent(reports, span_seconds, whole_seconds, meter.cost.cpu_seconds)


def simulator_command(connection: KafkaConnection, topic: Topic, reports: int) -> list[str]:
    """Both missions, so many reports as fast as it goes."""
    fleet = ["--drones", str(DRONES), "--start", START]
    options = [*fleet, "--speed", "max", "--reports", str(reports)]
    kafka = ["--kafka-bootstrap-servers", connection.bootstrap_servers, "--topic", topic.name]
    return [sys.executable, "-m", "simulator", "run", *options, *kafka, "--health-port", "0"]
