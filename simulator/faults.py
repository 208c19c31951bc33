"""Faulty records, for tests: what a real fleet's radio, clocks and firmware would do to reports."""

import heapq
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from simulator.messages import Message

DUPLICATE = "duplicate"
LATE = "late"
# Simulated time by which a late report is late.
LATE_MS = (5 * 60_000, 60 * 60_000)
# Bounds memory for any fleet; beyond it the first that is held goes out early.
HELD_MAX = 20_000

Garbage = Callable[[bytes, random.Random], bytes | None]

_WRONG_TYPES: tuple[tuple[str, Any], ...] = (
    ("time", 17),
    ("report_id", None),
    ("citizens", "nobody"),
    ("location", [1.0, 2.0]),
    ("telemetry", "fine"),
    ("drone_id", 12),
)


def _edited(value: bytes, changes: dict[str, Any]) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(value) | changes)


def _truncated(value: bytes, rng: random.Random) -> bytes:
    return value[: rng.randrange(1, len(value))]


def _wrong_type(value: bytes, rng: random.Random) -> bytes:
    return _edited(value, dict([rng.choice(_WRONG_TYPES)]))


def _out_of_range(value: bytes, rng: random.Random) -> bytes:
    latitude = rng.choice((-1, 1)) * rng.uniform(91, 1000)
    return _edited(value, {"location": {"latitude": latitude, "longitude": 0.0}})


def _empty(value: bytes, rng: random.Random) -> bytes:  # noqa: ARG001
    return b""


def _null(value: bytes, rng: random.Random) -> None:  # noqa: ARG001
    return None


def _two_documents(value: bytes, rng: random.Random) -> bytes:
    return value + rng.choice((b"", b"\n", b" ")) + value


def _invalid_utf8(value: bytes, rng: random.Random) -> bytes:
    return value.replace(b'"place":"', b'"place":"' + rng.choice((b"\xff", b"\xc3\x28", b"\x80")))


def _not_a_number(value: bytes, rng: random.Random) -> bytes:
    number = rng.choice((b"NaN", b"Infinity", b"-Infinity"))
    return value.replace(b'"latitude":', b'"latitude":' + number + b',"was":')


def _byte_order_mark(value: bytes, rng: random.Random) -> bytes:  # noqa: ARG001
    return b"\xef\xbb\xbf" + value


# Each turns a report's bytes into a value that is no report.
GARBAGE: dict[str, Garbage] = {
    "truncated": _truncated,
    "wrong_type": _wrong_type,
    "out_of_range": _out_of_range,
    "empty": _empty,
    "null": _null,
    "two_documents": _two_documents,
    "invalid_utf8": _invalid_utf8,
    "not_a_number": _not_a_number,
    "byte_order_mark": _byte_order_mark,
}
FAULTS = (*GARBAGE, DUPLICATE, LATE)


def garbage(sound: Message, fault: str, rng: random.Random) -> Message:
    """The record that takes the sound one's place; the fault is a key of GARBAGE."""
    value = GARBAGE[fault](sound.value or b"", rng)
    return Message(sound.due_ms, sound.key, value, fault=fault)


def delayed(sound: Message, rng: random.Random) -> Message:
    """The same record, due later than its report's time."""
    due_ms = sound.due_ms + rng.randrange(*LATE_MS)
    return replace(sound, due_ms=due_ms, fault=LATE)


def repeated(sound: Message, rng: random.Random) -> Message:
    """The same record once more: the next one, or later."""
    due_ms = sound.due_ms + rng.choice((0, rng.randrange(LATE_MS[1])))
    return replace(sound, due_ms=due_ms, fault=DUPLICATE)


# Due time, number (so that no two are equal), and what is held back until then.
Held = list[tuple[float, int, Message]]


def with_faults(messages: Iterator[Message], share: float, rng: random.Random) -> Iterator[Message]:
    """The messages, a share of them faulty; those held back at the end come last."""
    held: Held = []
    for number, sound in enumerate(messages):
        yield from _due(held, sound.due_ms)
        fault = rng.choice(FAULTS) if rng.random() < share else None
        now, later = _faulty(sound, fault, rng)
        if now:
            yield now
        if later:
            heapq.heappush(held, (later.due_ms, number, later))
        if len(held) > HELD_MAX:
            yield heapq.heappop(held)[2]
    yield from _due(held, math.inf)


def _due(held: Held, now_ms: float) -> Iterator[Message]:
    while held and held[0][0] <= now_ms:
        yield heapq.heappop(held)[2]


def _faulty(
    sound: Message, fault: str | None, rng: random.Random
) -> tuple[Message | None, Message | None]:
    """What goes out now, and what is held back."""
    if fault is None:
        return sound, None
    if fault == LATE:
        return None, delayed(sound, rng)
    if fault == DUPLICATE:
        return sound, repeated(sound, rng)
    return garbage(sound, fault, rng), None
