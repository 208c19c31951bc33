"""The whole pipeline on this machine at a fixed rate, watched while it runs. For bench.latency."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from bench.garbage import Span, garbage_coming, garbage_span, sent_records
from bench.listening import (
    SeenAlert,
    SeenCanary,
    now_us,
    seen_alert,
    seen_canary,
    seen_in,
    send_canaries,
)
from bench.meter import Meter
from bench.scraping import is_ready
from bench.simulator import simulator_command
from bench.topic import arrival_span_seconds, reports_topic
from local.components import ALERTING, alerting_command, archiving_command, loading_command
from local.kafka import running_kafka
from local.ports import free_port
from local.processes import (
    Child,
    Goal,
    all_running,
    await_end,
    await_until,
    is_running,
    running,
    start,
)
from services.loading import checkpoint as checkpoints
from services.reports.topics import ALERTS, REPORTS, TOPICS, Topic
from services.stream.connection import KafkaConnection
from services.stream.topics import create_topics
from simulator.history import History
from simulator.history_file import write_history

CANARIES = Topic("canaries", 1)
READY_SECONDS = 60.0
LOOK_SECONDS = 0.5
HISTORY = "history.csv"
# More than it reaches.
LOADER_ROWS_A_SECOND = 30_000
# Alerts of the last reports come within it, slow ones too.
LAST_SECONDS = 3.0

# The command of a component on this health port.
CommandOf = Callable[[KafkaConnection, int], list[str]]
Heard = tuple[list[SeenAlert], list[SeenCanary]]


@dataclass(frozen=True, slots=True)
class Watch:
    """Reports a second, and for how long; the warm-up, in which Java compiles, does not count.

    With a loader, history is loaded at full speed the whole time. So many records of garbage come
    in each second of the span that bench.garbage says.
    """

    rate: int
    seconds: int
    warm_up_seconds: int
    has_loader: bool = False
    garbage_rate: int = 0

    @property
    def reports(self) -> int:
        """In all."""
        return self.rate * (self.warm_up_seconds + self.seconds)


@dataclass(frozen=True, slots=True)
class Observed:
    """What was read after the warm-up; CPU seconds a second of each process, warm-up included."""

    alerts: Sequence[SeenAlert]
    canaries: Sequence[SeenCanary]
    cpu_shares: Mapping[str, float]
    reports_per_second: float
    garbage_span: Span | None = None
    garbage_records: int = 0


def observed(folder: Path, watch: Watch) -> Observed:
    """Kafka, alerting, two archiving workers and the simulator, until it has sent its reports."""
    with running_kafka(folder / "kafka") as server:
        connection = server.connection
        create_topics(connection, [*TOPICS, CANARIES])
        with _workers(connection, folder) as workers, _listening(connection) as heard:
            from_us = now_us() + watch.warm_up_seconds * 1_000_000
            span = garbage_span(from_us)
            with (
                _loading(connection, folder, watch) as loaders,
                garbage_coming(connection, folder, watch.garbage_rate, span),
            ):
                children = [server.child, *workers, *loaders]
                shares = _simulated(connection, folder, watch, children)
            alerts, canaries = heard()
        span_seconds = arrival_span_seconds(connection, reports_topic(REPORTS))
    return Observed(
        [alert for alert in alerts if alert.reported_us >= from_us],
        [canary for canary in canaries if canary.sent_us >= from_us],
        shares,
        (watch.reports + _rows_loaded(folder)) / span_seconds,
        span if watch.garbage_rate else None,
        sent_records(folder) if watch.garbage_rate else 0,
    )


@contextmanager
def _workers(connection: KafkaConnection, folder: Path) -> Iterator[list[Child]]:
    """Alerting and two archiving workers, all in their groups."""
    archiving = partial(archiving_command, archive=folder / "archive")
    makes: dict[str, CommandOf] = {
        ALERTING: alerting_command,
        "archiving-1": archiving,
        "archiving-2": archiving,
    }
    ports = {name: free_port() for name in makes}
    commands = {name: make(connection, ports[name]) for name, make in makes.items()}
    with all_running(commands, folder) as children:
        goal = Goal("alerting and archiving should be ready", READY_SECONDS)
        await_until(lambda: all(map(is_ready, ports.values())), children, goal)
        yield children


@contextmanager
def _loading(connection: KafkaConnection, folder: Path, watch: Watch) -> Iterator[list[Child]]:
    """A loader with more rows than it can send in that time, or none."""
    if not watch.has_loader:
        yield []
        return
    rows = LOADER_ROWS_A_SECOND * (watch.warm_up_seconds + watch.seconds)
    write_history(History(rows), folder / HISTORY, None)
    command = loading_command(connection, folder / HISTORY)
    with running(start("loading", command, folder / "loading.log")) as child:
        yield [child]


def _rows_loaded(folder: Path) -> int:
    """By its checkpoint; 0 without a loader."""
    done = checkpoints.read(folder / f"{HISTORY}.checkpoint.json")
    return done.counts.rows if done else 0


@contextmanager
def _listening(connection: KafkaConnection) -> Iterator[Callable[[], Heard]]:
    """Listeners in threads; calling what it gives ends them and gives what they heard."""
    is_over = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        alerts = pool.submit(seen_in, connection, ALERTS, seen_alert, is_over)
        canaries = pool.submit(seen_in, connection, CANARIES.name, seen_canary, is_over)
        sending = pool.submit(send_canaries, connection, CANARIES.name, is_over)

        def heard() -> Heard:
            is_over.wait(LAST_SECONDS)
            is_over.set()
            sending.result()
            return alerts.result(), canaries.result()

        try:
            yield heard
        finally:
            is_over.set()


def _simulated(
    connection: KafkaConnection, folder: Path, watch: Watch, others: Sequence[Child]
) -> dict[str, float]:
    """Run the simulator to its end; each process's CPU seconds a second in that time."""
    command = simulator_command(connection, reports_topic(REPORTS), watch.reports)
    child = start("simulator", [*command, "--rate", str(watch.rate)], folder / "simulator.log")
    meters = {c.name: Meter(c.popen.pid) for c in (*others, child)}
    before = {name: meter.sample() for name, meter in meters.items()}
    began_seconds = monotonic()
    goal = Goal("the simulator should end", 3.0 * (watch.seconds + READY_SECONDS))
    with running(child):
        await_until(lambda: _is_done(child, meters), others, goal, LOOK_SECONDS)
        await_end(child, timeout_seconds=0)
    seconds = monotonic() - began_seconds
    return {n: m.cost.since(before[n]).cpu_seconds / seconds for n, m in meters.items()}


def _is_done(child: Child, meters: Mapping[str, Meter]) -> bool:
    for meter in meters.values():
        meter.sample()
    return not is_running(child)
