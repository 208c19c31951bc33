"""How fast a function is on one core. For the benches that need no Kafka."""

import gc
import statistics
import time
from collections.abc import Callable

ROUNDS = 5


def per_second(work: Callable[[], object], items: int, rounds: int = ROUNDS) -> float:
    """Items a CPU second, the median of some rounds, after one that does not count."""
    work()
    return statistics.median(items / _cpu_seconds(work) for _ in range(rounds))


def _cpu_seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started
