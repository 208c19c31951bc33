"""Signing in and out."""

import hmac
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from itsdangerous import BadSignature, TimestampSigner
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from services.website.auth import SiteOf, Viewer, drop_cookie, genuine_form, keep_cookie
from services.website.sessions import begin_session, cookie_of, end_session
from services.website.signing_in import TooManyAttemptsError, signed_in_user_id
from services.website.site import Site
from services.website.templating import page
from services.website.throttle import Attempt

# Nobody is signed in yet: the form's token is bound to a cookie of its own.
FORM_COOKIE = "dronewatch-sign-in"
FORM_SECONDS = 60 * 60
WRONG = "Name and password do not fit."
TOO_MANY = "Too many attempts. Wait a quarter of an hour, then try again."
STALE = "This form is too old. Try again."

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login_form(site: SiteOf, next: str = "/alerts") -> Response:
    """The form."""
    return _form(site, next)


class SignIn(BaseModel):
    """What the form sends."""

    name: str = ""
    password: str = Field("", repr=False)
    csrf: str = ""
    next: str = "/alerts"


@router.post("/login")
def login(request: Request, site: SiteOf, form: Annotated[SignIn, Form()]) -> Response:
    """Sign in; wrong names and wrong passwords are told alike."""
    if not _is_ours(site, request.cookies.get(FORM_COOKIE, ""), form.csrf):
        return _form(site, form.next, fault=STALE, status_code=403)
    if not form.name.isprintable():
        return _form(site, form.next, fault=WRONG, status_code=401)
    address = request.client.host if request.client else ""
    try:
        attempt = Attempt(form.name, address, site.now_ms())
        user_id = signed_in_user_id(site.engine, attempt, form.password)
    except TooManyAttemptsError:
        return _form(site, form.next, form.name, TOO_MANY, 429)
    if user_id is None:
        return _form(site, form.next, form.name, WRONG, 401)
    return _signed_in(site, user_id, form.next)


@router.post("/logout", dependencies=[Depends(genuine_form)])
def logout(site: SiteOf, session: Viewer) -> Response:
    """End the session, here and wherever its cookie was copied to."""
    end_session(site.engine, session.key)
    answer = RedirectResponse("/login", 303)
    drop_cookie(answer, site)
    return answer


def own_address(text: str) -> str:
    """Where to go on: a path of this website, whatever somebody put into a link."""
    parts = urlsplit(text)
    is_own = text.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in text
    return text if is_own and text.isprintable() and not text.startswith("//") else "/alerts"


def _signed_in(site: Site, user_id: int, next_address: str) -> Response:
    key = begin_session(site.engine, user_id, site.now_ms())
    answer = RedirectResponse(own_address(next_address), 303)
    keep_cookie(answer, site, cookie_of(key, site.session_key))
    answer.delete_cookie(FORM_COOKIE)
    return answer


def _form(
    site: Site, next_address: str, name: str = "", fault: str = "", status_code: int = 200
) -> Response:
    signed = TimestampSigner(site.session_key, salt="sign-in").sign(secrets.token_urlsafe(16))
    token = signed.decode()
    answer = page(
        "login.html",
        None,
        status_code,
        fault=fault,
        token=token,
        next=own_address(next_address),
        name=name,
    )
    answer.set_cookie(
        FORM_COOKIE, token, FORM_SECONDS, secure=site.is_secure, httponly=True, samesite="strict"
    )
    return answer


def _is_ours(site: Site, cookie: str, token: str) -> bool:
    signer = TimestampSigner(site.session_key, salt="sign-in")
    try:
        signer.unsign(token, max_age=FORM_SECONDS)
    except BadSignature:
        return False
    return hmac.compare_digest(cookie.encode(), token.encode())
