"""A topic with settings that consumers cannot rely on is not read; one line says how to mend it."""

from collections.abc import Mapping

import pytest
from kafka.errors import TopicAuthorizationFailedError
from structlog.testing import capture_logs

from services.stream.topic_settings import (
    CHECK_AGAIN_SECONDS,
    CHECK_SECONDS,
    TopicCheck,
    TopicSettings,
    wrong_settings,
)
from tests.conftest import FreshTopic

RIGHT = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete", "other": "1"}
COMPACTED = RIGHT | {"cleanup.policy": "compact"}
BY_PRODUCERS = RIGHT | {"message.timestamp.type": "CreateTime"}


class Told:
    """A topic's settings as the test wants them; counts how often it is asked."""

    def __init__(self, settings: Mapping[str, str] | Exception) -> None:
        self.settings = settings
        self.asked = 0

    def current(self) -> Mapping[str, str]:
        self.asked += 1
        if isinstance(self.settings, Exception):
            raise self.settings
        return self.settings

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (RIGHT, {}),
        ({}, {}),
        (COMPACTED, {"cleanup.policy": "delete"}),
        (BY_PRODUCERS, {"message.timestamp.type": "LogAppendTime"}),
    ],
)
def test_a_setting_is_wrong_if_it_is_told_and_another_one(settings, wrong):
    assert wrong_settings(settings) == wrong


def test_a_wrong_topic_is_held_until_it_is_mended():
    told = Told(COMPACTED)
    check = TopicCheck("reports", told)
    with capture_logs() as logged:
        assert check.check(0.0)
    assert "--entity-name reports --add-config cleanup.policy=delete" in str(logged)
    told.settings = RIGHT
    assert check.check(CHECK_AGAIN_SECONDS - 1)
    assert not check.check(CHECK_AGAIN_SECONDS)


def test_a_right_topic_is_asked_for_hourly():
    told = Told(RIGHT)
    check = TopicCheck("reports", told)
    for now_seconds in (0.0, 1.0, CHECK_SECONDS - 1, CHECK_SECONDS):
        assert not check.check(now_seconds)
    assert told.asked == 2


def test_who_may_not_ask_reads_on():
    check = TopicCheck("reports", Told(TopicAuthorizationFailedError("reports")))
    assert not check.check(0.0)


def test_kafka_tells_the_settings_of_a_topic(kafka, fresh_topic: FreshTopic):
    settings = TopicSettings(kafka, fresh_topic())
    try:
        assert wrong_settings(settings.current()) == {}
        assert settings.current()["cleanup.policy"] == "delete"
    finally:
        settings.close()
