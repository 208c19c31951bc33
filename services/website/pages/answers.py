"""What the analyses answered: all of them, one with its table, its chart, its downloads."""

from fastapi import APIRouter, Depends, HTTPException
from starlette.responses import Response

from services.website.answers import (
    Answer,
    Manifest,
    answer,
    csv_text,
    grouped,
    manifest,
    sides,
)
from services.website.auth import SiteOf, Viewer, viewer
from services.website.headers import CHART_SECURITY_POLICY
from services.website.results import Results, ResultsUnavailableError
from services.website.site import Site
from services.website.templating import page

AWAY = "The results cannot be read at the moment. Alerts do not need them; try again later."
LATEST = "latest.json"

router = APIRouter(include_in_schema=False, dependencies=[Depends(viewer)])


def manifests(results: Results) -> list[Manifest]:
    """What was answered last to each question. ResultsUnavailableError."""
    found = [manifest(results.content(f"{name}/{LATEST}")) for name in results.questions()]
    return [each for each in found if each]


def latest(site: Site, question: str) -> Manifest:
    """What was answered last to one question. HTTPException 404, ResultsUnavailableError."""
    # Only names that a listing gives: an address names no other file.
    known = question in site.results.questions()
    found = manifest(site.results.content(f"{question}/{LATEST}")) if known else None
    if found is None:
        raise HTTPException(404, "No result yet for this question.")
    return found


def content(site: Site, question: str, file: str) -> bytes:
    """A file of the latest answer. HTTPException 404, ResultsUnavailableError."""
    found = site.results.content(f"{question}/{latest(site, question).run.name}/{file}")
    if found is None:
        raise HTTPException(404, "The answer has no such file.")
    return found


def table(site: Site, question: str) -> Answer:
    """The latest answer's table. HTTPException 404, ResultsUnavailableError."""
    found = answer(content(site, question, "answer.json"))
    if found is None:
        raise HTTPException(404, "The answer's table cannot be read.")
    return found


@router.get("/answers")
def answer_list(site: SiteOf, session: Viewer) -> Response:
    """Each question with its chart."""
    try:
        found, fault = manifests(site.results), ""
    except ResultsUnavailableError:
        found, fault = [], AWAY
    return page("answers.html", session, here="/answers", groups=grouped(found), fault=fault)


@router.get("/answers/{question}")
def answer_page(site: SiteOf, session: Viewer, question: str) -> Response:
    """A chart with its table; history and drones side by side."""
    found = latest(site, question)
    tables = sides(table(site, question))
    return page("answer.html", session, here="/answers", manifest=found, sides=tables)


@router.get("/answers/{question}/chart.svg")
def chart(site: SiteOf, question: str) -> Response:
    """The chart as the analysis drew it."""
    headers = {"Content-Security-Policy": CHART_SECURITY_POLICY}
    return Response(content(site, question, "chart.svg"), 200, headers, "image/svg+xml")


@router.get("/answers/{question}/answer.csv")
def answer_csv(site: SiteOf, question: str) -> Response:
    """The table for a spreadsheet."""
    text = csv_text(table(site, question))
    return Response(text, 200, _download(question, "csv"), "text/csv")


@router.get("/answers/{question}/answer.json")
def answer_json(site: SiteOf, question: str) -> Response:
    """The table as the analysis wrote it."""
    written = content(site, question, "answer.json")
    return Response(written, 200, _download(question, "json"), "application/json")


def _download(question: str, ending: str) -> dict[str, str]:
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in question)
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
