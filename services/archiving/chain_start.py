"""Finds where a partition's chain goes on: carries out services.archiving.recovery on a store."""

import structlog
from kafka.structs import OffsetAndMetadata
from prometheus_client import Counter

from services.archiving import recovery
from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer
from services.archiving.naming import (
    REPORTS_FOLDER,
    ObjectStart,
    decision_name,
    object_name,
    object_start,
)
from services.archiving.recovery import ChainEnd, Phase, Recovery
from services.archiving.store import Store
from services.archiving.timeline import Timeline
from services.archiving.upload import check_footer, existing_footer, footer_at

UNTRUSTED = Counter("dronewatch_archiving_untrusted_starts", "Starts found by listing objects.")
LOST = Counter("dronewatch_archiving_lost_offsets", "Offsets deleted before they were archived.")
FENCES = Counter("dronewatch_archiving_fences", "Empty objects put to close names.")

# Days that are looked through for the chain's end: a broker's clock may go back over midnight.
NEWEST_DAYS = 2

log = structlog.get_logger()


def marked_end(committed: OffsetAndMetadata | None, timeline: Timeline) -> int | None:
    """The end of the timeline's chain that the commit names, by its mark; or where it begins."""
    if committed is None or committed.metadata != timeline.mark:
        return timeline.begin if timeline.number else None
    return int(committed.offset)


def advance(store: Store, state: Recovery) -> Recovery:
    """Carry out the recovery's next step: at most one put, or one listing.

    StoreUnavailableError, StoreRefusalError: the same step may be tried again.
    UnreadableObjectError: nothing is guessed; somebody has to look at that object.
    """
    match state.phase:
        case Phase.CHECK:
            return recovery.on_checked(state, _decision(store, state))
        case Phase.LIST:
            UNTRUSTED.inc()
            return recovery.on_listed(state, archived_end(store, state.topic_id, state.partition))
        case Phase.LOOK:
            return recovery.on_looked(state, _decision(store, state))
        case Phase.DECIDE:
            name = decision_name(state.topic_id, state.partition, state.done)
            is_created = store.put_new(name, empty_object(state.decision))
            return recovery.on_decided(state, is_created)
        case _:
            return recovery.on_fenced(state, _fence(store, state))


def report_jump(state: Recovery) -> None:
    """Count and report what retention took, once the chain has jumped over it."""
    LOST.inc(state.lost)
    tell = log.error if state.lost else log.info
    tell(
        "the chain's end was found in the archive",
        partition=state.partition,
        start=state.done,
        lost_offsets=state.lost,
        reason=state.reason,
    )


def _decision(store: Store, state: Recovery) -> Footer | None:
    footer = footer_at(store, decision_name(state.topic_id, state.partition, state.done))
    if footer is not None:
        check_footer(footer, state.decision)
    return footer


def _fence(store: Store, state: Recovery) -> Footer | None:
    """Put the next fence and return None, or return the footer of what has its name."""
    if store.put_new(object_name(state.fenced), empty_object(state.fence)):
        FENCES.inc()
        return None
    return existing_footer(store, state.fenced)


def archived_end(store: Store, topic_id: str, partition: int) -> ChainEnd | None:
    """Where the last data object of the chain ends; None if there is none."""
    ends: list[ChainEnd] = []
    for day in sorted(store.folders(f"{REPORTS_FOLDER}/"), reverse=True):
        starts = [start for name in store.names(day) if (start := object_start(name))]
        ours = [s for s in starts if (s.topic_id, s.partition) == (topic_id, partition)]
        end = _last_end(store, sorted(ours, key=lambda start: start.offset, reverse=True))
        if end is not None:
            ends.append(end)
        if len(ends) == NEWEST_DAYS:
            break
    return max(ends, key=lambda end: end.position, default=None)


def _last_end(store: Store, latest_first: list[ObjectStart]) -> ChainEnd | None:
    for start in latest_first:
        footer = existing_footer(store, start)
        if footer is not None and footer.kind == "records":
            return ChainEnd(footer.end, start.hour, footer.end_epoch)
    return None
