"""Open pages in a real Chromium: when each alert's row was drawn. For bench.live."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from bench.open_pages import Seen
from local.browser import chromium

# A row counts when the frame that shows it is over, not when the script has put it there.
WATCH = """() => {
  window.seen = {};
  new MutationObserver((changes) => {
    const rows = changes.flatMap((change) => [...change.addedNodes]);
    const numbers = rows.map((row) => /drone-(\\d{6})/.exec(row.textContent)?.[1]);
    requestAnimationFrame(() => setTimeout(() => {
      for (const number of numbers) window.seen[Number(number)] = Date.now();
    }));
  }).observe(document.getElementById("alerts"), { childList: true });
}"""


@contextmanager
def browser_pages(address: str, cookies: Sequence[str]) -> Iterator[Callable[[], list[Seen]]]:
    """The list of alerts, live, once for each cookie; what each has shown up to now."""
    with chromium() as browser:
        pages = [_opened(browser, address, cookie) for cookie in cookies]
        yield lambda: [_seen(page) for page in pages]


def _opened(browser: Browser, address: str, cookie: str) -> Page:
    name, _, value = cookie.partition("=")
    context = browser.new_context()
    context.add_cookies([{"name": name, "value": value, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/alerts")
    page.get_by_text("Live", exact=True).wait_for()
    page.evaluate(WATCH)
    return page


def _seen(page: Page) -> Seen:
    return {int(number): at_ms * 1000 for number, at_ms in page.evaluate("window.seen").items()}
