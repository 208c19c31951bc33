"""Who asks, for every endpoint: `viewer` and `operator` are FastAPI dependencies.

A request that changes something carries the session's CSRF token: a form in its field `csrf`, a
program in the header `X-CSRF-Token`.
"""

import hmac
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request
from starlette.responses import Response

from services.website.sessions import LIFETIME_SECONDS, Session, csrf_token, key_in, user_of
from services.website.site import Site, site_of

SiteOf = Annotated[Site, Depends(site_of)]


class NotSignedInError(Exception):
    """Pages lead to the sign-in, the API answers 401."""


def cookie_name(site: Site) -> str:
    """`__Host-`: browsers take it from this very host by HTTPS only."""
    return "__Host-dronewatch" if site.is_secure else "dronewatch"


def found_session(request: Request, site: SiteOf) -> Session | None:
    """The session of the request's cookie."""
    key = key_in(request.cookies.get(cookie_name(site)), site.session_key)
    user = user_of(site.engine, key, site.now_ms()) if key else None
    return Session(user, key, csrf_token(key, site.session_key)) if user and key else None


def viewer(session: Annotated[Session | None, Depends(found_session)]) -> Session:
    """Somebody signed in, whatever their role."""
    if session is None:
        raise NotSignedInError
    return session


def operator(session: Annotated[Session, Depends(viewer)]) -> Session:
    """Somebody who may act."""
    if not session.user.is_operator:
        raise HTTPException(403, "This is for operators only.")
    return session


Viewer = Annotated[Session, Depends(viewer)]
Operator = Annotated[Session, Depends(operator)]


async def genuine_form(request: Request, session: Viewer) -> None:
    """The form is one of ours, sent by this session's own page."""
    _check(session, str((await request.form()).get("csrf", "")))


def genuine_request(session: Viewer, x_csrf_token: Annotated[str, Header()] = "") -> None:
    """The request was made by who knows the session's token."""
    _check(session, x_csrf_token)


def _check(session: Session, token: str) -> None:
    if not hmac.compare_digest(session.csrf_token.encode(), token.encode()):
        raise HTTPException(403, "This form is not valid any more: load the page again.")


def keep_cookie(response: Response, site: Site, value: str) -> None:
    """For scripts it is not there; other sites' forms and pictures do not send it."""
    response.set_cookie(
        cookie_name(site),
        value,
        max_age=LIFETIME_SECONDS,
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, site: Site) -> None:
    """Signed out."""
    response.delete_cookie(cookie_name(site), path="/", secure=site.is_secure, httponly=True)
