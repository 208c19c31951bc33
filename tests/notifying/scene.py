"""Notifying's processes on topics of a test's own: what is sent to them, what they delivered."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kafka import KafkaProducer
from msgspec.structs import replace

from local.processes import Goal, await_until
from services.reports import topics
from services.reports.alert import Alert
from services.reports.codec import encoded
from services.reports.report import Location
from services.stream.connection import KafkaConnection
from services.stream.producer import compression_setting, producer
from tests.faults.crew import Crew
from tests.notifying.samples import alert

PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Delivered:
    """A notice as the log channel wrote it."""

    notice_id: str
    alert_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Members of one group that notify by log, and the topic `alerts` they read."""

    kafka: KafkaConnection
    topic: str
    undelivered: str
    crew: Crew
    folder: Path

    def send(self, alerts: Iterable[Alert], codec: str = "none") -> None:
        """These alerts, acknowledged, each under its drone."""
        with producer(self.kafka, **compression_setting(codec)) as sender:
            self.send_by(sender, alerts)
            sender.flush()

    def send_by(self, sender: KafkaProducer, alerts: Iterable[Alert]) -> None:
        """Handed to this producer."""
        for one in alerts:
            headers = [(topics.DETECTED_AT, str(time.time_ns() // 1_000_000).encode())]
            key = one.drone_id.encode()
            sender.send(self.topic, key=key, value=encoded(one), headers=headers)

    def delivered(self) -> list[Delivered]:
        """What was written so far; a line that a kill cut is none."""
        return [
            notice for path in sorted(self.folder.glob("worker-*.log")) for notice in notices(path)
        ]

    def await_delivered(self, alert_ids: Iterable[str], timeout_seconds: float = 90) -> None:
        """Until each of these alerts stands in some notice."""
        wanted = set(alert_ids)

        def are_there() -> bool:
            return wanted <= {one for notice in self.delivered() for one in notice.alert_ids}

        children = [member.child for member in self.crew.members]
        goal = Goal(f"{len(wanted)} alerts should be delivered", timeout_seconds)
        await_until(are_there, children, goal, 0.1)

    def await_more(self, than: int) -> None:
        """Until more notices than that are written."""
        children = [member.child for member in self.crew.members]
        goal = Goal(f"there should be more than {than} notices", 60)
        await_until(lambda: len(self.delivered()) > than, children, goal, 0.02)


def notices(path: Path) -> Iterator[Delivered]:
    """The notices in a member's output."""
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "notice_id" in entry:
            alert_ids = tuple(found["alert_id"] for found in entry["alerts"])
            yield Delivered(entry["notice_id"], alert_ids)


def fleet_alerts(count: int, drones: int = 7, first: int = 0) -> list[Alert]:
    """So many different alerts, in turns of so many drones, each with subjects of its own."""
    return [
        replace(
            alert(f"r-{number}"),
            drone_id=f"drone-{number % drones}",
            subject=f"subject-{number % (3 * drones)}",
            time=alert("r").time + timedelta(seconds=number),
            location=Location(40.7, -73.9, "Broadway"),
        )
        for number in range(first, first + count)
    ]


def ids(alerts: Iterable[Alert]) -> list[str]:
    """Their ids."""
    return [one.alert_id for one in alerts]


def repeated(delivered: Iterable[Delivered]) -> dict[str, int]:
    """Ids of notices that were written more than once, and how often."""
    counted = Counter(notice.notice_id for notice in delivered)
    return {notice_id: times for notice_id, times in counted.items() if times > 1}


def in_several(delivered: Iterable[Delivered]) -> set[str]:
    """Alerts that stand in notices of different ids: they reached people twice."""
    found = {(notice.notice_id, one) for notice in delivered for one in notice.alert_ids}
    counted = Counter(alert_id for _, alert_id in found)
    return {alert_id for alert_id, times in counted.items() if times > 1}
