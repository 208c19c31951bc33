"""Waiting for a Kafka that is away: of simulator.sender and services.loading.sending."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import structlog
from kafka.errors import KafkaTimeoutError

# After a request to stop, how long an answer is awaited, in all.
STOP_SECONDS = 4.0

Result = TypeVar("Result")

log = structlog.get_logger()


@dataclass(slots=True)
class Patience:
    """Calls Kafka again and again; turned is called while it waits, stop ends the waiting."""

    stop: threading.Event
    turned: Callable[[], None]
    is_away: bool = False
    give_up_seconds: float | None = None

    def awaited(self, call: Callable[[], Result]) -> Result | None:
        """What the call gives once Kafka answers; None some seconds after a request to stop."""
        while self.give_up_seconds is None or monotonic() < self.give_up_seconds:
            try:
                result = call()
            except KafkaTimeoutError:
                self._note_away()
            else:
                self._note_back()
                return result
            self.turned()
            if self.stop.is_set():
                self.give_up_seconds = self.give_up_seconds or monotonic() + STOP_SECONDS
        return None

    def _note_away(self) -> None:
        if not self.is_away:
            log.warning("Kafka does not answer: waiting for it")
        self.is_away = True

    def _note_back(self) -> None:
        if self.is_away:
            log.info("Kafka answers again")
        self.is_away = False
