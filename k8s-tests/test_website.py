"""The website as an operator has it open: alerts live, none missing although its pod dies."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
from answers import Answer, has_answer, newest_answers
from fleet import FLEET, sent_more_than
from kafka import KafkaAdminClient
from playwright.sync_api import Browser, Page, expect
from spark import names, watched

from cluster.access import forwarded, kafka_access, secret
from cluster.commands import kubectl
from cluster.release import Platform
from cluster.witness import await_caught_up, start_fleet, stop_fleet
from local.browser import sign_in
from local.evidence import published_alerts
from local.offsets import has_caught_up, progress_of
from local.ports import free_port
from local.processes import Goal, await_until
from local.visitor import shown_alerts
from local.website import Login
from services.reports.topics import ALERTS, TOPICS
from services.stream.connection import KafkaConnection, new_client
from tests.website.browser import chromium_or_skip

PORT = 8000
GROUP = "website"
QUESTION = "crowd-hours"
# Every hundredth report raises an alert.
REPORTS, RUN_REPORTS = 500, 2_000
LOOK_MS = 90_000
SHAPES = {topic.name: topic for topic in TOPICS}


@dataclass(frozen=True, slots=True)
class Seen:
    """What pages showed and what there was, when all had come to rest.

    Of pages the numbers of their rows, newest first.
    """

    stayed_open: Sequence[int]
    opened_anew: Sequence[int]
    is_signed_in: bool
    shown_ids: Sequence[str]
    published_ids: Sequence[str]


@pytest.fixture(scope="module")
def operator(platform: Platform) -> Login:
    """Whom the installation made."""
    return Login("operator", secret(platform, platform.named("website-keys"), "operatorPassword"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_or_skip() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with closing(browser.new_context()) as context:
        context.set_default_timeout(LOOK_MS)
        expect.set_options(timeout=LOOK_MS)
        yield context.new_page()


@pytest.fixture(scope="module")
def seen(platform: Platform, page: Page, operator: Login) -> Seen:
    """Alerts come, the pod is killed, more alerts come, the fleet stands still."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    try:
        with reached(platform, port):
            sign_in(page, address, operator.name, operator.password)
            comes_alive(page)
            kill(platform)
        expect(page.locator("#status")).to_have_text("Connection lost, trying again")
        with reached(platform, port):
            comes_alive(page)
            sent_more_than(platform, REPORTS)
            published = come_to_rest(platform)
            return all_seen(page, address, operator, published)
    finally:
        start_fleet(platform)


@contextmanager
def reached(platform: Platform, port: int) -> Iterator[None]:
    """The website, at the port of this machine."""
    with forwarded(platform, f"service/{platform.named('website')}", PORT, port):
        yield


def comes_alive(page: Page) -> None:
    """Alerts appear on the open page."""
    expect(page.locator("#status")).to_have_text("Live")
    newest = max(rows(page), default=0)
    goal = Goal("alerts should appear by themselves", LOOK_MS / 1000)
    await_until(lambda: len([row for row in rows(page) if row > newest]) >= 3, [], goal)


def rows(page: Page) -> list[int]:
    return page.locator("#alerts tr").evaluate_all("rows => rows.map(row => +row.dataset.seq)")


def kill(platform: Platform) -> None:
    """The pod, at once; returns when another one serves pages."""
    pods = f"{platform.selector},app.kubernetes.io/component=website"
    kubectl(platform.namespace, "delete", "pod", "-l", pods, "--grace-period=0", "--force")
    deployment = f"deployment/{platform.named('website')}"
    kubectl(platform.namespace, "rollout", "status", deployment, "--timeout=120s")


def come_to_rest(platform: Platform) -> list[str]:
    """Every alert is published and read by the website; their ids, by a client of our own."""
    stop_fleet(platform)
    with kafka_access(platform, "witness") as connection:
        await_caught_up(connection)
        await_read(connection)
        return [alert.alert_id for alert in published_alerts(connection)]


def await_read(connection: KafkaConnection) -> None:
    with closing(new_client(KafkaAdminClient, connection)) as admin:
        await_until(
            lambda: has_caught_up(progress_of(admin, SHAPES[ALERTS], [GROUP]), [GROUP]),
            [],
            Goal("the website should read all alerts", 60),
            look_seconds=0.5,
        )


def all_seen(page: Page, address: str, operator: Login, published: Sequence[str]) -> Seen:
    other = page.context.new_page()
    other.goto(f"{address}/alerts")
    new = rows(other)
    page.locator(f'#alerts tr[data-seq="{max(new)}"]').wait_for()
    return Seen(
        opened_anew=new,
        stayed_open=rows(page),
        is_signed_in=other.url == f"{address}/alerts",
        shown_ids=[alert_id for ids in shown_alerts(address, operator) for alert_id in ids],
        published_ids=published,
    )


@pytest.fixture(scope="module")
def answered(platform: Platform, installed: Callable[..., None]) -> Answer:
    """What a SparkApplication wrote; if none has on this platform, one is run."""
    if not has_answer(platform, QUESTION):
        sent_more_than(platform, RUN_REPORTS)
        try:
            installed(platform, *FLEET, "--set=analysis.run.enabled=true")
            (name,) = names(platform, "sparkapplications", f"--selector={platform.selector}")
            assert watched(platform, name).state == "COMPLETED"
        finally:
            installed(platform, *FLEET)
    return newest_answers(platform, [QUESTION])[QUESTION]


def test_every_alert_of_the_topic_is_shown_once_although_the_pod_was_killed(seen: Seen) -> None:
    assert len(seen.shown_ids) == len(set(seen.shown_ids))
    assert set(seen.shown_ids) == set(seen.published_ids)


def test_the_page_that_stayed_open_shows_what_a_new_one_does(seen: Seen) -> None:
    assert seen.opened_anew
    assert seen.stayed_open == seen.opened_anew


def test_whoever_was_signed_in_still_is(seen: Seen) -> None:
    assert seen.is_signed_in


def test_what_a_spark_application_found_is_seen_with_its_chart(
    platform: Platform, page: Page, operator: Login, answered: Answer
) -> None:
    with forwarded(platform, f"service/{platform.named('website')}", PORT) as port:
        address = f"http://127.0.0.1:{port}"
        sign_in(page, address, operator.name, operator.password)
        page.get_by_role("link", name="Answers").click()
        card = page.locator(f'a[href="/answers/{QUESTION}"]')
        title = card.inner_text()
        card.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        chart = page.locator("img.chart")
        expect(chart).to_have_js_property("complete", True)
        assert chart.evaluate("image => image.naturalWidth") > 0
        cells = page.locator("tbody tr").first.locator("td, th").all_inner_texts()
        downloaded = page.request.get(f"{address}/answers/{QUESTION}/answer.json").json()
    assert downloaded["rows"] == answered.rows
    assert f"{answered.rows[0]['citizens']:,}" in cells


def test_the_retention_reaches_the_pages_database(platform: Platform) -> None:
    name = platform.named("website-retention")
    kubectl(platform.namespace, "create", "job", "now", f"--from=cronjob/{name}")
    try:
        kubectl(platform.namespace, "wait", "job/now", "--for=condition=Complete", "--timeout=90s")
        assert '"alerts": 0' in kubectl(platform.namespace, "logs", "job/now")
    finally:
        kubectl(platform.namespace, "delete", "job", "now")
