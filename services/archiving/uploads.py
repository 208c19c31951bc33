"""The commands of chains that are under way in threads, and their outcomes."""

from collections.abc import Iterable
from concurrent.futures import Future

import structlog

from services.archiving.chain import ChainWriter, Event
from services.archiving.store import Store
from services.archiving.upload import carry_out
from services.archiving.upload_threads import UploadThreads

UPLOADS_AT_ONCE = 4
AWAIT_SECONDS = 0.05

log = structlog.get_logger()


class Uploads:
    """At most one command a chain; a chain that is forgotten learns no outcome any more."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.threads = UploadThreads(UPLOADS_AT_ONCE)
        # By the chain's identity: two chains are never equal.
        self.under_way: dict[int, tuple[ChainWriter, Future[Event]]] = {}

    def start(self, chains: Iterable[ChainWriter], now_seconds: float) -> None:
        """Start the commands that are due."""
        for chain in chains:
            command = chain.step(now_seconds)
            if command is not None:
                future = self.threads.submit(carry_out, self.store, command)
                self.under_way[id(chain)] = (chain, future)

    def wait(self) -> None:
        """Wait for any outcome, a moment at most."""
        self.threads.wait([future for _, future in self.under_way.values()], AWAIT_SECONDS)

    def collect(self, now_seconds: float) -> None:
        """Give the outcomes of commands that ended to their chains."""
        for key, (chain, future) in list(self.under_way.items()):
            if future.done():
                del self.under_way[key]
                give_outcome(chain, future.result(), now_seconds)

    def forget(self, chain: ChainWriter) -> None:
        """Its command may still succeed, which is safe; nobody learns of it."""
        self.under_way.pop(id(chain), None)


def give_outcome(chain: ChainWriter, event: Event, now_seconds: float) -> None:
    """Let the chain go on; warn when it has to wait for the first time."""
    was_troubled = chain.is_troubled
    chain.on_event(event, now_seconds)
    cause = getattr(event, "cause", None)
    if cause and chain.stuck_because:
        log.error("partition stuck: look at its object", partition=chain.partition, cause=cause)
    elif cause and not was_troubled:
        log.warning(
            "the store gives no clear answer, trying again", partition=chain.partition, cause=cause
        )
