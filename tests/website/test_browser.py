"""The pages in a real browser: live, complete after breaks, usable, and proof to their contents."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from local.ports import free_port
from tests.website.browser import chromium_or_skip, sign_in
from tests.website.served import NAME, Served, add_user, agitation, served, violation

SECONDS_MS = 30_000
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
OWNED = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_or_skip() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(SECONDS_MS)
    expect.set_options(timeout=SECONDS_MS)
    yield context.new_page()
    context.close()


def shown(page: Page) -> list[str | None]:
    rows = page.locator("#alerts tr")
    return [row.get_attribute("data-seq") for row in rows.all()]


def test_alerts_appear_by_themselves_newest_first(site: Served, page: Page) -> None:
    sign_in(page, site.address, "vera")
    expect(page.locator("#status")).to_have_text("Live")
    site.store(violation(1))
    site.store(violation(2))
    expect(page.locator("#alerts tr")).to_have_count(2)
    assert shown(page) == ["2", "1"]
    expect(page.locator("#counts [data-state=new]")).to_have_text("2")


def test_none_is_missing_after_the_network_broke(site: Served, page: Page) -> None:
    sign_in(page, site.address, "vera")
    expect(page.locator("#status")).to_have_text("Live")
    page.context.set_offline(True)
    site.store(*(violation(number) for number in range(1, 11)))
    page.context.set_offline(False)
    expect(page.locator("#alerts tr")).to_have_count(10)
    assert shown(page) == [str(seq) for seq in range(10, 0, -1)]


def test_none_is_missing_after_the_server_was_started_anew(
    sqlite_engine: Engine, tmp_path: Path, page: Page
) -> None:
    add_user(sqlite_engine, "vera", "viewer")
    port = free_port()
    with ExitStack() as stack:
        first = stack.enter_context(served(sqlite_engine, tmp_path, port))
        sign_in(page, first.address, "vera")
        first.store(violation(1))
        expect(page.locator("#alerts tr")).to_have_count(1)
        stack.close()
        expect(page.locator("#status")).to_have_text("Connection lost, trying again")
        first.store(violation(2), violation(3))
        stack.enter_context(served(sqlite_engine, tmp_path, port))
        expect(page.locator("#alerts tr")).to_have_count(3)
        assert shown(page) == ["3", "2", "1"]


def test_an_operator_acknowledges(site: Served, page: Page) -> None:
    site.store(agitation(1))
    sign_in(page, site.address, "otto")
    page.get_by_role("link", name="Open alert 1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#state")).to_have_text("acknowledged")
    expect(page.get_by_role("list").get_by_text("otto")).to_be_visible()


def test_an_operator_needs_no_mouse(site: Served, page: Page) -> None:
    site.store(violation(1))
    sign_in(page, site.address, "otto")
    page.goto(f"{site.address}/alerts")
    reach(page, "Open alert 1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.address}/alerts/1")
    reach(page, "Acknowledge")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("acknowledged")


def reach(page: Page, name: str) -> None:
    """Tab until the link or button of that name has the focus, and shows it."""
    told = "document.activeElement.ariaLabel || document.activeElement.textContent"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(told).startswith(name):
            style = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(style) == "solid"
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_a_viewer_sees_no_name_and_no_button(site: Served, page: Page) -> None:
    site.store(agitation(1))
    sign_in(page, site.address, "vera")
    site.store(agitation(2))
    expect(page.locator("#alerts tr")).to_have_count(2)
    assert "Zoe" not in page.content()
    page.get_by_role("link", name="Open alert 1").click()
    expect(page.get_by_text("name for operators only")).to_be_visible()
    assert "Zoe" not in page.content()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_what_an_alert_says_never_runs(site: Served, page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    site.store(agitation(1, OWNED, (OWNED,)))
    sign_in(page, site.address, "otto")
    site.store(agitation(2, OWNED, (OWNED,)))
    expect(page.locator("#alerts tr")).to_have_count(2)
    page.get_by_role("link", name="Open alert 2").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("onerror")
    assert "owned" not in page.title()
    assert not [text for text in refused if "Content Security Policy" in text]


def test_sound_and_count_stay_off_once_turned_off(site: Served, page: Page) -> None:
    sign_in(page, site.address, "vera")
    page.get_by_label("Sound for new alerts").uncheck()
    page.reload()
    expect(page.get_by_label("Sound for new alerts")).not_to_be_checked()
    expect(page.get_by_label("Count in the title")).to_be_checked()


def test_alerts_that_come_while_nobody_looks_are_counted_in_the_title(
    site: Served, page: Page
) -> None:
    sign_in(page, site.address, "vera")
    expect(page.locator("#status")).to_have_text("Live")
    # As in a tab behind another: without windows there is none.
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, writable: true })")
    site.store(violation(1), violation(2))
    expect(page).to_have_title(re.compile(r"^\(2\) Alerts"))
    page.get_by_label("Count in the title").uncheck()
    expect(page).to_have_title(re.compile("^Alerts"))


def test_a_phone_scrolls_no_page_sideways(site: Served, page: Page) -> None:
    site.store(agitation(1), violation(2))
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, site.address, "otto")
    for path in ("/alerts", "/alerts/1", "/answers", "/fleet"):
        page.goto(f"{site.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(site: Served, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    site.store(agitation(1), violation(2))
    page.goto(f"{site.address}/login")
    found = serious(page)
    sign_in(page, site.address, "otto")
    for path in ("/alerts", "/alerts/1", "/answers", "/fleet"):
        page.goto(f"{site.address}{path}")
        found += serious(page)
    assert found == []


def serious(page: Page) -> list[str]:
    # Put in by the debugger's protocol, which the page's policy does not bind.
    page.evaluate(AXE.read_text())
    violations = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html']}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
