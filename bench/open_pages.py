"""Open pages without a browser: event streams, read as they come, and when. For bench.live."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from bench.listening import now_us
from local.ports import HOST

# The alerts of bench.arriving: number 12 is of drone-000012, and of no other.
ALERT = re.compile(rb"\nevent: alert\n.*?drone-(\d{6})")
EVENT_BYTES_MAX = 1 << 20

# By the alert's number, microseconds since the epoch.
Seen = dict[int, int]


@dataclass(slots=True)
class Pages:
    """What each page has seen up to now; the first event tells it that it is open."""

    seen: list[Seen]
    is_over: threading.Event = field(default_factory=threading.Event)
    opened: int = 0


@contextmanager
def open_pages(port: int, path: str, cookies: Sequence[str]) -> Iterator[Pages]:
    """A page for each cookie, all in one thread, until the end of the block."""
    pages = Pages([{} for _ in cookies])
    with ThreadPoolExecutor(1, "pages") as pool:
        reading = pool.submit(asyncio.run, _read_all(port, path, cookies, pages))
        try:
            yield pages
        finally:
            pages.is_over.set()
            reading.result()


async def _read_all(port: int, path: str, cookies: Sequence[str], pages: Pages) -> None:
    """Until it is over; a page that ends has seen too little, which its figures tell."""
    asked = (
        (_request(path, cookie), seen) for cookie, seen in zip(cookies, pages.seen, strict=True)
    )
    reads = [asyncio.create_task(_read(port, *one, pages)) for one in asked]
    await asyncio.to_thread(pages.is_over.wait)
    for read in reads:
        read.cancel()
    await asyncio.gather(*reads, return_exceptions=True)


async def _read(port: int, request: bytes, seen: Seen, pages: Pages) -> None:
    reader, writer = await asyncio.open_connection(HOST, port, limit=EVENT_BYTES_MAX)
    with closing(writer):
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
        pages.opened += 1
        while True:
            event = await reader.readuntil(b"\n\n")
            if alert := ALERT.search(event):
                seen[int(alert[1])] = now_us()


def _request(path: str, cookie: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", f"Host: {HOST}", f"Cookie: {cookie}", "", "")
    return "\r\n".join(lines).encode()
