"""When to flush. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FlushLimits:
    """An object is put when it is large or old enough, or the memory is needed."""

    object_raw_bytes: int = 64 * MEBIBYTE
    object_age_seconds: float = 300.0
    memory_bytes: int = 160 * MEBIBYTE


def is_due(raw_bytes: int, age_seconds: float, limits: FlushLimits) -> bool:
    """Whether an object of this size and age is to be put now."""
    return raw_bytes >= limits.object_raw_bytes or age_seconds >= limits.object_age_seconds


def largest_if_crowded(memory_bytes: Mapping[int, int], limits: FlushLimits) -> int | None:
    """The partition whose object should go first when the growing ones need too much together."""
    if sum(memory_bytes.values()) < limits.memory_bytes * 3 // 4:
        return None
    return max(memory_bytes, key=lambda partition: memory_bytes[partition])
