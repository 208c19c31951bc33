"""Invariant 2 while alerting's workers are killed, added and removed: nobody is missed."""

from collections.abc import Iterable, Mapping

import pytest

from local.checks import alert_differences
from local.evidence import published_alerts
from local.processes import stop
from services.reports.codec import Rejection, decoded
from simulator.ledger import Entry, digest, entries
from tests.faults.chaos import LONG, QUICK, Chaos, wreak
from tests.faults.evidence import KafkaRecord, Position, topic_records
from tests.faults.scene import Scene

RUNS = [
    pytest.param(QUICK, id="quick"),
    pytest.param(LONG, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(600)]),
]


def origin(rejected: KafkaRecord) -> tuple[str, Position]:
    """Where a rejected record says that it came from."""
    headers = dict(rejected.headers)
    topic = headers["origin_topic"].decode()
    return topic, (int(headers["origin_partition"]), int(headers["origin_offset"]))


def missing_rejections(sent: Iterable[Entry], rejected: Iterable[KafkaRecord]) -> set[object]:
    """Garbage of the ledger that is not among the rejected records, with its bytes."""
    found = {(origin(record)[1], digest(record.value)) for record in rejected}
    return {
        at
        for entry in sent
        if entry.report_id is None
        if (at := ((entry.partition, entry.offset), entry.digest)) not in found
    }


def wrong_rejections(
    rejected: Iterable[KafkaRecord], topic: str, records: Mapping[Position, KafkaRecord]
) -> list[KafkaRecord]:
    """Rejected records whose headers, key or bytes are not those of the record they name."""
    return [record for record in rejected if not _is_right(record, topic, records)]


def _is_right(rejected: KafkaRecord, topic: str, records: Mapping[Position, KafkaRecord]) -> bool:
    named, position = origin(rejected)
    original = records[position]
    judged = decoded(original.value)
    return (
        named == topic
        and (rejected.key, rejected.value) == (original.key, original.value)
        and isinstance(judged, Rejection)
        and dict(rejected.headers)["reason"].decode() == judged.reason
    )


@pytest.mark.parametrize("chaos", RUNS)
def test_every_alert_is_published_whoever_is_killed_when(
    chaos: Chaos, alerting: Scene, topic_names: dict[str, str]
) -> None:
    alerting.crew.add()
    alerting.crew.add()
    simulator = alerting.fleet(chaos.rate, chaos.seed)
    wreak(chaos, alerting.crew, alerting.group.await_progress)
    alerting.group.await_written(chaos.reports)
    assert stop(simulator) == 0
    alerting.group.await_caught_up()
    alerting.crew.stop_all()
    sent = list(entries(alerting.ledger))
    assert any(entry.alerts for entry in sent)
    assert alert_differences(sent, published_alerts(alerting.kafka, topic_names["alerts"])) == ()
    rejected = topic_records(alerting.kafka, topic_names["reports-rejected"]).values()
    assert missing_rejections(sent, rejected) == set()
    assert wrong_rejections(rejected, alerting.topic.name, alerting.records()) == []
    assert "Traceback" not in alerting.crew.logs()
