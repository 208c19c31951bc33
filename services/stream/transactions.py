"""Which batches of a fetch belong to transactions that were aborted."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from kafka.protocol.consumer import IsolationLevel

from services.stream.record_batch import RecordBatch
from services.stream.record_stream import records_of

# A control record's key: two bytes of its version, then two of its kind.
ABORTED_KIND = b"\x00\x00"


class AbortedTransactions:
    """Follows a fetch's batches, in order; what the broker listed is what it was asked for.

    Reading uncommitted, no transaction is aborted.
    """

    def __init__(self, isolation_level: Any, listed: Sequence[Any] | None) -> None:
        is_asked = isolation_level == IsolationLevel.READ_COMMITTED
        in_order = sorted(listed or () if is_asked else (), key=lambda one: one.first_offset)
        self.to_come = deque(in_order)
        self.producer_ids: set[int] = set()

    def has(self, batch: RecordBatch) -> bool:
        """Note the batch; True if its records do not count. UnreadableError."""
        while self.to_come and self.to_come[0].first_offset < batch.end:
            self.producer_ids.add(self.to_come.popleft().producer_id)
        if batch.is_control and _is_abort(batch):
            self.producer_ids.discard(batch.producer_id)
        return batch.is_transactional and batch.producer_id in self.producer_ids


def _is_abort(batch: RecordBatch) -> bool:
    """Whether a control batch ends a transaction by aborting it."""
    keys = [record.key for records, _ in records_of(batch, False) for record in records]
    return any(key is not None and key[2:4] == ABORTED_KIND for key in keys)
