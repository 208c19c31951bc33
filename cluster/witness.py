"""What became of the fleet's reports: the simulator's ledger against archive and alerts, all read
from outside the cluster.

The simulator needs its ledger on a volume (`simulator.ledger.enabled`) and Kafka a user `witness`
that may read (WITNESS).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from kafka import KafkaAdminClient

from cluster.access import kafka_access, store_access
from cluster.archive import copied, object_names
from cluster.commands import kubectl
from cluster.release import Platform
from local.checks import PublishedAlert, Row, alert_differences, archive_differences
from local.evidence import archive_rows, published_alerts
from local.offsets import has_caught_up, progress_of
from local.processes import Goal, await_until
from services.archiving.naming import object_start
from services.archiving.timeline import Timeline
from services.reports.topics import REPORTS, TOPICS, Topic
from services.stream.connection import KafkaConnection, new_client
from services.stream.identity import TopicIdentity
from simulator.ledger import Entry, entries

GROUPS = ("alerting", "archiving")
OTHER_GROUPS = ("notifying-email", "notifying-email-retries", "website")
LEDGER = "/var/lib/dronewatch/ledger.jsonl"
CAUGHT_UP = Goal("alerting and archiving should catch up", 600)

# The Kafka user, as Helm's arguments.
WITNESS = (
    "--set-json",
    "kafka.users.witness="
    + json.dumps(
        {
            "topics": {topic.name: ["Read", "Describe"] for topic in TOPICS},
            "groups": [*GROUPS, *OTHER_GROUPS],
        }
    ),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was sent, and what came of it."""

    sent: Sequence[Entry]
    rows: Sequence[Row]
    alerts: Sequence[PublishedAlert]

    @property
    def differences(self) -> tuple[str, ...]:
        """What is missing, doubled, altered or made up, as lines to read; none if it adds up."""
        return (
            *archive_differences(self.sent, self.rows),
            *alert_differences(self.sent, self.alerts),
        )


def evidence(platform: Platform) -> Evidence:
    """Stop the fleet, wait until all is worked off, and read it all.

    Of the archive only what came from the topic as it is now: what an earlier one left there, no
    ledger tells of. ClickException if that does not come to an end.
    """
    stop_fleet(platform)
    with kafka_access(platform, "witness") as connection:
        await_caught_up(connection)
        alerts = published_alerts(connection)
        topic_id = reports_topic_id(connection)
    return Evidence(ledger_entries(platform), archived_rows(platform, topic_id), alerts)


def stop_fleet(platform: Platform) -> None:
    """No report comes any more; what was sent stands in the ledger."""
    _scale_fleet(platform, 0)
    pods = f"{platform.selector},app.kubernetes.io/component=simulator"
    kubectl(platform.namespace, "wait", "pod", "-l", pods, "--for=delete", "--timeout=90s")


def start_fleet(platform: Platform) -> None:
    """Reports come again, in the same ledger."""
    _scale_fleet(platform, 1)


def _scale_fleet(platform: Platform, replicas: int) -> None:
    deployment = f"deployment/{platform.named('simulator')}"
    kubectl(platform.namespace, "scale", deployment, f"--replicas={replicas}")


def await_caught_up(connection: KafkaConnection) -> None:
    """Until both groups have committed the end of every partition."""
    admin = new_client(KafkaAdminClient, connection)
    try:
        topic = reports_topic(admin)
        await_until(
            lambda: has_caught_up(progress_of(admin, topic, GROUPS), GROUPS),
            [],
            CAUGHT_UP,
            look_seconds=1.0,
        )
    finally:
        admin.close()


def reports_topic(admin: KafkaAdminClient) -> Topic:
    """The topic with as many partitions as the platform gave it. KafkaError if it is not there."""
    (found,) = admin.describe_topics([REPORTS])
    return Topic(REPORTS, len(found["partitions"]))


def reports_topic_id(connection: KafkaConnection) -> str:
    """What stands for the topic in objects' names. ClickException if it is not there."""
    identity = TopicIdentity(connection, REPORTS)
    try:
        topic_id = identity.current()
    finally:
        identity.close()
    if topic_id is None:
        raise click.ClickException(f"there is no topic {REPORTS}")
    return Timeline(topic_id).chain_id


def ledger_entries(platform: Platform) -> list[Entry]:
    """All that the simulator has noted; it must not be running."""
    with _ledger_pod(platform) as pod, TemporaryDirectory() as folder:
        copy = Path(folder) / "ledger.jsonl"
        copy.write_text(kubectl(platform.namespace, "exec", pod, "--", "cat", LEDGER))
        return list(entries(copy))


@contextmanager
def _ledger_pod(platform: Platform) -> Iterator[str]:
    """A pod that sees the ledger and does nothing, of the simulator's own shape."""
    simulator = f"deployment/{platform.named('simulator')}"
    pod = reader_pod(json.loads(kubectl(platform.namespace, "get", simulator, "--output=json")))
    kubectl(platform.namespace, "apply", "--filename=-", text=json.dumps(pod))
    name = pod["metadata"]["name"]
    try:
        kubectl(platform.namespace, "wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
        yield name
    finally:
        kubectl(platform.namespace, "delete", "pod", name, "--grace-period=0", "--force")


def reader_pod(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The Deployment's pod, which sleeps instead of working. Pure."""
    spec = deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    kept = ("name", "image", "imagePullPolicy", "securityContext", "volumeMounts")
    sleeper = {key: container[key] for key in kept} | {"command": ["sleep", "3600"]}
    name = f"{deployment['metadata']['name']}-reader"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": spec | {"containers": [sleeper], "terminationGracePeriodSeconds": 0},
    }


def archived_rows(platform: Platform, topic_id: str) -> list[Row]:
    """Every row of the archive that came from the topic of this id (8 hex digits)."""
    with store_access(platform, "analysis") as store:
        starts = {name: object_start(name) for name in object_names(store)}
        names = [name for name, start in starts.items() if start and start.topic_id == topic_id]
        with copied(store, names) as folder:
            return list(archive_rows(folder))
