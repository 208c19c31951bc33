"""What every request needs of the running website; made once, by `__main__`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from fastapi import Request
from sqlalchemy import Engine

from services.website.filters import areas_by_name
from services.website.outline import Outline
from services.website.queries import Area
from services.website.results import Results


@dataclass(frozen=True)
class Site:
    """The database (migrated), the analyses' results, and settings.

    session_key signs cookies and cursors: the same for all replicas. is_secure: served by HTTPS.
    now_ms: the wall clock, milliseconds since the epoch. outline: drawn under the map.
    """

    engine: Engine
    results: Results
    session_key: bytes = field(repr=False)
    now_ms: Callable[[], int]
    is_secure: bool = False
    outline: Outline = ()

    @cached_property
    def areas(self) -> Mapping[str, Area]:
        """The areas of the outline that are filters by their names."""
        return areas_by_name(self.outline)


def site_of(request: Request) -> Site:
    """The site that answers this request."""
    site: Site = request.app.state.site
    return site
