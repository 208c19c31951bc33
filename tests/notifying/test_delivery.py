"""Notifying by log on a real Kafka: each alert reaches people once."""

from tests.notifying.scene import Scene, fleet_alerts, in_several, repeated


def test_each_alert_is_in_one_notice(notifying: Scene) -> None:
    alerts = fleet_alerts(400)
    notifying.send(alerts)
    notifying.crew.add()
    notifying.await_delivered(one.alert_id for one in alerts)
    notifying.crew.stop_all()
    assert repeated(notifying.delivered()) == {}
    assert in_several(notifying.delivered()) == set()
    assert "Traceback" not in notifying.crew.logs()
