"""Notifying by log on a real Kafka: each alert reaches people once."""

import time
from random import Random

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from services.reports import topics
from services.reports.alert import Alert
from services.reports.topics import TOPICS, Topic
from services.stream.connection import client_settings
from services.stream.producer import producer
from services.stream.topics import create_topics
from tests.faults.evidence import topic_records
from tests.notifying.scene import PARTITIONS, Scene, fleet_alerts, ids, in_several, repeated
from tests.stream.members import awaited

ALERTS_CONFIGS = next(topic.configs for topic in TOPICS if topic.name == topics.ALERTS)

KILLS = [
    pytest.param(3, id="quick"),
    pytest.param(20, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(900)]),
]
LOADS = [
    pytest.param(5, id="quick"),
    pytest.param(60, id="long", marks=pytest.mark.faults),
]
ALERTS_A_SECOND = 40


def check_once(notifying: Scene, repetitions_max: int = 0) -> None:
    """No alert in two notices; so many notices twice at most."""
    delivered = notifying.delivered()
    assert in_several(delivered) == set()
    assert sum(times - 1 for times in repeated(delivered).values()) <= repetitions_max
    assert "Traceback" not in notifying.crew.logs()


def test_each_alert_is_in_one_notice_also_if_it_stands_twice_on_the_topic(
    notifying: Scene,
) -> None:
    alerts = fleet_alerts(200)
    notifying.send([*alerts, *alerts])
    member = notifying.crew.add()
    notifying.await_delivered(ids(alerts))
    member.await_metric("dronewatch_notifying_duplicates_total", at_least=len(alerts))
    notifying.crew.stop_all()
    check_once(notifying)


def test_alerts_in_every_codec_of_kafkas_reach_people(notifying: Scene) -> None:
    alerts = fleet_alerts(40)
    notifying.crew.add()
    for number, codec in enumerate(["gzip", "snappy", "lz4", "zstd"]):
        notifying.send(alerts[10 * number : 10 * number + 10], codec)
    notifying.await_delivered(ids(alerts))
    notifying.crew.stop_all()
    check_once(notifying)


def test_what_was_sent_is_remembered_across_a_restart(notifying: Scene) -> None:
    old, new = fleet_alerts(100), fleet_alerts(20, first=100)
    notifying.crew.add()
    notifying.send(old)
    notifying.await_delivered(ids(old))
    notifying.crew.stop_all()
    notifying.send([*old, *new])
    notifying.crew.add()
    notifying.await_delivered(ids(new))
    notifying.crew.stop_all()
    check_once(notifying)


def test_partitions_that_move_to_another_member_take_their_memory_along(notifying: Scene) -> None:
    alerts = fleet_alerts(300)
    first = notifying.crew.add()
    notifying.send(alerts[:100])
    notifying.await_delivered(ids(alerts[:100]))
    second = notifying.crew.add()
    notifying.send(alerts[:200])
    second.await_metric("dronewatch_consumer_assigned_partitions", at_least=1)
    notifying.crew.members.remove(first)
    assert notifying.crew.stopped(first) == 0
    notifying.send(alerts)
    notifying.await_delivered(ids(alerts))
    notifying.crew.stop_all()
    check_once(notifying)


@pytest.mark.parametrize("kills", KILLS)
def test_killed_at_any_moment_only_what_was_under_way_goes_twice(
    notifying: Scene, kills: int
) -> None:
    rng, alerts = Random(5), fleet_alerts(80 * kills)
    notifying.crew.add()
    for number in range(kills):
        notifying.crew.add()
        before = len(notifying.delivered())
        notifying.send(alerts[80 * number : 80 * (number + 1)])
        notifying.await_more(before)
        # The moment is to be random, so there is nothing to await.
        time.sleep(rng.uniform(0, 0.5))
        notifying.crew.kill_one(rng)
    notifying.await_delivered(ids(alerts), timeout_seconds=180)
    notifying.crew.stop_all()
    check_once(notifying, repetitions_max=kills)


@pytest.mark.parametrize("seconds", LOADS)
def test_forty_alerts_a_second_are_all_delivered(notifying: Scene, seconds: int) -> None:
    alerts = fleet_alerts(ALERTS_A_SECOND * seconds)
    member = notifying.crew.add()
    member.await_ready()
    begun = time.monotonic()
    with producer(notifying.kafka) as sender:
        for number in range(10 * seconds):
            time.sleep(max(0.0, begun + number / 10 - time.monotonic()))
            notifying.send_by(sender, alerts[4 * number : 4 * (number + 1)])
    notifying.await_delivered(ids(alerts), timeout_seconds=30)
    notifying.crew.stop_all()
    check_once(notifying)


