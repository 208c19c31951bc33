"""The website as an ASGI application: where its parts meet. Served by `__main__`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.website.body_limit import BodyLimit
from services.website.headers import SecurityHeaders
from services.website.live import Feed
from services.website.pages import alerts, answers, api, fleet, login
from services.website.problems import tell_problems
from services.website.site import Site
from services.website.templating import alert_row

STATIC = Path(__file__).parent / "static"


def create_app(site: Site) -> FastAPI:
    """The application; its lifespan runs the feed of live alerts, `app.state.feed`."""
    app = FastAPI(
        title="Dronewatch",
        version="1",
        openapi_url="/api/v1/openapi.json",
        # Their pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
        lifespan=_following,
    )
    app.state.site = site
    app.state.feed = Feed(site, alert_row)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, is_secure=site.is_secure)
    tell_problems(app)
    for pages in (login, alerts, answers, fleet, api):
        app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), "static")
    return app


@asynccontextmanager
async def _following(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(app.state.feed.run())
    try:
        yield
    finally:
        app.state.feed.stop()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
