"""What goes wrong, told: to people as a page, to programs as problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.website.auth import NotSignedInError
from services.website.failures import is_given_up
from services.website.filters import FilterError
from services.website.results import ResultsUnavailableError
from services.website.templating import page

# Paths of which a program reads the answer: a browser's script, too.
PROGRAMS = ("/api/", "/alerts/stream")
DATABASE_AWAY = "The database cannot be reached at the moment. Try again soon."
GIVEN_UP = "This took too long. Ask for less: a shorter time, a drone, or longer words."
RESULTS_AWAY = "The results cannot be read at the moment. Try again later."

log = structlog.get_logger()


def tell_problems(app: FastAPI) -> None:
    """Register how each kind of problem is told."""
    app.add_exception_handler(NotSignedInError, _not_signed_in)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(FilterError, _bad_filter)
    app.add_exception_handler(SQLAlchemyError, _database_fails)
    app.add_exception_handler(ResultsUnavailableError, _results_away)


def _problem(request: Request, status: int, detail: str, headers: Any = None) -> Response:
    title = HTTPStatus(status).phrase
    if not request.url.path.startswith(PROGRAMS):
        answer = page("problem.html", None, status, title=title, detail=detail)
        answer.headers.update(headers or {})
        return answer
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(content, status, headers, "application/problem+json")


def _not_signed_in(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith(PROGRAMS) or request.method != "GET":
        return _problem(request, 401, "Sign in first.")
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = urlencode({"next": f"{request.url.path}{query}"})
    return RedirectResponse(f"/login?{wanted}", 303)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _problem(request, error.status_code, str(error.detail), error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Not what was sent: it may be a password.
    told = [f"{'.'.join(str(part) for part in e['loc'][1:])}: {e['msg']}" for e in error.errors()]
    return _problem(request, 422, "; ".join(told)[:500])


def _bad_filter(request: Request, error: Exception) -> Response:
    return _problem(request, 400, str(error))


def _database_fails(request: Request, error: Exception) -> Response:
    assert isinstance(error, SQLAlchemyError)
    if is_given_up(error):
        return _problem(request, 400, GIVEN_UP)
    log.warning("database away", path=request.url.path, cause=type(error).__name__)
    return _problem(request, 503, DATABASE_AWAY, {"Retry-After": "5"})


def _results_away(request: Request, error: Exception) -> Response:
    log.warning("results away", cause=str(error))
    return _problem(request, 503, RESULTS_AWAY, {"Retry-After": "30"})
