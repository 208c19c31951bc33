"""/api/v1: the same data for programs, under the same rights. Described in /api/v1/openapi.json."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel, Field

from services.website import queries
from services.website.answers import Answer, Manifest
from services.website.audit import API, shown
from services.website.auth import Operator, SiteOf, Viewer, genuine_request, viewer
from services.website.database import reading
from services.website.filters import FilterQuery, filters
from services.website.marking import MarkForm, marked
from services.website.pages.alerts import Seq
from services.website.pages.answers import latest, manifests, table
from services.website.pages.fleet import fleet
from services.website.queries import PAGE_ROWS, PAGE_ROWS_MAX, Action, StoredAlert
from services.website.schema import State
from services.website.site import Site
from services.website.visible import visible_actions

router = APIRouter(prefix="/api/v1", tags=["v1"])


class PageQuery(FilterQuery):
    """Filters, and which page of what they leave."""

    cursor: str = Field("", max_length=200, description="`next` of the page before")
    limit: int = Field(PAGE_ROWS, ge=1, le=PAGE_ROWS_MAX)


class AlertPage(BaseModel):
    """Newest first; no `next` on the last page."""

    alerts: list[StoredAlert]
    next: str | None


class AlertWithActions(BaseModel):
    """An alert, and what was done about it, oldest first."""

    alert: StoredAlert
    actions: list[Action]


class FleetNow(BaseModel):
    """Drones by name; `gaps` describes the answer that all but their alerts are of."""

    as_of_ms: int
    alerts_since_ms: int
    is_cut: bool = Field(description="Only the newest alerts of the day are counted")
    drones: list[dict[str, Any]]
    gaps: dict[str, Any] | None
    fault: str = Field(description="Why there are no results; empty if nothing is wrong")


class Me(BaseModel):
    """Who asks; changes carry the token in the header X-CSRF-Token."""

    name: str
    role: str
    csrf_token: str


@router.get("/me")
def me(session: Viewer) -> Me:
    """Who is signed in."""
    return Me(name=session.user.name, role=session.user.role, csrf_token=session.csrf_token)


@router.get("/alerts")
def alerts(site: SiteOf, session: Viewer, query: Annotated[PageQuery, Query()]) -> AlertPage:
    """A page of alerts."""
    wanted = filters(query, session.user, site.areas)
    with reading(site.engine) as connection:
        found = queries.newest(connection, wanted, _before(site, query.cursor), query.limit)
    following = _cursors(site).dumps(found[-1].seq) if len(found) == query.limit else None
    visible = shown(site.engine, found, session.user, API, site.now_ms())
    return AlertPage(alerts=visible, next=following)


@router.get("/alerts/{seq}")
def alert(site: SiteOf, session: Viewer, seq: Seq) -> AlertWithActions:
    """One alert."""
    with reading(site.engine) as connection:
        found = queries.alert_at(connection, seq)
        actions = queries.actions_of(connection, seq)
    if found is None:
        raise HTTPException(404, "There is no such alert.")
    [visible] = shown(site.engine, [found], session.user, API, site.now_ms())
    done = visible_actions(found, actions, session.user)
    return AlertWithActions(alert=visible, actions=list(done))


@router.post("/alerts/{seq}/actions", dependencies=[Depends(genuine_request)])
def act(site: SiteOf, session: Operator, seq: Seq, form: MarkForm) -> StoredAlert:
    """Acknowledge, assign or close."""
    after = marked(site, session.user, seq, form)
    [visible] = shown(site.engine, [after], session.user, API, site.now_ms())
    return visible


@router.get("/counts", dependencies=[Depends(viewer)])
def counts(site: SiteOf) -> dict[State, int]:
    """How many alerts are in each state."""
    with reading(site.engine) as connection:
        return queries.counts(connection)


@router.get("/answers", dependencies=[Depends(viewer)])
def answers(site: SiteOf) -> list[dict[str, Any]]:
    """What was answered last to each question."""
    return [_described(manifest) for manifest in manifests(site.results)]


@router.get("/answers/{question}", dependencies=[Depends(viewer)])
def answer(site: SiteOf, question: str) -> dict[str, Any]:
    """One answer with its table."""
    found: Answer = table(site, question)
    return _described(latest(site, question)) | {"rows": found.rows}


@router.get("/fleet", dependencies=[Depends(viewer)])
def drones(site: SiteOf) -> FleetNow:
    """The drones: alerts of the last day, reports and gaps of the latest results."""
    found = fleet(site)
    return FleetNow(
        as_of_ms=found.as_of_ms,
        alerts_since_ms=found.alerts.since_ms,
        is_cut=found.alerts.is_cut,
        drones=found.drones,
        gaps=_described(found.gaps) if found.gaps else None,
        fault=found.fault,
    )


def _described(manifest: Manifest) -> dict[str, Any]:
    fields = ("question", "title", "answered_at", "is_cut", "columns")
    period = ("arrived_from", "arrived_before")
    return {name: getattr(manifest, name) for name in fields} | {
        name: getattr(manifest.run, name) for name in period
    }


def _cursors(site: Site) -> URLSafeSerializer:
    return URLSafeSerializer(site.session_key, salt="cursor")


def _before(site: Site, cursor: str) -> int | None:
    try:
        return int(_cursors(site).loads(cursor)) if cursor else None
    except (BadSignature, ValueError, TypeError) as error:
        raise HTTPException(400, "cursor: give back `next` as it came") from error
