"""The drones: their reports and gaps, batteries, alerts; out of the latest results, dated."""

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from services.website.answers import Answer, Manifest, Row, fleet_rows
from services.website.auth import SiteOf, Viewer
from services.website.database import reading
from services.website.drones import RecentAlerts, recent_alerts
from services.website.pages.answers import AWAY, latest, table
from services.website.results import ResultsUnavailableError
from services.website.site import Site
from services.website.templating import page

GAPS, BATTERY = "fleet-gaps", "fleet-battery"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is known of the drones, and how far each part reaches; None: not answered yet."""

    as_of_ms: int
    alerts: RecentAlerts
    drones: list[Row]
    gaps: Manifest | None
    battery: tuple[Manifest, Answer] | None
    fault: str


def fleet(site: Site) -> Fleet:
    """Alerts of this website's own, the rest of the latest results, or why there are none."""
    now_ms = site.now_ms()
    with reading(site.engine) as connection:
        alerts = recent_alerts(connection, now_ms)
    try:
        gaps, battery, fault = _answered(site, GAPS), _answered(site, BATTERY), ""
    except ResultsUnavailableError:
        gaps, battery, fault = None, None, AWAY
    drones = fleet_rows(gaps[1] if gaps else None, alerts.by_drone)
    return Fleet(now_ms, alerts, drones, gaps[0] if gaps else None, battery, fault)


def _answered(site: Site, question: str) -> tuple[Manifest, Answer] | None:
    try:
        return latest(site, question), table(site, question)
    except HTTPException:
        return None


@router.get("/fleet")
def fleet_page(site: SiteOf, session: Viewer) -> Response:
    """The drones, then their silences and batteries."""
    return page("fleet.html", session, here="/fleet", fleet=fleet(site))
