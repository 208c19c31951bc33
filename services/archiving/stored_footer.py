"""Reads the footer of an object in the store."""

from services.archiving.footer import Footer, UnreadableObjectError, footer_bytes, footer_of
from services.archiving.store import Store

TAIL_BYTES = 64 * 1024


def stored_footer(store: Store, name: str, tail_bytes: int = TAIL_BYTES) -> Footer | None:
    """Read the object's footer; None if there is no such object.

    tail_bytes: how much the first request asks for; a longer footer takes a second one.
    UnreadableObjectError, with the object's name, if it has no footer of ours.
    """
    tail = store.tail(name, tail_bytes)
    if tail is None:
        return None
    try:
        size_bytes = footer_bytes(tail)
        if size_bytes > len(tail):
            tail = store.tail(name, size_bytes) or b""
        return footer_of(tail)
    except UnreadableObjectError as error:
        raise UnreadableObjectError(f"{name}: {error}") from error
