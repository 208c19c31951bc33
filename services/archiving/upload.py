"""Carries out the commands of chain and recovery: one request to the store, one event."""

import structlog
from prometheus_client import Counter

from services.archiving.chain import (
    Absent,
    Command,
    Created,
    Event,
    Found,
    Look,
    Put,
    Taken,
    Unclear,
    Unreadable,
)
from services.archiving.footer import Footer, UnreadableObjectError, footer_bytes, footer_of
from services.archiving.naming import ObjectStart, object_name
from services.archiving.object_builder import FinishedObject
from services.archiving.store import Store, StoreRefusalError, StoreUnavailableError

TAIL_BYTES = 64 * 1024

PUTS = Counter("dronewatch_archiving_puts", "Objects created.")
PUT_BYTES = Counter("dronewatch_archiving_put_bytes", "Bytes of the objects created.")
NAMES_TAKEN = Counter("dronewatch_archiving_names_taken", "Puts refused: the object exists.")
PUT_RETRIES = Counter("dronewatch_archiving_put_retries", "Puts without a clear answer.")

log = structlog.get_logger()


def carry_out(store: Store, command: Command) -> Event:
    """Send the command's request to the store and return its outcome; never raises."""
    try:
        if isinstance(command, Put):
            return _put(store, command.finished)
        return _look(store, command)
    except UnreadableObjectError as error:
        return Unreadable(str(error))
    except (StoreUnavailableError, StoreRefusalError) as error:
        PUT_RETRIES.inc()
        return Unclear(str(error))


def _put(store: Store, finished: FinishedObject) -> Event:
    if not store.put_new(finished.name, finished.content):
        NAMES_TAKEN.inc()
        return Taken()
    PUTS.inc()
    PUT_BYTES.inc(len(finished.content))
    return Created()


def _look(store: Store, command: Look) -> Event:
    footer = existing_footer(store, command.start)
    return Absent() if footer is None else Found(footer)


def existing_footer(store: Store, start: ObjectStart) -> Footer | None:
    """The footer of the object that begins at `start`; None if there is none.

    UnreadableObjectError if what has the name is no such object.
    """
    footer = footer_at(store, object_name(start))
    if footer is not None:
        check_footer(footer, Footer(start.topic_id, start.partition, start.offset, footer.end))
    return footer


def check_footer(footer: Footer, expected: Footer) -> None:
    """Raise UnreadableObjectError unless the footer is of this chain and covers something."""
    chain = (expected.topic_id, expected.partition, expected.begin)
    if (footer.topic_id, footer.partition, footer.begin) != chain or footer.end <= footer.begin:
        raise UnreadableObjectError(f"an object of {expected} says that it is {footer}")


def footer_at(store: Store, name: str) -> Footer | None:
    """The footer of the object of this name; None if there is none; UnreadableObjectError."""
    tail = store.tail(name, TAIL_BYTES)
    if tail is None:
        return None
    try:
        size_bytes = footer_bytes(tail)
        if size_bytes > len(tail):
            tail = store.tail(name, size_bytes) or b""
        return footer_of(tail)
    except UnreadableObjectError as error:
        raise UnreadableObjectError(f"{name}: {error}") from error
