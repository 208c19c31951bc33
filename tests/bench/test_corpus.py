import pytest

from bench.corpus import REPORT_MIN_BYTES, garbage_in, is_garbage, record_values, with_id
from services.reports.codec import Rejection, decoded
from services.reports.report import Report


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.01, 10), (0.5, 500), (1.0, 1000)])
def test_as_many_records_are_garbage_as_said(share: float, expected: int) -> None:
    assert sum(is_garbage(index, share) for index in range(1000)) == expected
    assert garbage_in(1000, share) == expected


@pytest.fixture
def small_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few distinct reports, which take less time to make."""
    monkeypatch.setattr("bench.corpus.DISTINCT", 50)


@pytest.mark.usefixtures("small_corpus")
def test_records_are_large_reports_with_ids_of_their_own() -> None:
    values = list(record_values(300, 0.0, partitions=3))
    reports = [decoded(value) for value in values]
    assert all(isinstance(report, Report) for report in reports)
    assert min(len(value) for value in values if value) >= REPORT_MIN_BYTES
    assert len({report.report_id for report in reports if isinstance(report, Report)}) == 300


@pytest.mark.usefixtures("small_corpus")
def test_garbage_is_rejected_and_nothing_else_is() -> None:
    contents = [decoded(value) for value in record_values(300, 0.1, partitions=3)]
    assert sum(isinstance(content, Rejection) for content in contents) == garbage_in(300, 0.1)


def test_another_id_is_as_long_and_changes_nothing_else() -> None:
    value = b'{"report_id":"peacewatch-000005-1772409600300","drone_id":"peacewatch-000005"}'
    other = with_id(value, 7)
    assert (
        other == b'{"report_id":"peacewatch-00000000000000000007","drone_id":"peacewatch-000005"}'
    )
    assert len(other) == len(value)
