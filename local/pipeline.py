"""The streaming half of the demo: drones to alerts, people and archive, until all is done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kafka import KafkaAdminClient

from local.base import Base
from local.checks import PublishedAlert
from local.components import (
    ALERTING,
    ARCHIVING,
    EMAIL,
    EMAIL_RETRIES,
    WEBHOOK,
    WEBSITE,
    Fleet,
    alerting_command,
    archiving_command,
    reports_planned,
    simulator_command,
)
from local.evidence import published_alerts
from local.history import history_loaded, write_history
from local.notices import notifying_commands, peers
from local.offsets import done, has_caught_up, progress_of, written
from local.ports import free_port, is_ready
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
    (EMAIL, WEBHOOK, WEBSITE),
    "mailed, posted and shown",
    " alerts",
    Goal("notifying and the website should have every alert", 1800.0),
)


def stream(fleet: Fleet, base: Base, folder: Path) -> list[PublishedAlert]:
    """Run the workers, the fleet and the loader until all is done; what was published.

    The ledgers and the archive stay in the folder. ClickException if a process ends early.
    """
    if fleet.history_rows:
        announce(f"Writing {fleet.history_rows:,} rows as New York publishes its parking history")
        write_history(fleet, folder)
    connection = base.kafka.connection
    announce("Starting alerting, two archiving workers, notifying and whom it notifies")
    with _workers(connection, folder) as workers:
        children = [*base.children, *workers]
        announce(_plan(fleet))
        with history_loaded(fleet, connection, folder):
            _simulate(fleet, connection, children, folder)
        announce("Waiting until alerting and archiving have caught up")
        _catch_up(connection, children)
        announce("Waiting until every alert is mailed, posted and on the website")
        _deliver(connection, children)
        announce("Stopping all but Kafka and the website")
    return published_alerts(connection)


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
                await_until(partial(is_ready, port), children, goal)
            yield children


def _simulate(
    fleet: Fleet, connection: KafkaConnection, children: list[Child], folder: Path
) -> None:
    command = simulator_command(fleet, connection, folder / "ledger.jsonl")
    simulator = start("simulator", command, folder / "simulator.log")
    shown = bar(reports_planned(fleet), "sent", " reports")
    with running(simulator), _admin(connection) as admin, shown:

        def has_ended() -> bool:
            advance(shown, written(progress_of(admin, REPORTS_TOPIC, GROUPS)))
            return not is_running(simulator)

        await_until(has_ended, children, LANDED, LOOK_SECONDS)
    await_end(simulator, timeout_seconds=0)


def _catch_up(connection: KafkaConnection, children: list[Child]) -> None:
    with _admin(connection) as admin:
        _await_done(admin, children, ARCHIVED)


def _deliver(connection: KafkaConnection, children: list[Child]) -> None:
    """Alerts that are done: delivered, or failed and on the retry topic, which is watched, too."""
    retries, groups = SHAPES[ALERTS_RETRY_EMAIL], [EMAIL_RETRIES]
    with _admin(connection) as admin:

        def are_retried() -> bool:
            return has_caught_up(progress_of(admin, retries, groups), groups)

        _await_done(admin, children, DELIVERED, are_retried)


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
