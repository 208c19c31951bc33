"""Archives put object by object, as archiving and its zombies would put them."""

from collections.abc import Iterable
from typing import NamedTuple

from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer
from services.archiving.naming import ObjectStart, decision_name, object_name
from services.archiving.object_builder import ObjectBuilder
from services.archiving.store import Store

TOPIC_ID = "0a1b2c3d"
# 2026-03-02, 23 h: the next one is the next day's.
HOUR = 492_359


class Arrived(NamedTuple):
    """One record; timestamp in ms since the epoch."""

    offset: int
    timestamp: int
    key: bytes | None = None
    value: bytes | None = b"no report"


def put_records(store: Store, begin: int, end: int, hour: int = HOUR, partition: int = 1) -> str:
    """Put an object with a row for each position and return its name."""
    arrival_ms = hour * 3_600_000
    builder = ObjectBuilder(ObjectStart(TOPIC_ID, partition, begin, hour), arrival_ms, 0.0)
    builder.append([Arrived(offset, arrival_ms) for offset in range(begin, end)])
    builder.end = end
    finished = builder.finish()
    assert store.put_new(finished.name, finished.content)
    return finished.name


def put_fences(store: Store, begin: int, end: int, hours: Iterable[int] = (HOUR,)) -> None:
    """Put a fence from begin to end into each of these hours."""
    fence = Footer(TOPIC_ID, 1, begin, end, "fence", "retention")
    for hour in hours:
        assert store.put_new(
            object_name(ObjectStart(TOPIC_ID, 1, begin, hour)), empty_object(fence)
        )


def put_decision(store: Store, begin: int, end: int) -> None:
    """Put the decision that the chain goes on at `end`."""
    decision = Footer(TOPIC_ID, 1, begin, end, "decision", "retention")
    assert store.put_new(decision_name(TOPIC_ID, 1, begin), empty_object(decision))
