import pytest

from services.archiving.limits import FlushLimits, is_due, largest_if_crowded

LIMITS = FlushLimits(object_raw_bytes=100, object_age_seconds=10.0, memory_bytes=400)


@pytest.mark.parametrize(
    ("raw_bytes", "age_seconds", "due"),
    [(99, 9.9, False), (100, 0.0, True), (0, 10.0, True), (0, 0.0, False)],
)
def test_an_object_is_due_when_large_or_old_enough(
    raw_bytes: int, age_seconds: float, due: bool
) -> None:
    assert is_due(raw_bytes, age_seconds, LIMITS) is due


@pytest.mark.parametrize(
    ("memory_bytes", "largest"),
    [({}, None), ({0: 100, 1: 199}, None), ({0: 100, 1: 200}, 1), ({3: 500, 4: 1}, 3)],
)
def test_the_largest_goes_first_when_all_need_too_much(
    memory_bytes: dict[int, int], largest: int | None
) -> None:
    assert largest_if_crowded(memory_bytes, LIMITS) == largest
