"""The streaming half of the demo: drones to alerts, people and archive, until all is done."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kafka import KafkaAdminClient

from local.checks import PublishedAlert
from local.components import (
    ALERTING,
    ARCHIVING,
    EMAIL,
    EMAIL_RETRIES,
    WEBHOOK,
    Fleet,
    alerting_command,
    archiving_command,
    reports_planned,
    simulator_command,
)
from local.evidence import published_alerts
from local.history import history_loaded, write_history
from local.kafka import KafkaServer, running_kafka
from local.notices import notifying_commands, peers
from local.offsets import done, has_caught_up, progress_of, written
from local.ports import HOST, free_port
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
from local.progress import advance, announce, bar
from services.reports.topics import ALERTS, ALERTS_RETRY_EMAIL, REPORTS, TOPICS, Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.topics import create_topics

GROUPS = (ALERTING, ARCHIVING)
WORKERS = (ALERTING, f"{ARCHIVING}-1", f"{ARCHIVING}-2", EMAIL, EMAIL_RETRIES, WEBHOOK)
SHAPES = {topic.name: topic for topic in TOPICS}
REPORTS_TOPIC = SHAPES[REPORTS]
LANDED = Goal("the fleet should land", 7 * 24 * 3600.0)
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Work:
    """What consumer groups have to do with a topic, and how that is shown."""

    topic: Topic
    groups: tuple[str, ...]
    shown: str
    unit: str
    goal: Goal


ARCHIVED = Work(
    REPORTS_TOPIC,
    GROUPS,
    "alerted and archived",
    " reports",
    Goal("alerting and archiving should catch up", 1800.0),
)
DELIVERED = Work(
    SHAPES[ALERTS],
    (EMAIL, WEBHOOK),
    "mailed and posted",
    " alerts",
    Goal("notifying should deliver every alert", 1800.0),
)


def stream(fleet: Fleet, folder: Path) -> list[PublishedAlert]:
    """Run Kafka, the workers, the fleet and the loader until all is done; what was published.

    The ledgers and the archive stay in the folder. ClickException if a process ends early.
    """
    if fleet.history_rows:
        announce(f"Writing {fleet.history_rows:,} rows as New York publishes its parking history")
        write_history(fleet, folder)
    announce("Starting Kafka")
    with running_kafka(folder / "kafka") as server:
        create_topics(server.connection, TOPICS)
        announce("Starting alerting, two archiving workers, notifying and whom it notifies")
        with _workers(server.connection, folder) as workers:
            announce(_plan(fleet))
            with history_loaded(fleet, server.connection, folder):
                _simulate(fleet, server, workers, folder)
            announce("Waiting until alerting and archiving have caught up")
            _catch_up(server, workers)
            announce("Waiting until every alert is mailed and posted")
            _deliver(server, workers)
            announce("Stopping them")
        return published_alerts(server.connection)


@contextmanager
def _workers(connection: KafkaConnection, folder: Path) -> Iterator[list[Child]]:
    """Alerting, two archiving workers and notifying, all in their groups; and its peers."""
    ports = {name: free_port() for name in WORKERS}
    archive = folder / "archive"
    with peers(folder) as found:
        commands = {
            ALERTING: alerting_command(connection, ports[ALERTING]),
            **{
                name: archiving_command(connection, ports[name], archive)
                for name in (f"{ARCHIVING}-1", f"{ARCHIVING}-2")
            },
            **notifying_commands(connection, ports, found, folder),
        }
        with all_running(commands, folder) as ours:
            children = [*found.children, *ours]
            for name, port in ports.items():
                goal = Goal(f"{name} should be ready", 60.0)
                await_until(partial(_is_ready, port), children, goal)
            yield children


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _simulate(fleet: Fleet, server: KafkaServer, workers: list[Child], folder: Path) -> None:
    command = simulator_command(fleet, server.connection, folder / "ledger.jsonl")
    simulator = start("simulator", command, folder / "simulator.log")
    shown = bar(reports_planned(fleet), "sent", " reports")
    with running(simulator), _admin(server.connection) as admin, shown:

        def has_ended() -> bool:
            advance(shown, written(progress_of(admin, REPORTS_TOPIC, GROUPS)))
            return not is_running(simulator)

        await_until(has_ended, [server.child, *workers], LANDED, LOOK_SECONDS)
    await_end(simulator, timeout_seconds=0)


def _catch_up(server: KafkaServer, workers: list[Child]) -> None:
    with _admin(server.connection) as admin:
        _await_done(admin, [server.child, *workers], ARCHIVED)


def _deliver(server: KafkaServer, workers: list[Child]) -> None:
    """Alerts that are done: delivered, or failed and on the retry topic, which is watched, too."""
    retries, groups = SHAPES[ALERTS_RETRY_EMAIL], [EMAIL_RETRIES]
    with _admin(server.connection) as admin:

        def are_retried() -> bool:
            return has_caught_up(progress_of(admin, retries, groups), groups)

        _await_done(admin, [server.child, *workers], DELIVERED, are_retried)


def _await_done(
    admin: KafkaAdminClient,
    children: list[Child],
    work: Work,
    is_all: Callable[[], bool] = lambda: True,
) -> None:
    """Until the groups have done all that stands in the topic, and is_all."""
    total = written(progress_of(admin, work.topic, work.groups))
    with bar(len(work.groups) * total, work.shown, work.unit) as shown:

        def is_done() -> bool:
            progress = progress_of(admin, work.topic, work.groups)
            advance(shown, sum(done(progress, group) for group in work.groups))
            return has_caught_up(progress, work.groups) and is_all()

        await_until(is_done, children, work.goal, LOOK_SECONDS)


def _admin(connection: KafkaConnection) -> KafkaAdminClient:
    """A client for questions to the broker; a context manager."""
    return KafkaAdminClient(**client_settings(connection))


def _plan(fleet: Fleet) -> str:
    pace = f"at most {fleet.rate:,.0f} reports/s" if fleet.rate else "as fast as it goes"
    history = ", and loading the history" if fleet.history_rows else ""
    return (
        f"Simulating {fleet.days:g} days of {fleet.drones} drones a mission"
        f" (mission: {fleet.mission}, seed {fleet.seed}), {pace}{history}"
    )
