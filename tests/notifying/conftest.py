import pytest

from services.notifying import email, webhook


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels give up after half a second, so that a test of it does not take ten."""
    monkeypatch.setattr(email, "SENDING_SECONDS", 0.5)
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.5)
