"""New alerts to all open pages: one reader of the database a process, however many pages there are.

Server-sent events (WHATWG HTML, "Server-sent events"); an event's id is its alert's seq, so that
a browser that lost the connection says from where to go on, to whichever replica it comes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from services.website.audit import LIVE, record, shown
from services.website.database import reading, writing
from services.website.queries import ALL, PAGE_ROWS_MAX, Filters, StoredAlert, last_seq, later
from services.website.queries import counts as state_counts
from services.website.schema import State
from services.website.site import Site
from services.website.user import User
from services.website.visible import names_read, visible_alert

POLL_SECONDS = 0.05
AWAY_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15.0
RETRY_MS = 500
# Batches a page may be behind; then it is let go, and comes back from where it stood.
BEHIND_MAX = 100
# A browser that was away longer gets the newest page instead of each alert.
CATCH_UP_MAX = 1_000

Render = Callable[[StoredAlert], str]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Batch:
    """Alerts that were stored since the last one, oldest first, and the counts by state."""

    alerts: tuple[StoredAlert, ...]
    counts: Mapping[State, int]
    # By seq, ready to send: what operators read, and what viewers do.
    for_operators: Mapping[int, str] = field(default_factory=dict)
    for_viewers: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One open page: whose it is, what it shows, and what it has yet to be sent."""

    user: User
    filters: Filters
    batches: "asyncio.Queue[Batch | None]" = field(
        default_factory=lambda: asyncio.Queue(BEHIND_MAX)
    )

    @property
    def is_unfiltered(self) -> bool:
        """Whether it is sent every alert."""
        return self.filters == ALL


def event(name: str, content: Any, event_id: int | None = None) -> str:
    """One event; JSON keeps line breaks out of it."""
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(content)}\n\n"


class Feed:
    """Reads what is new every POLL_SECONDS and hands it to the pages; `run` is its task."""

    def __init__(self, site: Site, render: Render) -> None:
        self.site = site
        self.render = render
        self.pages: set[Page] = set()
        self.seq: int | None = None
        self.counts: Mapping[State, int] = {}
        self.is_stopped = False

    async def run(self) -> None:
        """Until it is cancelled; a database that is away is asked again."""
        is_away = False
        while True:
            try:
                batch = await run_sync(self._read)
                is_away = False
            except SQLAlchemyError as error:
                if not is_away:
                    log.warning("live alerts wait for the database", cause=str(error.args[:1]))
                is_away, batch = True, None
            if batch:
                self._hand_over(batch)
            await asyncio.sleep(AWAY_SECONDS if is_away else self._pause_seconds(batch))

    def stop(self) -> None:
        """Let all pages go: they come back to another process, or to the next one."""
        self.is_stopped = True
        for page in self.pages:
            _let_go(page)

    async def events(self, page: Page, after: int) -> AsyncIterator[str]:
        """All alerts of the page's filters above the seq `after`, then each new one."""
        self.pages.add(page)
        try:
            yield f"retry: {RETRY_MS}\n\n"
            missed, sent = await run_sync(self._missed, page, after)
            for text in missed:
                yield text
            async for text in self._following(page, sent):
                yield text
        finally:
            self.pages.discard(page)

    async def _following(self, page: Page, sent: int) -> AsyncIterator[str]:
        while not self.is_stopped:
            try:
                batch = await asyncio.wait_for(page.batches.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if batch is None:
                return
            for text in await self._texts(page, batch, sent):
                yield text
            sent = max(sent, _last(batch.alerts))

    async def _texts(self, page: Page, batch: Batch, sent: int) -> list[str]:
        counts = event("counts", batch.counts)
        if page.is_unfiltered:
            ready = batch.for_operators if page.user.is_operator else batch.for_viewers
            return [*(text for seq, text in ready.items() if seq > sent), counts]
        if not batch.alerts:
            return [counts]
        last = batch.alerts[-1].seq
        found = await run_sync(self._found, page, sent)
        return [*self._rendered([alert for alert in found if alert.seq <= last]), counts]

    def _missed(self, page: Page, after: int) -> tuple[list[str], int]:
        """What came since the page was made, and the counts, or: load it again; up to which seq."""
        with reading(self.site.engine) as connection:
            last, counts = last_seq(connection), state_counts(connection)
        # Below: another database than the one that the page was made from.
        if not 0 <= last - after <= CATCH_UP_MAX:
            return [event("reload", {}, last)], last
        texts: list[str] = []
        while after < last:
            found = self._found(page, after)
            texts.extend(self._rendered(found))
            after = found[-1].seq if len(found) == PAGE_ROWS_MAX else max(last, _last(found))
        return [*texts, event("counts", counts)], after

    def _found(self, page: Page, after: int) -> list[StoredAlert]:
        with reading(self.site.engine) as connection:
            found = later(connection, after, page.filters)
        return shown(self.site.engine, found, page.user, LIVE, self.site.now_ms())

    def _rendered(self, alerts: Sequence[StoredAlert]) -> list[str]:
        return [event("alert", self.render(alert), alert.seq) for alert in alerts]

    def _read(self) -> Batch | None:
        with reading(self.site.engine) as connection:
            last = last_seq(connection)
            # A page that opens from now on is given by `_missed` what was stored up to here.
            if self.seq is None or not self.pages:
                self.seq = last
            alerts = later(connection, self.seq) if self.seq < last else []
            counts = state_counts(connection)
        if not alerts and counts == self.counts:
            return None
        self.counts = counts
        batch = self._batch(alerts)
        self.seq = max(self.seq, _last(alerts))
        return batch

    def _batch(self, alerts: Sequence[StoredAlert]) -> Batch:
        """Ready to send; names are written down for those whose pages will show them."""
        users = {page.user for page in tuple(self.pages) if page.is_unfiltered}
        operators = [user for user in users if user.is_operator]
        if any(names_read(alerts, user) for user in operators):
            with writing(self.site.engine) as connection:
                record(connection, alerts, operators, LIVE, self.site.now_ms())
        one_a_role = {user.role: user for user in users}.values()
        texts = {user.role: self._texts_for(alerts, user) for user in one_a_role}
        return Batch(tuple(alerts), self.counts, texts.get("operator", {}), texts.get("viewer", {}))

    def _texts_for(self, alerts: Sequence[StoredAlert], user: User) -> dict[int, str]:
        seen = [visible_alert(alert, user) for alert in alerts]
        return dict(zip((alert.seq for alert in alerts), self._rendered(seen), strict=True))

    def _hand_over(self, batch: Batch) -> None:
        for page in self.pages:
            try:
                page.batches.put_nowait(batch)
            except asyncio.QueueFull:
                _let_go(page)

    @staticmethod
    def _pause_seconds(batch: Batch | None) -> float:
        is_full = batch is not None and len(batch.alerts) == PAGE_ROWS_MAX
        return 0.0 if is_full else POLL_SECONDS


def _let_go(page: Page) -> None:
    """Its stream ends with what stands in its queue forgotten: it is asked for again."""
    while not page.batches.empty():
        page.batches.get_nowait()
    page.batches.put_nowait(None)


def _last(alerts: Sequence[StoredAlert]) -> int:
    return alerts[-1].seq if alerts else 0
