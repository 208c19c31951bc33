"""What may not keep alerting from alerting: a topic made anew, a topic that is missing."""

from kafka import KafkaAdminClient

from local.evidence import published_alerts
from local.processes import Goal, await_until
from services.reports.codec import encoded
from services.reports.topics import ALERTS, Topic
from services.stream.connection import client_settings
from services.stream.topics import create_topics
from tests.faults.samples import sound_report
from tests.faults.scene import Scene
from tests.faults.test_archive_topic_anew import make_anew


def calls_for_a_human(prefix: str, count: int) -> list[bytes]:
    """Reports that raise one alert each."""
    return [encoded(sound_report(f"{prefix}-{number}", code="999")) for number in range(count)]


def await_alerts(scene: Scene, topic: str, prefix: str, count: int) -> None:
    def are_there() -> bool:
        ids = {alert.alert_id for alert in published_alerts(scene.kafka, topic)}
        return ids >= {f"{prefix}-{number}-violation-0" for number in range(count)}

    goal = Goal(f"the alerts of {prefix} should be there", 60)
    await_until(are_there, [member.child for member in scene.crew.members], goal, 0.5)


def test_a_topic_made_anew_is_read_from_its_start(
    alerting: Scene, topic_names: dict[str, str]
) -> None:
    alerts = topic_names[ALERTS]
    alerting.crew.add()
    alerting.send(calls_for_a_human("old", 40))
    await_alerts(alerting, alerts, "old", 40)
    alerting.group.await_caught_up()
    make_anew(alerting)
    # Fewer than before: the old positions are beyond the new topic's end.
    alerting.send(calls_for_a_human("new", 10))
    await_alerts(alerting, alerts, "new", 10)
    alerting.group.await_caught_up()
    alerting.crew.stop_all()


def test_without_the_alerts_topic_it_waits_and_is_live_and_then_misses_nobody(
    alerting: Scene, topic_names: dict[str, str]
) -> None:
    alerts = topic_names[ALERTS]
    with KafkaAdminClient(**client_settings(alerting.kafka)) as admin:
        admin.delete_topics([alerts])
    alerting.send(calls_for_a_human("early", 20))
    member = alerting.crew.add()
    member.await_metric("dronewatch_producer_failed_sends_total", 1)
    assert member.answer("/livez") == 200
    create_topics(alerting.kafka, [Topic(alerts, 4)])
    await_alerts(alerting, alerts, "early", 20)
    alerting.group.await_caught_up()
    alerting.crew.stop_all()