def test_a_record_that_is_no_alert_is_set_aside_and_the_next_ones_go_on(notifying: Scene) -> None:
    with producer(notifying.kafka) as sender:
        sender.send(notifying.topic, key=b"k", value=b"{}", partition=0)
        sender.flush()
    alerts = fleet_alerts(40)
    notifying.send(alerts)
    member = notifying.crew.add()
    notifying.await_delivered(ids(alerts))
    member.await_metric("dronewatch_notifying_undelivered_total", at_least=1)
    notifying.crew.stop_all()
    [aside] = topic_records(notifying.kafka, notifying.undelivered).values()
    headers = dict(aside.headers)
    assert (aside.key, aside.value) == (b"k", b"{}")
    assert headers[topics.ORIGIN_TOPIC].decode() == notifying.topic
    assert (headers[topics.ORIGIN_PARTITION], headers[topics.ORIGIN_OFFSET]) == (b"0", b"0")
    assert (headers[topics.CHANNEL], b"alert_id" in headers[topics.REASON]) == (b"log", True)
    check_once(notifying)


def test_a_commit_that_cannot_be_read_is_told_and_its_offset_kept(notifying: Scene) -> None:
    old, new = fleet_alerts(10, drones=1), fleet_alerts(10, drones=1, first=10)
    notifying.send(old)
    with KafkaAdminClient(**client_settings(notifying.kafka)) as admin:
        strange = OffsetAndMetadata(10, "strange", -1)
        group = notifying.crew.arguments[notifying.crew.arguments.index("--group") + 1]
        [filled] = {partition for partition, _ in topic_records(notifying.kafka, notifying.topic)}
        admin.alter_group_offsets(group, {TopicPartition(notifying.topic, filled): strange})
    notifying.send(new)
    notifying.crew.add()
    notifying.await_delivered(ids(new))
    notifying.crew.stop_all()
    assert "metadata is unreadable" in notifying.crew.logs()
    assert {one for notice in notifying.delivered() for one in notice.alert_ids} == set(ids(new))
    check_once(notifying)


def test_a_topic_that_was_made_anew_is_read_from_its_start(notifying: Scene) -> None:
    old, new = fleet_alerts(100), fleet_alerts(40, first=100)
    notifying.send(old)
    notifying.crew.add()
    notifying.await_delivered(ids(old))
    notifying.crew.stop_all()
    with KafkaAdminClient(**client_settings(notifying.kafka)) as admin:
        admin.delete_topics([notifying.topic])
    create_topics(notifying.kafka, [Topic(notifying.topic, PARTITIONS, ALERTS_CONFIGS)])
    notifying.send(new)
    notifying.crew.add()
    notifying.await_delivered(ids(new))
    notifying.crew.stop_all()
    check_once(notifying)


def test_no_alert_goes_twice_after_the_topic_got_partitions(notifying: Scene) -> None:
    old, new = fleet_alerts(60, drones=20), fleet_alerts(20, drones=20, first=60)
    member = notifying.crew.add()
    notifying.send(old)
    notifying.await_delivered(ids(old))
    with KafkaAdminClient(**client_settings(notifying.kafka)) as admin:
        admin.create_partitions({notifying.topic: PARTITIONS + 3})
        admin.wait_for_topics([notifying.topic])
    assert awaited(lambda: len(partitions_used(notifying, old)) > PARTITIONS)
    notifying.send(new)
    notifying.await_delivered(ids(new))
    member.await_metric("dronewatch_notifying_duplicates_total", at_least=len(old))
    notifying.crew.stop_all()
    check_once(notifying)


def partitions_used(notifying: Scene, alerts: list[Alert]) -> set[int]:
    """Send these again; the partitions that hold any by now."""
    notifying.send(alerts)
    return {partition for partition, _ in topic_records(notifying.kafka, notifying.topic)}


@pytest.mark.timeout(600)
def test_of_25_000_alerts_a_partition_that_come_again_none_goes_twice(notifying: Scene) -> None:
    alerts = fleet_alerts(25_000, drones=1)
    notifying.send(alerts)
    notifying.crew.add()
    notifying.await_delivered(ids(alerts[-1:]), timeout_seconds=240)
    notifying.crew.stop_all()
    new = fleet_alerts(1, drones=1, first=25_000)
    notifying.send([*alerts, *new])
    member = notifying.crew.add()
    notifying.await_delivered(ids(new), timeout_seconds=120)
    member.await_metric("dronewatch_notifying_duplicates_total", at_least=len(alerts))
    notifying.crew.stop_all()
    check_once(notifying)
