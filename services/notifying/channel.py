"""How notices leave: what services.notifying.worker needs of e-mail, webhook and log."""

from typing import Protocol

from services.notifying.notice import Notice, Outcome

# In all, whatever the peer does; far below the minute after which the process counts as stuck.
DELIVERY_SECONDS = 10.0


class Channel(Protocol):
    """Three of them: services.notifying.email, .webhook and .log.

    recipients: addresses or the URL, as an outcome names them. cap_per_minute: so many notices
    at most, as every recipient gets each; None for no cap.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def recipients(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def cap_per_minute(self) -> int | None: ...  # noqa: D102

    def deliver(self, notice: Notice) -> Outcome:
        """Back within DELIVERY_SECONDS; every recipient of the notice stands in the outcome once.

        Raises nothing for what a peer does or fails to do.
        """
        ...

    def close(self) -> None:
        """Let go of connections; nothing is called after it."""
        ...
