"""Alerts sent for a bench of notifying, and when the notices that carry them arrive."""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import click

from local.evidence import mailed_alerts
from local.notices import NoticeFiles
from services.reports import topics
from services.reports.alert import Alert, Detail
from services.reports.codec import encoded
from services.reports.report import Location
from services.runtime.clock import now_ms
from services.stream.connection import KafkaConnection
from services.stream.producer import producer
from services.stream.topics import create_topics

SILENCE_SECONDS = 60.0
LOOK_SECONDS = 0.002
# A second, that is.
AT_ONCE = 1e9
SHAPE = next(topic for topic in topics.TOPICS if topic.name == topics.ALERTS)

# By alert id, milliseconds since the epoch.
Times = dict[str, int]


def made_alerts(count: int) -> list[Alert]:
    """Of as many drones, so that none waits for another's window."""
    return [_alert(number) for number in range(count)]


def _alert(number: int) -> Alert:
    report_id = f"bench-{number:06}"
    return Alert(
        alert_id=f"{report_id}-agitation-0",
        kind="agitation",
        report_id=report_id,
        drone_id=f"drone-{number:06}",
        time=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        subject="Aurore Durand",
        location=Location(48.8566, 2.3522, "Rue de Rivoli"),
        detail=Detail(words=("market", "rain"), place="Rue de Rivoli"),
    )


def send_alerts(
    connection: KafkaConnection, topic: str, alerts: Iterable[Alert], per_second: float
) -> Times:
    """Create the topic if need be, deal them out to its partitions; when each was handed over."""
    create_topics(connection, [replace(SHAPE, name=topic)])
    times, began = {}, time.monotonic()
    with closing(producer(connection, metrics_enabled=False)) as sender:
        for number, alert in enumerate(alerts):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            times[alert.alert_id] = now_ms()
            headers = [(topics.DETECTED_AT, str(now_ms()).encode())]
            partition = number % SHAPE.partitions
            sender.send(topic, encoded(alert), partition=partition, headers=headers)
        sender.flush()
    return times


def mail_arrivals(files: NoticeFiles, alerts: int, check: Callable[[], None]) -> Times:
    """When so many alerts' mails were written, once all are; ClickException if they are not."""
    _await(lambda: sum(1 for _ in (files.mails / "new").iterdir()), alerts, check)
    written = (file.stat().st_mtime_ns // 1_000_000 for file in (files.mails / "new").iterdir())
    carried = zip(mailed_alerts(files.mails), sorted(written), strict=True)
    return {alert_id: at_ms for alert_ids, at_ms in carried for alert_id in alert_ids}


def webhook_arrivals(files: NoticeFiles, alerts: int, check: Callable[[], None]) -> Times:
    """When so many alerts' events were seen in the receiver's file, looking every 2 ms."""
    times: Times = {}
    files.events.touch()
    with files.events.open() as events:

        def seen() -> int:
            lines, at_ms = events.readlines(), now_ms()
            for alert in (a for line in lines for a in json.loads(line)["alerts"]):
                times[alert["alert_id"]] = at_ms
            return len(times)

        _await(seen, alerts, check)
    return times


def _await(seen: Callable[[], int], alerts: int, check: Callable[[], None]) -> None:
    """Until so many are seen."""
    before, since = 0, time.monotonic()
    while (now := seen()) < alerts:
        check()
        if now > before:
            before, since = now, time.monotonic()
        if time.monotonic() - since > SILENCE_SECONDS:
            raise click.ClickException(f"only {now} of {alerts} alerts arrived")
        time.sleep(LOOK_SECONDS)
