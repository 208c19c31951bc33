"""Where a partition's chain goes on, as a state machine without I/O.

A start must be the end of the chain. If retention deleted the log from there on, or somebody
steps over a part of it, the chain jumps. A jump is decided once, by a create-only object of a name
that no data object bears: whoever finds it follows it. Then fences (empty objects) close every name
that the next object of somebody late could bear; only then does the new stretch begin.

    phase   event             next
    CHECK   no decision       DONE     the committed end is trusted
    CHECK   a decision        LIST
    LIST    the chain's end   LOOK
    LOOK    a decision        FENCE    to where it leads
    LOOK    no decision       DONE, or DECIDE if the log starts behind the end
    DECIDE  created           FENCE    to the log's start
    DECIDE  taken             LOOK
    FENCE   created, a fence  FENCE    the next hour; after the last one LOOK at the new end
    FENCE   a data object     LIST     somebody late was faster

Checked exhaustively by a model of this protocol, and by tests/model with this code.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from services.archiving.footer import Footer
from services.archiving.naming import ObjectStart
from services.stream.worker import NO_EPOCH

# A broker's clock may go back: so many hours more on each side.
MARGIN_HOURS = 2
# Of a chain without objects nobody knows when it began: longer than the topic keeps records.
UNKNOWN_HOURS = 96
RETENTION = "retention deleted these records before they were archived"


class Phase(Enum):
    """What a recovery has to find out next."""

    CHECK = auto()
    LIST = auto()
    LOOK = auto()
    DECIDE = auto()
    FENCE = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where the last data object ends, the hour of its name, the leader epoch at its end."""

    position: int
    hour: int
    epoch: int = NO_EPOCH


@dataclass(frozen=True, slots=True)
class Recovery:
    """One partition's way to its start.

    done: the end of the chain; done_epoch: the leader epoch of what is last before it, if known.
    start: where the fences lead; to_fence: hours without a fence yet.
    marked_end: the committed end if it bears our mark; lost: positions that retention took.
    """

    topic_id: str
    partition: int
    log_start: int
    now_hour: int
    marked_end: int | None = None
    phase: Phase = Phase.LIST
    done: int = 0
    done_epoch: int = NO_EPOCH
    start: int = 0
    reason: str = ""
    hours: tuple[int, ...] = ()
    to_fence: tuple[int, ...] = ()
    is_chain_known: bool = False
    lost: int = 0

    @property
    def decision(self) -> Footer:
        """The footer of the decision at the chain's end, if this member makes it."""
        return self._empty("decision", self.done, self.log_start, RETENTION)

    @property
    def fence(self) -> Footer:
        """The footer of the next fence."""
        return self._empty("fence", self.done, self.start, self.reason)

    @property
    def fenced(self) -> ObjectStart:
        """Whose name the next fence closes."""
        return ObjectStart(self.topic_id, self.partition, self.done, self.to_fence[0])

    def _empty(self, kind: str, begin: int, end: int, reason: str) -> Footer:
        return Footer(self.topic_id, self.partition, begin, end, kind, reason)  # type: ignore[arg-type]


def recovery(
    topic_id: str, partition: int, log_start: int, marked_end: int | None, now_hour: int
) -> Recovery:
    """The first state: a committed end with our mark is trusted where the log still has it."""
    is_trusted = marked_end is not None and marked_end >= log_start
    return Recovery(
        topic_id=topic_id,
        partition=partition,
        log_start=log_start,
        now_hour=now_hour,
        marked_end=marked_end,
        phase=Phase.CHECK if is_trusted else Phase.LIST,
        done=marked_end or 0,
    )


def on_checked(state: Recovery, decision: Footer | None) -> Recovery:
    """The decision at the committed end was looked up."""
    return replace(state, phase=Phase.DONE if decision is None else Phase.LIST)


def on_listed(state: Recovery, last: ChainEnd | None) -> Recovery:
    """The archive was listed for the end of the last data object."""
    last_end = None if last is None else last.position
    ends = [end for end in (last_end, state.marked_end) if end is not None]
    first_hour = last.hour if last else state.now_hour - UNKNOWN_HOURS
    return replace(
        state,
        phase=Phase.LOOK,
        done=max(ends, default=0),
        done_epoch=last.epoch if last and last.position == max(ends) else NO_EPOCH,
        is_chain_known=bool(ends),
        hours=tuple(range(first_hour - MARGIN_HOURS, state.now_hour + MARGIN_HOURS + 1)),
    )


def on_looked(state: Recovery, decision: Footer | None) -> Recovery:
    """The decision at the chain's end was looked up."""
    if decision is not None:
        return _fencing(state, decision)
    return replace(state, phase=Phase.DONE if state.done >= state.log_start else Phase.DECIDE)


def on_decided(state: Recovery, is_created: bool) -> Recovery:
    """The decision was put; if its name was taken, the other one counts."""
    return _fencing(state, state.decision) if is_created else replace(state, phase=Phase.LOOK)


def _fencing(state: Recovery, decision: Footer) -> Recovery:
    return replace(
        state,
        phase=Phase.FENCE,
        start=decision.end,
        reason=decision.reason,
        to_fence=state.hours,
    )


def on_fenced(state: Recovery, found: Footer | None) -> Recovery:
    """A fence was put (None), or this is the footer of what has its name."""
    if found is not None and found.kind == "records":
        return replace(state, phase=Phase.LIST)
    start = state.start if found is None else max(state.start, found.end)
    state = replace(state, start=start, to_fence=state.to_fence[1:])
    if state.to_fence:
        return state
    lost = start - state.done if state.is_chain_known else 0
    return replace(state, phase=Phase.LOOK, done=start, done_epoch=NO_EPOCH, lost=state.lost + lost)
