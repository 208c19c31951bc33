"""Getting an object into the store: create-only, repeated until it is known who stands there.

Runs in a worker thread; the protocol is docs/architecture.md, "The archive".
"""

import threading

import structlog
from prometheus_client import Counter

from services.archiving.building import FinishedObject
from services.archiving.footer import Footer, UnreadableObjectError, footer_bytes, footer_of
from services.archiving.naming import ObjectStart, object_name
from services.archiving.store import Store, StoreRefusalError, StoreUnavailableError

TAIL_BYTES = 64 * 1024
BACKOFF_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 5.0

PUTS = Counter("dronewatch_archiving_puts", "Objects created.")
PUT_BYTES = Counter("dronewatch_archiving_put_bytes", "Bytes of the objects created.")
NAMES_TAKEN = Counter("dronewatch_archiving_names_taken", "Puts refused: the object stood there.")
PUT_RETRIES = Counter("dronewatch_archiving_put_retries", "Puts repeated: no clear answer.")

log = structlog.get_logger()


class GivenUpError(Exception):
    """Told to stop before the store answered."""


def standing_last_offset(store: Store, start: ObjectStart) -> int | None:
    """The last offset of the object that begins at `start`; None if there is none.

    UnreadableObjectError if what stands there is no such object.
    """
    name = object_name(start)
    tail = store.tail(name, TAIL_BYTES)
    if tail is None:
        return None
    footer = _footer(store, name, tail)
    expected = Footer(start.topic_id, start.partition, start.offset, footer.last_offset)
    if footer != expected or footer.last_offset < footer.first_offset:
        raise UnreadableObjectError(f"{name} says that it is {footer}")
    return footer.last_offset


def _footer(store: Store, name: str, tail: bytes) -> Footer:
    try:
        size_bytes = footer_bytes(tail)
        if size_bytes > len(tail):
            tail = store.tail(name, size_bytes) or b""
        return footer_of(tail)
    except UnreadableObjectError as error:
        raise UnreadableObjectError(f"{name}: {error}") from error


def land(store: Store, finished: FinishedObject, give_up: threading.Event) -> int:
    """The last offset of the object that now stands under the name, ours or another's.

    GivenUpError if `give_up` is set first; UnreadableObjectError as standing_last_offset.
    """
    wait_seconds = BACKOFF_SECONDS
    while not give_up.is_set():
        try:
            last_offset = _put_or_look(store, finished)
            if last_offset is not None:
                return last_offset
        except (StoreUnavailableError, StoreRefusalError) as error:
            is_first = wait_seconds == BACKOFF_SECONDS
            tell = log.warning if is_first else log.debug
            tell("the store takes nothing, trying again", name=finished.name, cause=str(error))
        PUT_RETRIES.inc()
        give_up.wait(wait_seconds)
        wait_seconds = min(2 * wait_seconds, BACKOFF_MAX_SECONDS)
    raise GivenUpError(finished.name)


def _put_or_look(store: Store, finished: FinishedObject) -> int | None:
    if store.put_new(finished.name, finished.content):
        PUTS.inc()
        PUT_BYTES.inc(len(finished.content))
        return finished.last_offset
    NAMES_TAKEN.inc()
    return standing_last_offset(store, finished.start)
