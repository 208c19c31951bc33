"""Which alerts of a partition were read lately: a second one with the same id is not sent."""

from collections import deque
from hashlib import blake2b

# Alerting repeats what was not acknowledged when it died, some thousands at most.
REMEMBERED = 20_000
# 128 bits: no two ids meet by chance, which would cost an alert.
IDENTITY_BYTES = 16


class RecentIds:
    """The last REMEMBERED different ids."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()
        self.order: deque[bytes] = deque()

    def add(self, alert_id: str) -> bool:
        """Remember it; whether it was not known."""
        identity = blake2b(alert_id.encode(), digest_size=IDENTITY_BYTES).digest()
        if identity in self.known:
            return False
        self.known.add(identity)
        self.order.append(identity)
        if len(self.order) > REMEMBERED:
            self.known.remove(self.order.popleft())
        return True
