"""A topic, a folder with a CSV to load, and `dronewatch-load` as a process of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.stream.connection import KafkaConnection
from tests.loading.scene import Scene


@pytest.fixture
def scene(kafka: KafkaConnection, fresh_topic: Callable[..., str], tmp_path: Path) -> Scene:
    """Loading into a topic of its own, from a folder of its own."""
    return Scene(kafka, fresh_topic(), tmp_path)
