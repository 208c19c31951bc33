"""Alerts reach people by mail, although the mail server goes away and the sender is killed."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest
from fleet import FLEET, sent_more_than
from kafka import KafkaAdminClient
from mailing import MAILED, Mail, come_back, go_away, mail_server, mails

from cluster.access import kafka_access
from cluster.commands import kubectl
from cluster.release import Platform
from cluster.witness import await_caught_up, start_fleet, stop_fleet
from local.evidence import published_alerts
from local.offsets import done, has_caught_up, progress_of, written
from local.processes import Goal, await_until
from services.reports.topics import ALERTS, ALERTS_RETRY_EMAIL, ALERTS_UNDELIVERED, TOPICS
from services.stream.connection import new_client

# Long enough for some alerts: every hundredth report raises one.
REPORTS = 500
GROUPS = {ALERTS: "notifying-email", ALERTS_RETRY_EMAIL: "notifying-email-retries"}
SHAPES = {topic.name: topic for topic in TOPICS}
# The server's pod, and the one that sends to it: each may have had a mail in flight.
KILLS = 2

EMAIL = tuple(
    f"--set-json=notifying.channels.email.{name}={json.dumps(value)}"
    for name, value in MAILED.items()
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was published and what people got; how many notices went the long way."""

    alert_ids: Sequence[str]
    mails: Sequence[Mail]
    retried: int
    given_up: int


@pytest.fixture(scope="module")
def earlier(platform: Platform) -> set[str]:
    """Alerts of which an earlier run on a kept platform may have told; of a new one none."""
    with kafka_access(platform, "witness") as connection:
        with closing(new_client(KafkaAdminClient, connection)) as admin:
            group = GROUPS[ALERTS]
            if not done(progress_of(admin, SHAPES[ALERTS], [group]), group):
                return set()
        return {alert.alert_id for alert in published_alerts(connection)}


@pytest.fixture(scope="module")
def mailed(
    platform: Platform, earlier: set[str], installed: Callable[..., None]
) -> Iterator[Platform]:
    """The shared platform, with mails to a server beside it."""
    with mail_server(platform):
        try:
            installed(platform, *FLEET, "--set=notifying.windowSeconds=5", *EMAIL)
            yield platform
        finally:
            installed(platform, *FLEET)


@pytest.fixture(scope="module")
def told(mailed: Platform) -> Iterator[Told]:
    with (
        kafka_access(mailed, "witness") as connection,
        closing(new_client(KafkaAdminClient, connection)) as admin,
    ):
        try:
            given_up = count(admin, ALERTS_UNDELIVERED)
            in_trouble(mailed, admin)
            stop_fleet(mailed)
            await_caught_up(connection)
            await_that(lambda: is_all_told(admin), "all alerts should be told")
            yield Told(
                [alert.alert_id for alert in published_alerts(connection)],
                mails(mailed),
                retried=count(admin, ALERTS_RETRY_EMAIL),
                given_up=count(admin, ALERTS_UNDELIVERED) - given_up,
            )
        finally:
            start_fleet(mailed)


def in_trouble(platform: Platform, admin: KafkaAdminClient) -> None:
    """Alerts come all the time; the server goes, the sender is killed, the server comes back."""
    await_that(lambda: bool(mails(platform)), "the first mails should be taken")
    go_away(platform)
    sent_more_than(platform, REPORTS)
    await_that(lambda: count(admin, ALERTS_RETRY_EMAIL) > 0, "a mail should fail")
    sender = f"{platform.selector},app.kubernetes.io/component=notifying-email"
    at_once = ("--grace-period=0", "--force")
    kubectl(platform.namespace, "delete", "pod", "--selector", sender, *at_once)
    come_back(platform)
    sent_more_than(platform, REPORTS)


def await_that(happens: Callable[[], bool], what: str) -> None:
    await_until(happens, [], Goal(what, 240), look_seconds=1.0)


def count(admin: KafkaAdminClient, topic: str) -> int:
    return written(progress_of(admin, SHAPES[topic], []))


def is_all_told(admin: KafkaAdminClient) -> bool:
    return all(
        has_caught_up(progress_of(admin, SHAPES[topic], [group]), [group])
        for topic, group in GROUPS.items()
    )


def test_every_alert_stands_in_exactly_one_mail(told: Told, earlier: set[str]) -> None:
    once = {mail.message_id: mail.alert_ids for mail in told.mails}
    in_mails = Counter(alert_id for alert_ids in once.values() for alert_id in alert_ids)
    published = set(told.alert_ids)
    assert published - earlier
    assert in_mails.keys() - earlier == published - earlier
    assert in_mails.keys() <= published
    assert [alert_id for alert_id, mails in in_mails.items() if mails > 1] == []


def test_what_was_on_its_way_at_a_kill_at_most_came_twice_and_is_known_by_its_id(
    told: Told,
) -> None:
    copies = Counter(mail.message_id for mail in told.mails)
    assert copies.total() - len(copies) <= KILLS


def test_what_failed_was_tried_again_and_nothing_was_given_up(told: Told) -> None:
    assert told.retried > 0
    assert told.given_up == 0
