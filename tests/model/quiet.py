"""Models write no log lines."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def quiet() -> Iterator[None]:
    """Drop every log event as long as this lasts."""
    before = structlog.get_config()
    structlog.configure(processors=[drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def drop(*_: object) -> str:
    raise structlog.DropEvent
