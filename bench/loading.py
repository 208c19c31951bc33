"""Bench: the loader on a CSV of history, against a bare producer of the same reports."""

import sys
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event

from bench.bare import Sent, bare_run, created, figures, ratios
from bench.meter import metered
from bench.tables import Table
from bench.topic import arrival_span_seconds
from local.kafka import running_kafka
from local.processes import await_end, running, start
from local.progress import announce
from services.loading import checkpoint as checkpoints
from services.loading.files import Input, opened
from services.loading.headings import Heading, heading
from services.loading.lines import rows
from services.loading.loader import judged
from services.reports.codec import encoded
from services.reports.report import Report
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection
from simulator.history import History
from simulator.history_file import write_history

FAULT_SHARE = 0.01
# The peer sends these again and again.
READY = 20_000
TIMEOUT_SECONDS = 1800.0
HOW = (
    "reports/s: from the first report's arrival at the broker to the last one's; `with start`:"
    " from the process's start to its end.",
    "reports/CPU s: user and system of the whole process, its start included.",
    "The loader: its real command, on a file of the simulator's with 1 % of faults, with a"
    " checkpoint for each 1,000 rows. The peer: kafka-python's send of the same reports, made"
    " before, in one loop.",
    "Broker and sender share the machine's cores. Target: 0.6 of the peer, 20,000 reports/s.",
)


def loading_table(folder: Path, number_of_rows: int) -> Table:
    """The loader and the bare producer."""
    announce(f"loading: a file of {number_of_rows:,} rows")
    file = folder / "history.csv"
    write_history(History(number_of_rows, FAULT_SHARE), file, None)
    with running_kafka(folder / "kafka") as server:
        ours = loader_run(server.connection, file)
        bare = bare_run(server.connection, ready_messages(file, READY), ours.reports)
    table_rows = (
        {"what": "loader (ours)", **figures(ours)},
        {"what": "bare producer, ready bytes", **figures(bare), **ratios(ours, bare)},
    )
    return Table(f"loading: {number_of_rows:,} rows of history as fast as it goes", HOW, table_rows)


def loader_command(connection: KafkaConnection, topic: Topic, file: Path) -> list[str]:
    """As fast as it goes."""
    kafka = ["--kafka-bootstrap-servers", connection.bootstrap_servers, "--topic", topic.name]
    return [sys.executable, "-m", "services.loading", str(file), *kafka]


def loader_run(connection: KafkaConnection, file: Path) -> Sent:
    """The loader's real command."""
    topic = created(connection, "loading")
    command = loader_command(connection, topic, file)
    began_seconds = time.monotonic()
    child = start("loading", command, file.with_name("loading.log"))
    with running(child), metered(child.popen.pid) as meter:
        await_end(child, TIMEOUT_SECONDS)
        whole_seconds = time.monotonic() - began_seconds
    done = checkpoints.read(file.with_name(f"{file.name}.checkpoint.json"))
    reports = done.counts.sent if done else 0
    span_seconds = arrival_span_seconds(connection, topic)
    return Sent(reports, span_seconds, whole_seconds, meter.cost.cpu_seconds)


def ready_messages(file: Path, count: int) -> list[tuple[bytes, bytes]]:
    """Key and value of the file's first reports."""
    with opened(Input(file), Event()) as source:
        found = heading(source.beginning)
        assert isinstance(found, Heading)
        read = rows(source.blocks(found.end.offset), found.end, found.columns)
        contents = judged(read, found.columns, datetime.now(UTC).date())
        reports = (content for _, content in contents if isinstance(content, Report))
        return [(r.report_id.encode(), encoded(r)) for r in islice(reports, count)]
