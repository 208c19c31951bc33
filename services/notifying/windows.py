"""When an alert is due: the first of its drone and subject at once, the next ones together.

In record time (arrival at the broker), so that records read again are due as they were.
"""

from services.reports.alert import Alert

Key = tuple[str, str]

# As many as alerts are remembered: whoever invents subjects fills no memory.
OPEN_MAX = 20_000


def key_of(alert: Alert) -> Key:
    """Whose window it is: drone and subject."""
    return (alert.drone_id, alert.subject)


class Windows:
    """The open windows of a partition; times and the length in milliseconds."""

    def __init__(self, length_ms: int) -> None:
        self.length_ms = length_ms
        # The oldest first.
        self.opened_at_ms: dict[Key, int] = {}

    def due_ms(self, key: Key, at_ms: int) -> int:
        """For an alert that arrived then: at once, which opens a window, or when that closes."""
        opened_at_ms = self.opened_at_ms.get(key)
        if opened_at_ms is not None and at_ms < opened_at_ms + self.length_ms:
            return opened_at_ms + self.length_ms
        self.opened_at_ms.pop(key, None)
        self.opened_at_ms[key] = at_ms
        self._forget(at_ms)
        return at_ms

    def _forget(self, at_ms: int) -> None:
        while len(self.opened_at_ms) > OPEN_MAX or self._is_first_closed(at_ms):
            del self.opened_at_ms[next(iter(self.opened_at_ms))]

    def _is_first_closed(self, at_ms: int) -> bool:
        return next(iter(self.opened_at_ms.values())) + self.length_ms < at_ms
