"""Deduplication: which alerts were read before. Pure.

An id is kept as 64 bits of a keyed hash, in sorted arrays: about 9 bytes an id. A new alert meets
one of the 6 million ids that a member of 12 partitions keeps at most with a chance of 3e-13, and
would not be sent. The key is random, so that nobody can choose ids that meet.
"""

import os
from array import array
from bisect import bisect_left
from collections import defaultdict, deque
from hashlib import blake2b

# The last 24 hours of a partition, at 40 alerts a second in 12 partitions, are 288,000.
REMEMBERED = 400_000
GENERATIONS = 4
# 512 arrays, by the first bits.
SHARD_SHIFT = 64 - 9
_key = os.urandom(16)


def digest_of(alert_id: str) -> int:
    """64 bits that stand for the id, for as long as this process runs."""
    return int.from_bytes(blake2b(alert_id.encode(), digest_size=8, key=_key).digest(), "big")


def empty() -> "array[int]":
    """No 64-bit numbers yet."""
    return array("Q")


class SortedDigests:
    """A set of digests, as sorted arrays: about 9 bytes each.

    Inserting moves the rest of an array, so there are many short ones.
    """

    def __init__(self) -> None:
        self.shards: dict[int, array[int]] = defaultdict(empty)
        self.count = 0

    def find(self, digest: int) -> "tuple[array[int], int, bool]":
        """The shard of this digest, its index there, and whether it is there."""
        shard = self.shards[digest >> SHARD_SHIFT]
        index = bisect_left(shard, digest)
        return shard, index, index < len(shard) and shard[index] == digest

    def __contains__(self, digest: int) -> bool:
        return self.find(digest)[2]

    def add(self, digest: int) -> None:
        """Add a digest, once."""
        shard, index, is_there = self.find(digest)
        if not is_there:
            shard.insert(index, digest)
            self.count += 1

    def discard(self, digest: int) -> None:
        """Remove a digest if it is there."""
        shard, index, is_there = self.find(digest)
        if is_there:
            del shard[index]
            self.count -= 1


class IdMemory:
    """The ids of one partition's last alerts: REMEMBERED of them, and up to a quarter more."""

    def __init__(self) -> None:
        self.generations: deque[SortedDigests] = deque([SortedDigests()])
        # The arrival of the oldest alert in each generation.
        self.since_ms: deque[int] = deque()

    def add(self, digest: int, timestamp_ms: int) -> bool:
        """Remember an alert that arrived then; whether it was new."""
        if any(digest in generation for generation in self.generations):
            return False
        if self.generations[-1].count >= REMEMBERED // GENERATIONS:
            self.generations.append(SortedDigests())
        if not self.generations[-1].count:
            self.since_ms.append(timestamp_ms)
        self.generations[-1].add(digest)
        if len(self.generations) > GENERATIONS + 1:
            self.generations.popleft()
            self.since_ms.popleft()
        return True

    def discard(self, digest: int) -> None:
        """Forget an alert that was read and not sent."""
        for generation in self.generations:
            generation.discard(digest)

    @property
    def remembered_since_ms(self) -> int | None:
        """The arrival of the oldest alert that is remembered."""
        return self.since_ms[0] if self.since_ms else None


class FirstCopies:
    """Of each alert in any partition, where its first copy is: the lowest (arrival, partition)."""

    def __init__(self) -> None:
        self.digests = SortedDigests()
        self.places: dict[int, array[int]] = defaultdict(empty)

    def note(self, digest: int, timestamp_ms: int, partition: int) -> None:
        """Note a copy that arrived then."""
        place = _place(timestamp_ms, partition)
        shard, index, is_there = self.digests.find(digest)
        places = self.places[digest >> SHARD_SHIFT]
        if is_there:
            places[index] = min(places[index], place)
            return
        shard.insert(index, digest)
        places.insert(index, place)

    def is_first(self, digest: int, timestamp_ms: int, partition: int) -> bool:
        """Whether no other copy is known that comes before this one."""
        _, index, is_there = self.digests.find(digest)
        if not is_there:
            return True
        places = self.places[digest >> SHARD_SHIFT]
        return places[index] >= _place(timestamp_ms, partition)


def _place(timestamp_ms: int, partition: int) -> int:
    """Orders copies; 44 bits of time are enough until the year 2527."""
    return min(max(0, timestamp_ms), (1 << 44) - 1) << 20 | partition
