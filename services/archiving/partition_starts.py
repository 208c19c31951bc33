"""Starts partitions: finds the position at which each one's chain goes on, step by step."""

from collections.abc import Callable, Set
from dataclasses import dataclass, field

import structlog
from kafka.structs import OffsetAndMetadata

from services.archiving.chain_start import advance, marked_end, report_jump
from services.archiving.footer import UnreadableObjectError
from services.archiving.recovery import Phase, Recovery, recovery
from services.archiving.store import Store, StoreRefusalError, StoreUnavailableError
from services.archiving.timeline import Timeline, latest_timeline
from services.stream.worker import NotNow

# As long may a partition's recovery hold up the loop before it is asked to go on with it.
RECOVERY_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(slots=True)
class PartitionStarts:
    """The recoveries under way; `monotonic` is a clock in seconds.

    stuck: partitions that cannot start, and why: an object that is unreadable.
    """

    store: Store
    monotonic: Callable[[], float]
    under_way: dict[int, Recovery] = field(default_factory=dict)
    stuck: dict[int, str] = field(default_factory=dict)

    def start(
        self,
        timeline: Timeline,
        partition: int,
        committed: OffsetAndMetadata | None,
        log_start: int,
        now_hour: int,
    ) -> Recovery:
        """Return the recovery that found the chain's end, as committed with its mark or listed.

        NotNow to be asked again: the store is away, the recovery takes long, an object is
        unreadable (then the partition is in `stuck`).
        """
        end = marked_end(committed, timeline)
        state = self._continued(recovery(timeline.chain_id, partition, log_start, end, now_hour))
        try:
            state = self._recovered(state)
        except (StoreUnavailableError, StoreRefusalError) as error:
            raise NotNow(f"the store does not answer: {error}") from error
        except UnreadableObjectError as error:
            self._note_stuck(partition, str(error))
            raise NotNow(f"an object of the archive is unreadable: {error}") from error
        self.forget({partition})
        return state

    def latest_timeline(self, topic_id: str, partition: int) -> Timeline:
        """The partition's newest timeline; NotNow if the store does not tell it."""
        try:
            return latest_timeline(self.store, topic_id, partition)
        except (StoreUnavailableError, StoreRefusalError, UnreadableObjectError) as error:
            raise NotNow(f"the store does not tell the timeline: {error}") from error

    def forget(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        for partition in partitions:
            self.under_way.pop(partition, None)
            self.stuck.pop(partition, None)

    def _continued(self, new: Recovery) -> Recovery:
        """The recovery under way if it is of the same start, or the new one."""
        known = self.under_way.get(new.partition, new)
        starts = [(one.topic_id, one.log_start, one.marked_end) for one in (known, new)]
        return known if starts[0] == starts[1] else new

    def _recovered(self, state: Recovery) -> Recovery:
        deadline = self.monotonic() + RECOVERY_SECONDS
        was_trusted = state.phase is Phase.CHECK
        while state.phase is not Phase.DONE:
            state = self.under_way[state.partition] = advance(self.store, state)
            if self.monotonic() >= deadline and state.phase is not Phase.DONE:
                raise NotNow("its chain is being closed where records are skipped")
        if not was_trusted or state.hours:
            report_jump(state)
        return state

    def _note_stuck(self, partition: int, cause: str) -> None:
        if self.stuck.get(partition) != cause:
            log.error("partition stuck: look at its object", partition=partition, cause=cause)
        self.stuck[partition] = cause
