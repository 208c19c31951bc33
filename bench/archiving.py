"""Bench: one archiving worker through a backlog, against Spark Structured Streaming.

Broker and bench run on the other cores, if the machine has any, than what is measured.
"""

from collections.abc import Iterator
from pathlib import Path

from bench.archiving_worker import worker_pass
from bench.backlog import Backlog, Pass, filled_backlog
from bench.meter import cores, pinned
from bench.spark import SPARK_VERSION, spark_pass
from bench.tables import Row, Table, ratio
from local.kafka import running_kafka
from local.progress import announce

GARBAGE_SHARES = (0.0, 0.01)
MEBIBYTE = 1024 * 1024
HOW = (
    "seconds: ours from the first record to the last commit and the process's end; Spark's from"
    " the query's start to its end.",
    "CPU seconds are user and system of all of a side's processes in that time; `with start` also"
    " counts their start (Python's; Spark's session and JVM).",
    "missing: records less rows in the Parquet files, each counted; rejected: rows that are no"
    " report.",
    "peak MiB: VmHWM, of all of a side's processes. The ratios are ours to this peer.",
    f"Spark {SPARK_VERSION}: local[n], n threads pinned to n cores, 1 GB heap (its default);"
    " from_json, availableNow, checkpoint, Parquet with the same columns, zstd level 1.",
    "Ours: one process pinned to one core, the component's own settings, into a folder. Kafka:"
    " one node on the other core(s).",
    "Targets: 60,000 reports/s, 512 MiB, 4 times Spark's reports per CPU second.",
)


def archiving_table(folder: Path, records: int, with_peer: bool) -> Table:
    """Without and with garbage: ours, then Spark on one core and on all."""
    measured, others = cores()
    with pinned(others), running_kafka(folder / "kafka") as server:
        backlogs = (filled_backlog(server.connection, records, g) for g in GARBAGE_SHARES)
        rows = [row for b in backlogs for row in _rows(b, folder, (measured, others), with_peer)]
    title = f"archiving: a backlog of {records:,} reports of 600 bytes or more, Kafka to Parquet"
    wrong = [f"{row['what']}: {row['missing']} records missing" for row in rows if row["missing"]]
    return Table(title, HOW, tuple(rows), tuple(wrong))


def _rows(
    backlog: Backlog, folder: Path, split: tuple[set[int], set[int]], with_peer: bool
) -> Iterator[Row]:
    garbage = f"{backlog.garbage_share:.0%} garbage"
    measured, others = split
    announce(f"archiving, {garbage}")
    ours = worker_pass(backlog, folder / f"ours, {garbage}", measured)
    yield {"what": f"{garbage}: archiving, 1 core (ours)", **_figures(backlog, ours)}
    for given in (measured, measured | others) if with_peer else ():
        name = f"{garbage}: Spark, local[{len(given)}]"
        announce(name)
        peer = spark_pass(backlog, folder / name, given)
        yield {"what": name, **_figures(backlog, peer), **_ratios(ours, peer)}


def _figures(backlog: Backlog, measured: Pass) -> Row:
    return {
        "seconds": measured.seconds,
        "reports/s": backlog.records / measured.seconds,
        "CPU s": measured.work.cpu_seconds,
        "reports/CPU s": backlog.records / measured.work.cpu_seconds,
        "with start": backlog.records / measured.whole.cpu_seconds,
        "peak MiB": measured.whole.peak_rss_bytes // MEBIBYTE,
        "missing": backlog.records - measured.found.rows,
        "rejected": measured.found.rejected,
        "bytes/row": measured.found.size_bytes / measured.found.rows,
    }


def _ratios(ours: Pass, peer: Pass) -> Row:
    """By how many times ours is faster, cheaper, smaller."""
    return {
        "ratio reports/s": ratio(peer.seconds, ours.seconds),
        "ratio reports/CPU s": ratio(peer.work.cpu_seconds, ours.work.cpu_seconds),
    }
