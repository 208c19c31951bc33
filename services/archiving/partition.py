"""One partition on its way into the archive: what is growing, what waits, what is being put."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from services.archiving.building import FinishedObject, ObjectBuilder, shortened
from services.archiving.footer import UnreadableObjectError
from services.archiving.landing import GivenUpError, land
from services.archiving.limits import FlushLimits, is_due
from services.archiving.naming import ObjectStart, arrival_hour
from services.archiving.putting import PutThreads
from services.archiving.store import Store
from services.stream.worker import Record

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Landed:
    """An object stands; `is_ours` if it is the one that was built, and nothing is to be redone."""

    next_offset: int
    is_ours: bool


class PartitionArchive:
    """State of one partition of one topic id; used by one thread at a time."""

    def __init__(self, topic_id: str, partition: int, next_offset: int) -> None:
        self.topic_id = topic_id
        self.partition = partition
        # Everything below is in the archive, or in the builder or the queue here.
        self.next_offset = next_offset
        # Whether the object that begins at next_offset may stand already.
        self.is_walking = True
        self.builder: ObjectBuilder | None = None
        self.queue: deque[FinishedObject] = deque()
        self.landing: Future[int] | None = None
        self.give_up = threading.Event()
        self.stuck_because: str | None = None

    @property
    def growing_bytes(self) -> int:
        """Memory of the growing object."""
        return self.builder.memory_bytes if self.builder else 0

    @property
    def queued_bytes(self) -> int:
        """Memory of the objects that wait for the store."""
        return sum(len(finished.content) for finished in self.queue)

    @property
    def is_busy(self) -> bool:
        """Whether something waits for the store, or is on its way there."""
        return self.landing is not None or (bool(self.queue) and not self.stuck_because)

    @property
    def oldest_ms(self) -> int | None:
        """Arrival of the oldest record that is not archived yet, as far as it was read."""
        if self.queue:
            return self.queue[0].oldest_ms
        return self.builder.oldest_ms if self.builder else None

    def take(
        self,
        records: Sequence[Record],
        standing: Callable[[ObjectStart], int | None],
        now_seconds: float,
    ) -> int | None:
        """Add records; where to seek instead if their object stands in the archive already."""
        fresh = [record for record in records if record.offset >= self.next_offset]
        for hour, of_hour in itertools.groupby(fresh, lambda r: arrival_hour(r.timestamp)):
            run = list(of_hour)
            if self.builder is None or self.builder.start.hour != hour:
                self.seal()
                start = ObjectStart(self.topic_id, self.partition, run[0].offset, hour)
                if self.is_walking and (last_offset := standing(start)) is not None:
                    self.next_offset = last_offset + 1
                    return self.next_offset
                self.is_walking = False
                self.builder = ObjectBuilder(run[0], start, now_seconds)
            self.builder.append(run)
            self.next_offset = run[-1].offset + 1
        return None

    def seal(self) -> None:
        """End the growing object, if any, and queue it."""
        if self.builder:
            self.queue.append(self.builder.finish())
            self.builder = None

    def seal_if_due(self, now_seconds: float, limits: FlushLimits) -> None:
        """Seal when the object is large or old enough."""
        builder = self.builder
        if builder and is_due(builder.raw_bytes, now_seconds - builder.opened_at_seconds, limits):
            self.seal()

    def start_landing(self, store: Store, threads: PutThreads, verified_offset: int) -> None:
        """Put the first queued object unless one is on its way; its records must be verified."""
        if self.landing or not self.queue or self.stuck_because:
            return
        if self.queue[0].last_offset <= verified_offset:
            self.landing = threads.submit(land, store, self.queue[0], self.give_up)

    def landed(self) -> Landed | None:
        """The outcome of a landing that has ended since; None if there is none."""
        if self.landing is None or not self.landing.done():
            return None
        landing, self.landing = self.landing, None
        try:
            last_offset = landing.result()
        except GivenUpError:
            return None
        except UnreadableObjectError as error:
            self.get_stuck(error)
            return None
        finished = self.queue.popleft()
        if last_offset != finished.last_offset:
            self._go_back_to(last_offset + 1)
            return Landed(last_offset + 1, is_ours=False)
        return Landed(last_offset + 1, is_ours=True)

    def _go_back_to(self, next_offset: int) -> None:
        """Another's object stands: what was gathered behind its end is read again from there."""
        self.queue.clear()
        self.builder = None
        self.next_offset = next_offset
        self.is_walking = True

    def shorten_to(self, last_offset: int) -> None:
        """Forget the records behind last_offset, which may be of another topic of this name."""
        self.seal()
        shorter = [shortened(finished, last_offset) for finished in self.queue]
        self.queue = deque(finished for finished in shorter if finished)

    def get_stuck(self, error: UnreadableObjectError) -> None:
        """Stop this partition, and say so: what cannot be read is never guessed at."""
        self.stuck_because = str(error)
        log.error("partition stuck: look at its object", partition=self.partition, cause=str(error))
