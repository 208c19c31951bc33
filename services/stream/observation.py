"""What ConsumerLoop reports about itself: health, lag, partitions that do not move."""

from collections.abc import Callable, Set

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import AuthorizationError, KafkaError
from kafka.structs import MemberState
from prometheus_client import Counter, Gauge

from services.runtime.health import Health

PROBE_TIMEOUT_MS = 1_000
PROBE_EVERY_SECONDS = 5.0
STALLED_SECONDS = 60.0

CONSUMED = Counter("dronewatch_consumer_records", "Records handed over to the worker.")
DROPPED = Counter(
    "dronewatch_consumer_dropped_records", "Records read at another position than the worker's."
)
LAG = Gauge("dronewatch_consumer_lag_records", "Records not yet read, as last seen.", ["partition"])
ASSIGNED = Gauge("dronewatch_consumer_assigned_partitions", "Partitions this member owns.")
STALLED = Gauge(
    "dronewatch_consumer_stalled_partitions",
    "Partitions whose position has not moved for a minute while records wait.",
)

Position = Callable[[int], int | None]

log = structlog.get_logger()


class ConsumerObserver:
    """Watches one consumer; called by the loop after each round."""

    def __init__(self, consumer: KafkaConsumer, topic: str, health: Health) -> None:
        self.consumer = consumer
        self.topic = topic
        self.health = health
        self.observed_at_seconds = self.health.clock()
        self.is_away = False
        # By partition: the position, and since when (monotonic) it has been that.
        self.stood_since: dict[int, tuple[int | None, float]] = {}
        self.stalled: frozenset[int] = frozenset()

    def is_member_stable(self) -> bool:
        """Whether the member may commit: it is in the group, and no rebalance is under way."""
        return self._member_state() is MemberState.STABLE

    def _member_state(self) -> MemberState:
        state: MemberState = self.consumer.group_metadata().state
        return state

    def observe(self, position: Position, starting: Set[int]) -> None:
        """Report what can be seen; ask a broker for a sign of life if none answered lately."""
        self.health.joined = self._member_state() is not MemberState.UNJOINED
        if self.health.clock() - self.observed_at_seconds < PROBE_EVERY_SECONDS:
            return
        self.observed_at_seconds = self.health.clock()
        try:
            self._measure(position, starting)
            if self.health.is_broker_seen_within(PROBE_EVERY_SECONDS):
                return
            # Asks the leader: the coordinator's connection is silent while the group rebalances.
            probe = TopicPartition(self.topic, 0)
            self.consumer.beginning_offsets([probe], timeout_ms=PROBE_TIMEOUT_MS)
            self.note_broker()
        except AuthorizationError:
            raise
        except KafkaError as error:
            if not self.is_away:
                log.warning("Kafka does not answer, waiting", cause=str(error))
            self.is_away = True

    def note_broker(self) -> None:
        """A broker answered."""
        self.health.broker_seen()
        if self.is_away:
            log.info("Kafka answers again")
        self.is_away = False

    def _measure(self, position: Position, starting: Set[int]) -> None:
        assigned = self.consumer.assignment()
        ASSIGNED.set(len(assigned))
        LAG.clear()
        waiting: dict[int, int | None] = {}
        for at in assigned:
            stands, end = position(at.partition), self.consumer.highwater(at)
            is_known = at.partition not in starting and stands is not None and end is not None
            if is_known:
                LAG.labels(at.partition).set(max(0, end - stands))
            if not is_known or end > stands:
                waiting[at.partition] = stands
        self._note_stalled(waiting, self.health.clock())

    def _note_stalled(self, waiting: dict[int, int | None], now: float) -> None:
        self.stood_since = {
            partition: self._stood(partition, stands, now) for partition, stands in waiting.items()
        }
        stalled = frozenset(
            p for p, (_, since) in self.stood_since.items() if now - since >= STALLED_SECONDS
        )
        STALLED.set(len(stalled))
        if stalled - self.stalled:
            log.error(
                "partitions have not moved for a minute while records wait",
                partitions={p: self.stood_since[p][0] for p in sorted(stalled - self.stalled)},
            )
        self.stalled = stalled

    def _stood(self, partition: int, stands: int | None, now: float) -> tuple[int | None, float]:
        before = self.stood_since.get(partition)
        return before if before is not None and before[0] == stands else (stands, now)
