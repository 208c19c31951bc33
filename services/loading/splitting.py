"""Blocks of bytes to physical lines, whatever their length, in bounded memory. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

LINE_MAX_BYTES = 64 * 1024


class Position(Struct, frozen=True, gc=False):
    """Where a line begins: bytes from the start of the (uncompressed) text, and its number."""

    offset: int = 0
    line_number: int = 1


class Line(Struct, frozen=True, gc=False):
    """One line with its break; of one above LINE_MAX_BYTES only the beginning is held."""

    number: int
    start: int
    end: int
    text: bytes

    @property
    def is_too_long(self) -> bool:
        """Whether text is only the beginning."""
        return len(self.text) > LINE_MAX_BYTES


def lines(blocks: Iterable[bytes], start: Position) -> Iterator[Line]:
    """The lines in blocks that begin at start; CR, LF and CRLF each end one."""
    number, offset = start.line_number, start.offset
    for text, size in _pieces(_between_breaks(blocks)):
        end = offset + size
        yield Line(number, offset, end, text)
        number, offset = number + 1, end


class Lookahead:
    """Lines of which the next few can be seen before they are taken."""

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._held: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._held.popleft() if self._held else next(self._source)

    def peeked(self, count: int) -> list[Line]:
        """The next lines, fewer than count where the text ends."""
        self._held.extend(islice(self._source, max(0, count - len(self._held))))
        return list(islice(self._held, count))

    def drop(self, count: int) -> None:
        """Take that many lines unseen."""
        for _ in range(count):
            next(self)


def _between_breaks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in blocks none of which ends between a CR and its LF."""
    held = b""
    for block in blocks:
        joined = held + block
        held = joined[-1:] if joined.endswith(b"\r") else b""
        yield joined[: len(joined) - len(held)]
    yield held


def _pieces(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each line as it is held, and its true size in bytes."""
    head, dropped = b"", 0
    for block in blocks:
        ended = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        for text in (head + block[:ended]).splitlines(keepends=True) if ended else ():
            yield text[: LINE_MAX_BYTES + 1], len(text) + dropped
            head, dropped = b"", 0
        head += block[ended:]
        dropped += max(0, len(head) - LINE_MAX_BYTES - 1)
        head = head[: LINE_MAX_BYTES + 1]
    if head:
        yield head, len(head) + dropped
