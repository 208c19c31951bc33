"""Bench: the loader on a CSV of history, against a bare producer of the same reports, in turns."""

import io
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Event

from bench.bare import Sent, bare_run, created
from bench.tables import Row, Table, ratio
from local.kafka import running_kafka
from local.progress import announce
from services.loading import checkpoint as checkpoints
from services.loading.command import Command, load_all
from services.loading.files import Input, opened
from services.loading.headings import Heading, heading
from services.loading.lines import rows
from services.loading.loader import Bounds, judged
from services.loading.plan import Terms
from services.reports.codec import encoded
from services.reports.report import Report
from services.stream.connection import KafkaConnection
from simulator.history import History
from simulator.history_file import write_history

FAULT_SHARE = 0.01
ROUNDS = 5
HOW = (
    f"Median of {ROUNDS} rounds, in each of which both send as many reports, one after the other,"
    " in the same process; connecting and closing included. The ratio is the median of theirs.",
    "The loader: all that its command does, on a file of the simulator's with 1 % of faults, with"
    " a checkpoint on the disk for each 1,000 rows. The peer: kafka-python's send of the same"
    " reports, made before, in one loop.",
    "Broker and sender share the machine's cores. Target: 0.6 of the peer, 20,000 reports/s.",
)


def loading_table(folder: Path, number_of_rows: int) -> Table:
    """The loader and the bare producer."""
    announce(f"loading: {ROUNDS} times a file of {number_of_rows:,} rows")
    file = folder / "history.csv"
    write_history(History(number_of_rows, FAULT_SHARE), file, None)
    ready = ready_messages(file)
    with running_kafka(folder / "kafka") as server:
        rounds = [
            (loader_run(server.connection, file), bare_run(server.connection, ready, len(ready)))
            for _ in range(ROUNDS)
        ]
    title = f"loading: {number_of_rows:,} rows of history as fast as it goes"
    return Table(title, HOW, tuple(table_rows(rounds)))


def table_rows(rounds: Sequence[tuple[Sent, Sent]]) -> list[Row]:
    """Ours and the peer's medians, and those of the rounds' ratios."""
    ours, peers = zip(*rounds, strict=True)
    by_time = [ratio(peer.whole_seconds, own.whole_seconds) for own, peer in rounds]
    by_cpu = [ratio(peer.cpu_seconds, own.cpu_seconds) for own, peer in rounds]
    ratios = {
        "ratio reports/s": median(filter(None, by_time)),
        "ratio reports/CPU s": median(filter(None, by_cpu)),
    }
    return [
        {"what": "loader (ours)", **_medians(ours)},
        {"what": "bare producer, ready bytes", **_medians(peers), **ratios},
    ]


def _medians(sent: Sequence[Sent]) -> Row:
    return {
        "reports/s": median(one.reports / one.whole_seconds for one in sent),
        "reports/CPU s": median(one.reports / one.cpu_seconds for one in sent),
    }


def loader_run(connection: KafkaConnection, file: Path) -> Sent:
    """Once through the file, in this process."""
    topic = created(connection, "loading")
    command = Command([file], None, None, Terms(topic.name, True), Bounds(), connection)
    began_seconds, began_cpu_seconds = time.monotonic(), time.process_time()
    with redirect_stdout(io.StringIO()):
        load_all(command, Event())
    whole_seconds = time.monotonic() - began_seconds
    cpu_seconds = time.process_time() - began_cpu_seconds
    done = checkpoints.read(file.with_name(f"{file.name}.checkpoint.json"))
    return Sent(done.counts.sent if done else 0, whole_seconds, whole_seconds, cpu_seconds)


def ready_messages(file: Path) -> list[tuple[bytes, bytes]]:
    """Key and value of all of the file's reports."""
    with opened(Input(file), Event()) as source:
        found = heading(source.beginning)
        assert isinstance(found, Heading)
        read = rows(source.blocks(found.end.offset), found.end, found.columns)
        contents = judged(read, found.columns, datetime.now(UTC).date())
        reports = (content for _, content in contents if isinstance(content, Report))
        return [(r.report_id.encode(), encoded(r)) for r in reports]
