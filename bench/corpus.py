"""What the benches read: the simulator's larger reports, and garbage among them. Pure."""

import random
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

from services.reports.codec import encoded
from simulator.faults import GARBAGE
from simulator.fleet import Plan, reports
from simulator.missions import Mission

# 2026-03-02T12:00:00Z, a Monday at noon; any time does.
START_MS = 1_772_452_800_000
CROWDS: tuple[Mission, ...] = ("peacewatch",)
BOTH: tuple[Mission, ...] = ("prestacop", "peacewatch")
REPORT_MIN_BYTES = 600
# Reports that differ in more than their id: more than a row group holds, so that compression finds
# no more repetition than there is.
DISTINCT = 20_000


@cache
def report_values(number: int) -> tuple[bytes, ...]:
    """The fleet's first reports of REPORT_MIN_BYTES or more; the same in every run."""
    plan = Plan(CROWDS, drones=1_000, start_ms=START_MS, duration_seconds=None)
    values = (encoded(report) for _, report in reports(plan))
    return tuple(islice((v for v in values if len(v) >= REPORT_MIN_BYTES), number))


def fleet_messages(number: int, drones: int) -> list[tuple[bytes, bytes]]:
    """Keys and values of the first reports of both missions, as large as they come."""
    plan = Plan(BOTH, drones, START_MS, duration_seconds=None)
    return [(r.drone_id.encode(), encoded(r)) for _, r in islice(reports(plan), number)]


def record_values(number: int, garbage_share: float, partitions: int) -> Iterator[bytes | None]:
    """So many records: reports, each under an id of its own, and a share of garbage.

    Dealt out to the partitions in turn, each partition gets all the distinct reports in turn.
    """
    rng = random.Random(number)
    pool = report_values(DISTINCT)
    kinds = cycle(GARBAGE.values())
    for index in range(number):
        value = with_id(pool[index // partitions % DISTINCT], index)
        yield next(kinds)(value, rng) if is_garbage(index, garbage_share) else value


def with_id(value: bytes, number: int) -> bytes:
    """The report under another id of the usual length."""
    head, name, colon, _, rest = value.split(b'"', 4)
    return b'"'.join((head, name, colon, b"peacewatch-%020d" % number, rest))


def is_garbage(index: int, share: float) -> bool:
    """Whether this one is; of n records int(n * share) are, spread evenly."""
    return int((index + 1) * share) > int(index * share)


def garbage_in(number: int, share: float) -> int:
    """How many of so many records are garbage."""
    return int(number * share)
