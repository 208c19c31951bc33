"""The website from outside: signed in as a person, asked as a program. For the demo's check."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click
import httpx

from local.website import Login

PAGE_ALERTS = 500
TIMEOUT_SECONDS = 30.0
FORM_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@contextmanager
def signed_in(address: str, login: Login) -> Iterator[httpx.Client]:
    """A client of the website with a session. ClickException if it does not let us in, or fails."""
    try:
        with httpx.Client(base_url=address, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            _sign_in(client, login)
            yield client
    except httpx.HTTPError as error:
        raise click.ClickException(f"the website fails: {error}") from error


def shown_alerts(address: str, login: Login) -> list[tuple[str, ...]]:
    """The ids of all alerts by its API, newest first, page by page. ClickException."""
    with signed_in(address, login) as client:
        return list(_pages(client))


def form_token(page: str) -> str:
    """The CSRF token of a page's first form; empty if it has none."""
    found = FORM_TOKEN.search(page)
    return found[1] if found else ""


def _sign_in(client: httpx.Client, login: Login) -> None:
    token = form_token(client.get("/login").raise_for_status().text)
    form = {"name": login.name, "password": login.password, "csrf": token}
    if not client.post("/login", data=form).has_redirect_location:
        raise click.ClickException(f"the website does not let {login.name} in")


def _pages(client: httpx.Client) -> Iterator[tuple[str, ...]]:
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, str | int] = {"cursor": cursor, "limit": PAGE_ALERTS}
        page = client.get("/api/v1/alerts", params=query).raise_for_status().json()
        yield tuple(alert["alert_id"] for alert in page["alerts"])
        cursor = page["next"]
