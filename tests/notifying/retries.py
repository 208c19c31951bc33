"""A channel that answers as it is told, and a worker that is turned by hand."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from services.notifying.broker_clock import BrokerClock
from services.notifying.notice import Notice, Outcome, Retry, encoded
from services.notifying.publishing import Addresses, Publishing, notices_producer
from services.notifying.retry_worker import RetryWorker
from services.notifying.retrying import Terms, untried
from services.stream.connection import KafkaConnection
from services.stream.reliable_producer import ReliableProducer
from services.stream.worker import Commits, Fetch, LogRange
from tests.notifying.samples import notice

ANN, BEN = "ann@example.org", "ben@example.org"
BUSY = Outcome(later={ANN: "450 busy", BEN: "450 busy"})
TAKEN = Outcome(delivered=(ANN, BEN))


@dataclass(slots=True)
class ScriptedChannel:
    """Gives these outcomes, one a delivery, and then takes everything."""

    outcomes: deque[Outcome] = field(default_factory=deque)
    cap_per_minute: int | None = None
    name: str = "email"
    recipients: tuple[str, ...] = (ANN, BEN)
    asked: list[Notice] = field(default_factory=list)
    is_closed: bool = False

    def deliver(self, notice: Notice) -> Outcome:
        self.asked.append(notice)
        return self.outcomes.popleft() if self.outcomes else TAKEN

    def close(self) -> None:
        self.is_closed = True

    @property
    def asked_ids(self) -> list[str]:
        return [asked.notice_id for asked in self.asked]


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    value: bytes | None
    offset: int = 0
    timestamp: int = 1_000
    key: bytes | None = b"key"
    oversize: None = None


def waiting(name: str, wait_ms: int = 0) -> bytes:
    """The value of a record on a retry topic."""
    first = untried(notice(name), 0)
    return encoded(Retry(first.notice, 1, first.first_failed_at_ms, "450 busy", wait_ms))


@dataclass(slots=True)
class Desk:
    """A worker with the partitions 0 to 2 of its own; now_ms is its clock."""

    channel: ScriptedChannel
    publishing: Publishing
    now_ms: int = 0
    clock_off_ms: int = 0
    commits: dict[int, int] = field(default_factory=dict)
    worker: RetryWorker = field(init=False)

    def __post_init__(self) -> None:
        clock = BrokerClock(lambda: self.now_ms + self.clock_off_ms, lambda: self.now_ms)
        self.worker = RetryWorker(self.channel, self.publishing, "retries", clock)
        for partition in range(3):
            self.worker.start_offset(partition, None, LogRange(0, 0))

    def give(self, partition: int, *values: bytes | None) -> None:
        """Records as the loop hands them over."""
        begin = self.worker.position(partition)
        assert begin is not None
        records = [KafkaRecord(v, begin + n, self.now_ms) for n, v in enumerate(values)]
        self.worker.accept(Fetch(partition, begin, records, begin + len(values)))

    def turn(self, is_acknowledged: bool = True) -> frozenset[int]:
        """One turn, whose commits Kafka takes or not; the partitions that are paused."""
        actions = self.worker.step()
        self.note(actions.commits)
        if is_acknowledged:
            self.worker.on_committed(actions.commits.keys())
        return frozenset(actions.paused)

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.turn()

    def note(self, commits: Commits) -> None:
        self.commits |= {partition: found.offset for partition, found in commits.items()}


@contextmanager
def publishing(
    kafka: KafkaConnection, addresses: Addresses, recipients: Sequence[str] = (ANN, BEN)
) -> Iterator[Publishing]:
    """Into these topics; what fails is tried again after half of the longest wait."""
    with closing(notices_producer(kafka)) as sender:
        yield Publishing(
            ReliableProducer(sender), addresses, Terms(tuple(recipients)), jitter=lambda: 0.5
        )
