"""How far a channel is in a partition, as the group's commit keeps it. Pure.

The committed offset is that of the first record that still has to be disposed of (sent, put on
another topic, or known as a duplicate). Its metadata says which records above it are disposed of,
and which make up the notice that is being sent: bitmaps whose bit i is offset + i, compressed
(zlib), in base64.
"""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

# Kafka takes 4,096 bytes of metadata (offset.metadata.max.bytes): two bitmaps of that many bits.
SPAN_MAX = 8_000
NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Layout:
    """How many partitions the topic had, and when the last growth was noticed (brokers' time).

    0 for a growth that is not known of.
    """

    partitions: int
    grown_at_ms: int = 0


# Of a commit from before layouts were noted, or set by hand.
UNKNOWN_LAYOUT = Layout(0)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Offsets below `offset` and those in `done` are disposed of; `planned` are being sent."""

    topic_id: str
    offset: int
    done: frozenset[int] = NOTHING
    planned: frozenset[int] = NOTHING
    layout: Layout = UNKNOWN_LAYOUT

    @property
    def end(self) -> int:
        """The offset after the last one that the bookmark knows of."""
        return max(self.done | self.planned, default=self.offset - 1) + 1

    def is_done(self, offset: int) -> bool:
        """Whether the record there is disposed of."""
        return offset < self.offset or offset in self.done

    def from_log_start(self, log_start: int) -> "Bookmark":
        """The bookmark of a log whose records before that were deleted; their plan goes, too."""
        if log_start <= self.offset:
            return self
        is_whole = min(self.planned, default=log_start) >= log_start
        done = frozenset(offset for offset in self.done if offset >= log_start)
        planned = self.planned if is_whole else NOTHING
        return replace(self, offset=log_start, done=done, planned=planned)

    def to_log_end(self, log_end: int) -> "Bookmark":
        """The bookmark of a log whose records from there on are gone; their plan goes, too."""
        is_whole = max(self.planned, default=-1) < log_end
        done = frozenset(offset for offset in self.done if offset < log_end)
        planned = self.planned if is_whole else NOTHING
        return replace(self, offset=min(self.offset, log_end), done=done, planned=planned)


class Metadata(msgspec.Struct, frozen=True):
    """A commit's metadata, as JSON."""

    version: Literal[1]
    topic_id: str
    done: str
    planned: str
    partitions: int = 0
    grown_at_ms: int = 0


def metadata_of(bookmark: Bookmark) -> str:
    """For the commit of its offset; of what is done beyond SPAN_MAX it says nothing."""
    done = bitmap(bookmark.done, bookmark.offset)
    planned = bitmap(bookmark.planned, bookmark.offset)
    layout = (bookmark.layout.partitions, bookmark.layout.grown_at_ms)
    return msgspec.json.encode(Metadata(1, bookmark.topic_id, done, planned, *layout)).decode()


def bookmark_in(offset: int, metadata: str) -> Bookmark | None:
    """The bookmark of a commit; None if its metadata is not ours or not readable."""
    try:
        found = msgspec.json.decode(metadata, type=Metadata)
        done, planned = offsets_in(found.done, offset), offsets_in(found.planned, offset)
    except (msgspec.DecodeError, ValueError, zlib.error):
        return None
    layout = Layout(found.partitions, found.grown_at_ms)
    return Bookmark(found.topic_id, offset, done, planned, layout)


def bitmap(offsets: Set[int], start: int) -> str:
    """Of these offsets, from start and below start + SPAN_MAX."""
    last = max((offset for offset in offsets if offset < start + SPAN_MAX), default=start - 1)
    bits = "".join("1" if offset in offsets else "0" for offset in range(last, start - 1, -1))
    raw = int(bits or "0", base=2).to_bytes(len(bits) // 8 + 1, "little")
    return b64encode(zlib.compress(raw)).decode()


def offsets_in(text: str, start: int) -> frozenset[int]:
    """The offsets in a bitmap that begins at start; ValueError or zlib.error if it is none."""
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(b64decode(text, validate=True), SPAN_MAX // 8 + 1)
    if not unpacking.eof:
        raise ValueError("not the whole of a bitmap")
    bits = bin(int.from_bytes(raw, "little"))[:1:-1]
    return frozenset(start + position for position, bit in enumerate(bits) if bit == "1")
