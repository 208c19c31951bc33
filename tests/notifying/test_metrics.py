"""What is measured, before there is anything to measure."""

import pytest
from prometheus_client import REGISTRY

from services.notifying.metrics import show


@pytest.mark.parametrize(
    "count", ["delivered_alerts", "failed", "retried", "undelivered", "duplicates", "lost"]
)
def test_a_channels_counts_begin_with_a_zero_so_that_the_first_one_is_seen_to_come(
    count: str,
) -> None:
    show("pigeon")
    name = f"dronewatch_notifying_{count}_total"
    assert REGISTRY.get_sample_value(name, {"channel": "pigeon"}) == 0
