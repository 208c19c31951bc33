"""Marks that tests of several components bear."""

import pytest

# kafka-python leaves the sockets of attempts to connect that failed to the garbage collector.
UNCLOSED_SOCKETS = pytest.mark.filterwarnings(
    "ignore:.*unclosed <socket:pytest.PytestUnraisableExceptionWarning",
    "ignore:unclosed <socket:ResourceWarning",
)
