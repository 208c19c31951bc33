"""The peer of the website's live pages: Kafka to event streams, no database, nobody signed in.

`python -m bench.bare_pages --kafka HOST:PORT --topic NAME --port NUMBER`
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from bench.listening import new_records
from local.ports import HOST
from services.stream.connection import KafkaConnection

BEHIND_MAX = 10_000

Page = asyncio.Queue[str]


@dataclass(slots=True)
class Broadcaster:
    """One consumer in a thread, a queue for each page."""

    connection: KafkaConnection
    topic: str
    pages: set[Page] = field(default_factory=set)
    is_over: threading.Event = field(default_factory=threading.Event)

    async def stream(self, _request: Request) -> StreamingResponse:
        """A page."""
        page = Page(BEHIND_MAX)
        self.pages.add(page)
        return StreamingResponse(_events(page), media_type="text/event-stream")

    @asynccontextmanager
    async def consuming(self, _app: Starlette) -> AsyncIterator[None]:
        """As long as the application lives."""
        thread = asyncio.create_task(asyncio.to_thread(self._consume, asyncio.get_running_loop()))
        yield
        self.is_over.set()
        await thread

    def _consume(self, loop: asyncio.AbstractEventLoop) -> None:
        for record, _ in new_records(self.connection, self.topic, self.is_over):
            text = f"id: {record.offset}\nevent: alert\ndata: {record.value.decode()}\n\n"
            loop.call_soon_threadsafe(self._hand_over, text)

    def _hand_over(self, text: str) -> None:
        for page in self.pages:
            page.put_nowait(text)


@click.command()
@click.option("--kafka", required=True, help="Bootstrap server.")
@click.option("--topic", required=True)
@click.option("--port", type=int, required=True, help="Of the pages.")
def main(kafka: str, topic: str, port: int) -> None:
    """Each record to every page that is open."""
    pages = Broadcaster(KafkaConnection(kafka), topic)
    app = Starlette(routes=[Route("/stream", pages.stream)], lifespan=pages.consuming)
    uvicorn.run(app, host=HOST, port=port, log_level="warning", timeout_graceful_shutdown=1)


async def _events(page: Page) -> AsyncIterator[str]:
    while True:
        yield await page.get()


if __name__ == "__main__":
    main()
