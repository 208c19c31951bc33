"""What alerting sends, within bounds: alerts first, rejections when there is time.

Both go out in portions, by turns over the partitions. What is not yet acknowledged is bounded;
beyond it the rest of a fetch stays unread, or its rejected records stay kept.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

from services.alerting.alert_router import AlertRouter, reported_at_ms
from services.alerting.report_partition import InFlight, ReportPartition
from services.stream.reliable_producer import Publication, ReliableProducer

PORTION_RECORDS = 100
PORTION_BYTES = 64 * 1024

ALERTS = Counter("dronewatch_alerting_alerts", "Alerts found and handed to the producer.")
REJECTED = Counter("dronewatch_alerting_rejected", "Records that are no report.")
BACKLOG_BYTES = Gauge(
    "dronewatch_alerting_rejected_backlog_bytes",
    "Memory of the rejected records that wait until there is time to publish them.",
)
DELAY_SECONDS = Histogram(
    "dronewatch_alerting_detection_delay_seconds",
    "From a report's arrival at the broker to its alert being sent.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 60),
)

Partitions = Collection[ReportPartition]


@dataclass(frozen=True, slots=True)
class InFlightBound:
    """At so much without an acknowledgement nothing more is published."""

    records: int
    size_bytes: int

    def is_reached(self, publications: Iterable[Publication]) -> bool:
        """Whether these are so many records or bytes."""
        records = size_bytes = 0
        for publication in publications:
            records += len(publication.unacknowledged)
            size_bytes += publication.size_bytes
        return records >= self.records or size_bytes >= self.size_bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of what is not acknowledged of all partitions, and of a step's time.

    By default a step ends early enough for the next poll to find alerts within milliseconds, and
    the backlog holds 150,000 small rejected records.
    """

    alerts: InFlightBound = InFlightBound(5_000, 8 * 1024 * 1024)
    rejections: InFlightBound = InFlightBound(2_000, 4 * 1024 * 1024)
    backlog_bytes: int = 64 * 1024 * 1024
    alerts_seconds: float = 0.02
    rejections_seconds: float = 0.003


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Producers:
    """Two, so that no alert waits behind a rejection in a connection to a broker."""

    alerts: ReliableProducer
    rejections: ReliableProducer


class Publisher:
    """Publishes what the partitions' fetches call for; the clocks are passed in."""

    def __init__(
        self,
        producers: Producers,
        router: AlertRouter,
        monotonic_seconds: Callable[[], float],
        bounds: Bounds = BOUNDS,
    ) -> None:
        self.producers = producers
        self.router = router
        self.monotonic_seconds = monotonic_seconds
        self.bounds = bounds

    def publish_alerts(self, partitions: Partitions, now_ms: int) -> None:
        """Read on and publish the alerts that are found, by turns, until the bounds are reached."""
        deadline_seconds = self.monotonic_seconds() + self.bounds.alerts_seconds
        unread = deque(p for p in partitions if p.unread)
        while unread and not self.is_full_of_alerts(partitions):
            partition = unread.popleft()
            self.publish_first_alerts(partition, now_ms)
            if partition.unread:
                unread.append(partition)
            if self.monotonic_seconds() >= deadline_seconds:
                return

    def publish_first_alerts(self, partition: ReportPartition, now_ms: int) -> None:
        """Read on and publish a portion of alerts."""
        first_offset, alerts = partition.take_alerts(PORTION_RECORDS, PORTION_BYTES)
        if not alerts:
            return
        publication = self.producers.alerts.publish(alerts)
        partition.alerts_in_flight.append(InFlight(first_offset, publication))
        ALERTS.inc(len(alerts))
        for alert in alerts:
            DELAY_SECONDS.observe(max(0, now_ms - reported_at_ms(alert)) / 1000)

    def publish_rejections(self, partitions: Partitions) -> None:
        """Publish rejected records, by turns, until the bounds are reached or Kafka takes none."""
        deadline_seconds = self.monotonic_seconds() + self.bounds.rejections_seconds
        waiting = deque(p for p in partitions if p.rejected)
        while waiting and self.takes_rejections(partitions):
            partition = waiting.popleft()
            self._publish_first_rejections(partition)
            if partition.rejected:
                waiting.append(partition)
            if self.monotonic_seconds() >= deadline_seconds:
                break
        BACKLOG_BYTES.set(sum(p.rejected_bytes for p in partitions))

    def _publish_first_rejections(self, partition: ReportPartition) -> None:
        rejected = partition.take_rejected(PORTION_RECORDS, PORTION_BYTES)
        outgoing = [self.router.rejection(partition.origin, r.record, r.reason) for r in rejected]
        publication = self.producers.rejections.publish(outgoing)
        first_offset = rejected[0].record.offset
        partition.rejections_in_flight.append(InFlight(first_offset, publication))
        REJECTED.inc(len(rejected))

    def close(self) -> None:
        """Close both producers."""
        self.producers.alerts.close()
        self.producers.rejections.close()

    def may_go_on(self, partitions: Partitions) -> bool:
        """Whether there is more to be published now, without waiting for an acknowledgement."""
        if any(p.unread for p in partitions) and not self.is_full_of_alerts(partitions):
            return True
        return any(p.rejected for p in partitions) and self.takes_rejections(partitions)

    def paused(self, partitions: Partitions) -> frozenset[int]:
        """Partitions of which nothing more can be taken in at present."""
        if self.is_full_of_alerts(partitions):
            return frozenset(p.origin.partition for p in partitions)
        unread = frozenset(p.origin.partition for p in partitions if p.unread)
        return unread | above_share(partitions, self.bounds.backlog_bytes)

    def is_full_of_alerts(self, partitions: Partitions) -> bool:
        """Whether so many alerts lack their acknowledgement that no more are to be found."""
        in_flight = [one.publication for p in partitions for one in p.alerts_in_flight]
        return self.bounds.alerts.is_reached(in_flight)

    def takes_rejections(self, partitions: Partitions) -> bool:
        """Whether rejections may be published: few enough are in flight, and Kafka takes them."""
        in_flight = [one.publication for p in partitions for one in p.rejections_in_flight]
        is_full = self.bounds.rejections.is_reached(in_flight)
        return not (is_full or self.producers.rejections.is_refused())


def above_share(partitions: Partitions, backlog_bytes: int) -> frozenset[int]:
    """Once the backlog is full: the partitions that have at least an equal share of it.

    So garbage in one partition does not keep the others from being read.
    """
    kept_bytes = {p.origin.partition: p.rejected_bytes for p in partitions}
    if sum(kept_bytes.values()) < backlog_bytes:
        return frozenset()
    share_bytes = backlog_bytes / len(kept_bytes)
    return frozenset(number for number, kept in kept_bytes.items() if kept >= share_bytes)


def resend_failed(partitions: Partitions) -> None:
    """Send again what failed, and note what is acknowledged."""
    for partition in partitions:
        for one in partition.in_flight():
            one.publication.resend_failed()
        partition.forget_acknowledged()
