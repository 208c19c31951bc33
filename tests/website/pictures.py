"""The website's pictures for README and docs: `make screenshots`, after a `make demo`.

Alerts: of the simulator's fleet until just now, by alerting's own rules. Results: the demo's.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import click
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from local.browser import chromium
from services.alerting.rules import Rules, alerts_in
from services.runtime.clock import now_ms
from services.website.database import reading, writing
from services.website.marks import put_mark
from services.website.outline import outline
from services.website.queries import PAGE_ROWS_MAX, StoredAlert, newest
from services.website.rows import Row, row_of
from services.website.states import Mark
from services.website.storing import store
from services.website.upgrading import upgrade
from simulator.city_map import city_geojson
from simulator.fleet import Plan, reports
from tests.website.browser import sign_in
from tests.website.databases import opened
from tests.website.served import Served, add_user, served

HOURS, DRONES = 24, 6
DETECTED_AFTER_MS, STORED_AFTER_MS = 4, 15
# The newest are still new; of the others some are in work, the rest is closed.
NEW, IN_WORK = 7, 19
NOTES = ("Went home peacefully.", "Patrol spoke to them.", "Towed.", "False alarm.")
DESKTOP, TALL, PHONE = (1360, 860), (1360, 1040), (390, 844)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: which page, who looks at it, in a window of which size."""

    name: str
    path: str
    user: str = "olga"
    scheme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = DESKTOP


def shots(seq: int) -> Sequence[Shot]:
    """All pictures; seq: of the alert that has a page of its own."""
    return (
        Shot("login", "/login", user=""),
        Shot("alerts", "/alerts"),
        Shot("alerts-dark", "/alerts", scheme="dark"),
        Shot("alert", f"/alerts/{seq}", size=TALL),
        Shot("answers", "/answers"),
        Shot("answer", "/answers/parking-hours", size=TALL),
        Shot("fleet", "/fleet", size=TALL),
        Shot("phone", "/alerts", size=PHONE),
    )


@click.command()
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".run/demo/results"),
    help="Of an analysis; `make demo` leaves some.",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def main(results: Path, folder: Path) -> None:
    """Save a picture of each page as FOLDER/website-*.png."""
    if not any(results.glob("*/latest.json")):
        raise click.ClickException(f"no results in {results}: run make demo first")
    with ExitStack() as stack:
        site = stack.enter_context(_sample_site(results))
        browser = stack.enter_context(chromium())
        for shot in shots(_named(site.engine).seq):
            _take(browser, site, shot, folder / f"website-{shot.name}.png")


@contextmanager
def _sample_site(results: Path) -> Iterator[Served]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        engine = stack.enter_context(opened(str(folder / "website.sqlite")))
        upgrade(engine)
        for name, role in (("olga", "operator"), ("otto", "operator"), ("vera", "viewer")):
            add_user(engine, name, "operator" if role == "operator" else "viewer")
        store(engine, _rows(now_ms()))
        _look_after(engine)
        areas = outline(city_geojson())
        yield stack.enter_context(served(engine, results, outline=areas))


def _rows(end_ms: int) -> list[Row]:
    seconds = HOURS * 3600.0
    plan = Plan(("prestacop", "peacewatch"), DRONES, int(end_ms - seconds * 1000), seconds, seed=1)
    rows = [
        row_of(alert, at_ms + STORED_AFTER_MS, at_ms + DETECTED_AFTER_MS)
        for at_ms, report in reports(plan)
        if at_ms <= end_ms
        for alert in alerts_in(report, Rules())
    ]
    return [row for row in rows if isinstance(row, dict)]


def _look_after(engine: Engine) -> None:
    with writing(engine) as connection:
        older = newest(connection, rows=PAGE_ROWS_MAX)[NEW:]
        for number, alert in enumerate(older):
            at_ms = alert.time_ms + 60_000 + number * 1_000
            put_mark(connection, alert.seq, Mark("acknowledge", "Seen."), "otto", at_ms)
            if number % 3 != 1 or number > IN_WORK:
                mark = Mark("assign", "Please look at it on your way.", "olga")
                put_mark(connection, alert.seq, mark, "otto", at_ms + 90_000)
            if number > IN_WORK:
                mark = Mark("close", NOTES[number % len(NOTES)])
                put_mark(connection, alert.seq, mark, "olga", at_ms + 900_000)


def _named(engine: Engine) -> StoredAlert:
    """One about a citizen, in work."""
    with reading(engine) as connection:
        found = newest(connection)[NEW:]
    return next(one for one in found if one.state == "assigned" and one.kind == "agitation")


def _take(browser: Browser, site: Served, shot: Shot, file: Path) -> None:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=shot.scheme
    )
    page = context.new_page()
    if shot.user:
        sign_in(page, site.address, shot.user)
    page.goto(f"{site.address}{shot.path}")
    _await_shown(page)
    page.screenshot(path=file)
    context.close()
    click.echo(f"{file}: {file.stat().st_size / 1024:.0f} kB")


def _await_shown(page: Page) -> None:
    """Charts loaded, live lists connected."""
    page.wait_for_load_state("load")
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", value=True)
    page.evaluate("scrollTo(0, 0)")
    if page.locator("#status").count():
        expect(page.locator("#status")).to_have_text("Live")


if __name__ == "__main__":
    main()
