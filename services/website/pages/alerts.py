"""The list of alerts, its live events, and a page each."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, get_args
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Form, Header, HTTPException, Query, Request
from pydantic import Field
from starlette.responses import RedirectResponse, Response, StreamingResponse

from services.reports.alert import Kind
from services.website import queries
from services.website.area_map import area_map, overview
from services.website.audit import LIST, PAGE, shown
from services.website.auth import Operator, SiteOf, Viewer, genuine_form
from services.website.database import reading
from services.website.filters import FilterQuery, filters
from services.website.live import KEEP_ALIVE_SECONDS, Feed, Page
from services.website.marking import MarkForm, marked
from services.website.outline import Point
from services.website.queries import PAGE_ROWS, StoredAlert
from services.website.sessions import Session, user_of
from services.website.site import Site
from services.website.states import actions_from
from services.website.templating import page
from services.website.visible import visible_actions

SEQ_MAX = 2**63 - 1
Seq = Annotated[int, Field(ge=0, le=SEQ_MAX)]

router = APIRouter(include_in_schema=False)


class ListQuery(FilterQuery):
    """Filters, and where a page of the list begins: below this seq."""

    before: Seq | None = None


class StreamQuery(FilterQuery):
    """Filters, and after which seq live events begin."""

    after: Seq = 0


@router.get("/")
def start() -> Response:
    """The alerts are what people come for."""
    return RedirectResponse("/alerts", 303)


@router.get("/alerts")
def alert_list(site: SiteOf, session: Viewer, query: Annotated[ListQuery, Query()]) -> Response:
    """A page of the list; the first one goes on by itself."""
    wanted = filters(query, session.user, site.areas)
    with reading(site.engine) as connection:
        last = queries.last_seq(connection)
        found = queries.newest(connection, wanted, query.before)
        counts = queries.counts(connection)
    asked = {name: text for name, text in query if text and name != "before"}
    older = {**asked, "before": found[-1].seq} if len(found) == PAGE_ROWS else None
    alerts = shown(site.engine, found, session.user, LIST, site.now_ms())
    return page(
        "alerts.html",
        session,
        counts=counts,
        kinds=get_args(Kind),
        here="/alerts",
        alerts=alerts,
        map=overview(_points(alerts), site.outline),
        areas=site.areas,
        query=query,
        rows=PAGE_ROWS,
        is_filtered=bool(asked),
        is_live=query.before is None,
        stream=f"/alerts/stream?{urlencode({**asked, 'after': last})}",
        first=f"/alerts?{urlencode(asked)}",
        older=f"/alerts?{urlencode(older)}" if older else None,
    )


@router.get("/alerts/stream")
async def alert_stream(
    request: Request,
    site: SiteOf,
    session: Viewer,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[str, Header()] = "",
) -> Response:
    """Server-sent events: `alert` (a row), `counts`, `reload`; the browser's last id goes first."""
    feed: Feed = request.app.state.feed
    is_id = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19
    after = int(last_event_id) if is_id else query.after
    wanted = filters(query, session.user, site.areas)
    events = feed.events(Page(session.user, wanted), after)
    return StreamingResponse(
        _while_signed_in(events, site, session),
        media_type="text/event-stream",
        # nginx, the usual Ingress, would gather them.
        headers={"X-Accel-Buffering": "no"},
    )


@router.get("/alerts/{seq}")
def alert_page(site: SiteOf, session: Viewer, seq: Seq) -> Response:
    """One alert: what its report said, what was done."""
    return _alert_page(site, session, seq)


@router.post("/alerts/{seq}", dependencies=[Depends(genuine_form)])
def act(site: SiteOf, session: Operator, seq: Seq, form: Annotated[MarkForm, Form()]) -> Response:
    """Acknowledge, assign or close; then the alert's page again, with what was wrong if it was."""
    try:
        marked(site, session.user, seq, form)
    except HTTPException as error:
        if error.status_code == 404:
            raise
        return _alert_page(site, session, seq, error, form)
    return RedirectResponse(f"/alerts/{seq}", 303)


def _alert_page(
    site: Site,
    session: Session,
    seq: int,
    error: HTTPException | None = None,
    form: MarkForm | None = None,
) -> Response:
    with reading(site.engine) as connection:
        found = queries.alert_at(connection, seq)
        if found is None:
            raise HTTPException(404, "There is no such alert, or it is older than alerts are kept.")
        related = queries.of_report(connection, found.report_id)
        actions = queries.actions_of(connection, seq)
    now_ms, user = site.now_ms(), session.user
    siblings = [other for other in related if other.seq != seq]
    alert, *others = shown(site.engine, [found, *siblings], user, PAGE, now_ms)
    return page(
        "alert.html",
        session,
        error.status_code if error else 200,
        fault=error.detail if error else "",
        alert=alert,
        siblings=others,
        actions=visible_actions(found, actions, user),
        possible=actions_from(found.state, user.role),
        note=form.note if form else "",
        assignee=(form.assignee if form else "") or user.name,
        map=area_map(_points([alert]), site.outline),
    )


def _points(alerts: Sequence[StoredAlert]) -> list[Point]:
    return [
        (alert.latitude, alert.longitude)
        for alert in alerts
        if alert.latitude is not None and alert.longitude is not None
    ]


async def _while_signed_in(
    events: AsyncIterator[str], site: Site, session: Session
) -> AsyncIterator[str]:
    """The events, until the session ends or its role changes; looked at now and then."""
    looked_at_seconds = time.monotonic()
    async for text in events:
        if time.monotonic() - looked_at_seconds > KEEP_ALIVE_SECONDS:
            looked_at_seconds = time.monotonic()
            user = await run_sync(user_of, site.engine, session.key, site.now_ms())
            if user != session.user:
                return
        yield text
