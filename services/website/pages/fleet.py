"""The drones: their reports and gaps, batteries, alerts; out of the latest results, dated."""

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from services.website.answers import Answer, Manifest, fleet_rows
from services.website.auth import SiteOf, Viewer
from services.website.pages.answers import AWAY, latest, table
from services.website.results import ResultsUnavailableError
from services.website.site import Site
from services.website.templating import page

GAPS, BATTERY = "fleet-gaps", "fleet-battery"
COLUMNS = ["drone_id", "days", "reports", "gaps", "longest_gap_minutes", "silent_minutes"]

router = APIRouter(include_in_schema=False)


def sections(site: Site) -> list[tuple[Manifest, Answer]]:
    """What there is of the fleet's answers: drones, then batteries. ResultsUnavailableError."""
    found = [_answered(site, question) for question in (GAPS, BATTERY)]
    return [section for section in found if section]


def _answered(site: Site, question: str) -> tuple[Manifest, Answer] | None:
    try:
        described, told = latest(site, question), table(site, question)
    except HTTPException:
        return None
    return described, Answer(COLUMNS, fleet_rows(told)) if question == GAPS else told


@router.get("/fleet")
def fleet_page(site: SiteOf, session: Viewer) -> Response:
    """One page, a section an answer."""
    try:
        found, fault = sections(site), ""
    except ResultsUnavailableError:
        found, fault = [], AWAY
    return page("fleet.html", session, here="/fleet", sections=found, fault=fault)
