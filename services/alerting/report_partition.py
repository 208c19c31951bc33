"""One partition of `reports` as alerting works on it. Without I/O.

A fetch is read lazily: its alerts come out one by one, its rejected records are kept for later.
So alerts never wait for rejections, neither those of their own partition nor of another. What may
be committed is the first offset of which something is still to be read, to be sent, or to be
acknowledged; if there is none, the end of the last fetch.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kafka.structs import OffsetAndMetadata

from services.alerting.alert_router import AlertRouter
from services.reports.codec import Rejection, judged
from services.stream.outgoing import Origin, Outgoing
from services.stream.reliable_producer import Publication
from services.stream.worker import NO_EPOCH, Fetch, Record

# A rejected record's objects in memory, beside its bytes.
OBJECTS_BYTES = 400
NOTHING_HANDED_OUT = -1

NowMs = Callable[[], int]


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that is no report, and why."""

    record: Record
    reason: str

    def size_bytes(self) -> int:
        """About what it takes in memory."""
        return OBJECTS_BYTES + len(self.record.value or b"") + len(self.record.key or b"")


@dataclass(frozen=True, slots=True)
class InFlight:
    """What is published for the records from an offset on, and not known to be acknowledged."""

    first_offset: int
    publication: Publication


@dataclass(slots=True)
class Reading:
    """A fetch that is being read; `next_offset` is the first that is not read to its end."""

    next_offset: int
    end: int
    alerts: Iterator[Outgoing]


class ReportPartition:
    """Where reading stands, and all that is still to be done for what was read."""

    def __init__(self, origin: Origin, position: int, leader_epoch: int = NO_EPOCH) -> None:
        self.origin = origin
        self.position = position
        self.unread: deque[Reading] = deque()
        self.rejected: deque[RejectedRecord] = deque()
        self.rejected_bytes = 0
        self.alerts_in_flight: list[InFlight] = []
        self.rejections_in_flight: list[InFlight] = []
        # The leader epochs of what was read, each with the offset from which on it holds.
        self.epochs: deque[tuple[int, int]] = deque([(position, leader_epoch)])
        self.handed_out_offset = position

    # --- reading ----------------------------------------------------------------

    def accept(self, fetch: Fetch, router: AlertRouter, now_ms: NowMs) -> None:
        """Take over a fetch; nothing of it is decoded before its alerts are taken."""
        reading = Reading(fetch.begin, fetch.end, iter(()))
        reading.alerts = self._alerts_of(reading, fetch, router, now_ms)
        self.unread.append(reading)
        self.position = fetch.end
        if self.epochs[-1][1] != fetch.leader_epoch:
            self.epochs.append((fetch.begin, fetch.leader_epoch))

    def _alerts_of(
        self, reading: Reading, fetch: Fetch, router: AlertRouter, now_ms: NowMs
    ) -> Iterator[Outgoing]:
        """The fetch's alerts as it is decoded; keeps what is no report."""
        for record in fetch.records:
            reading.next_offset = record.offset
            if record.offset >= reading.end:
                return
            content = judged(record)
            if isinstance(content, Rejection):
                self._reject(RejectedRecord(record, content.reason))
            else:
                yield from router.alerts(content, record, now_ms)

    def _reject(self, rejected: RejectedRecord) -> None:
        self.rejected.append(rejected)
        self.rejected_bytes += rejected.size_bytes()

    # --- what is to be sent -------------------------------------------------------

    def take_alerts(self, max_records: int, max_bytes: int) -> tuple[int, list[Outgoing]]:
        """Read on until so many alerts are found or all is read.

        Returns the offset of the first record that they may come from, and the alerts.
        """
        first_offset = self.unread[0].next_offset if self.unread else self.position
        taken: list[Outgoing] = []
        size_bytes = 0
        while self.unread:
            for alert in self.unread[0].alerts:
                taken.append(alert)
                size_bytes += len(alert.value or b"")
                if len(taken) >= max_records or size_bytes >= max_bytes:
                    return first_offset, taken
            self.unread.popleft()
        return first_offset, taken

    def take_rejected(self, max_records: int, max_bytes: int) -> list[RejectedRecord]:
        """Take the first rejected records; at least one if there is one."""
        taken: list[RejectedRecord] = []
        size_bytes = 0
        while self.rejected and len(taken) < max_records and size_bytes < max_bytes:
            taken.append(self.rejected.popleft())
            size_bytes += taken[-1].size_bytes()
        self.rejected_bytes -= size_bytes
        return taken

    # --- what is done ---------------------------------------------------------------

    def in_flight(self) -> Iterator[InFlight]:
        """The alerts, then the rejections."""
        yield from self.alerts_in_flight
        yield from self.rejections_in_flight

    def forget_acknowledged(self) -> None:
        """Drop what Kafka has acknowledged."""
        for in_flight in (self.alerts_in_flight, self.rejections_in_flight):
            if in_flight:
                in_flight[:] = [one for one in in_flight if not one.publication.is_acknowledged()]

    def is_done(self) -> bool:
        """Whether all that was read may be committed."""
        return self.first_undone() == self.position

    def first_undone(self) -> int:
        """The offset below which nothing is left to be read, sent or acknowledged."""
        offsets = [one.first_offset for one in self.in_flight()]
        if self.unread:
            offsets.append(self.unread[0].next_offset)
        if self.rejected:
            offsets.append(self.rejected[0].record.offset)
        return min(offsets, default=self.position)

    def take_commit(self) -> OffsetAndMetadata | None:
        """Hand out what is to be committed; None if that was handed out already."""
        offset = self.first_undone()
        if offset == self.handed_out_offset:
            return None
        self.handed_out_offset = offset
        while len(self.epochs) > 1 and self.epochs[1][0] < offset:
            self.epochs.popleft()
        return OffsetAndMetadata(offset, "", self.epochs[0][1])

    def cut(self, offset: int) -> None:
        """Forget what was read at this offset and above: Kafka lost it.

        The leader epoch of what is lost ends there: it still tells where the next cut is.
        """
        self.position = offset
        self.unread = deque(one for one in self.unread if one.next_offset < offset)
        for reading in self.unread:
            reading.end = min(reading.end, offset)
        self.rejected = deque(one for one in self.rejected if one.record.offset < offset)
        self.rejected_bytes = sum(one.size_bytes() for one in self.rejected)
        for in_flight in (self.alerts_in_flight, self.rejections_in_flight):
            in_flight[:] = [one for one in in_flight if one.first_offset < offset]
        kept = [(begin, epoch) for begin, epoch in self.epochs if begin < offset]
        self.epochs = deque(kept or [(offset, self.epochs[-1][1])])
        # An offset that was handed out before has other records below it now.
        self.handed_out_offset = NOTHING_HANDED_OUT
