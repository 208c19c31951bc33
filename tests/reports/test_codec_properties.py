"""Whatever the bytes, the codec answers; whatever the report or alert, it comes back."""

import pytest
from hypothesis import given

from services.reports.alert import Alert
from services.reports.codec import (
    REASON_MAX_CHARACTERS,
    YEARS,
    Rejection,
    decoded,
    decoded_alert,
    encoded,
    one_line,
)
from services.reports.report import Report
from tests.reports.strategies import (
    NOT_REPORTS,
    alerts,
    anything,
    examples,
    mutated,
    reports,
    texts,
)


def is_one_printable_line(reason: str) -> bool:
    return reason.isprintable() and 0 < len(reason) <= REASON_MAX_CHARACTERS


@examples(200)
@given(reports)
def test_every_report_survives_encode_and_decode(report: Report) -> None:
    content = decoded(encoded(report))

    assert content == report
    # Unlike ==, the bytes tell 0.0 from -0.0, and one offset of a time from another.
    assert isinstance(content, Report)
    assert encoded(content) == encoded(report)
    assert b"\n" not in encoded(report)


@examples(100)
@given(alerts)
def test_every_alert_survives_encode_and_decode(alert: Alert) -> None:
    content = decoded_alert(encoded(alert))

    assert content == alert
    assert isinstance(content, Alert)
    assert encoded(content) == encoded(alert)


@examples(400)
@given(anything)
def test_any_bytes_give_a_valid_report_or_a_printable_reason(value: bytes | None) -> None:
    content = decoded(value)

    if isinstance(content, Rejection):
        assert is_one_printable_line(content.reason)
        content.reason.encode()
    else:
        assert content.time.year in YEARS
        assert content.time.utcoffset() is not None
        assert decoded(encoded(content)) == content


@examples(200)
@given(anything | mutated(alerts.map(encoded)))
def test_any_bytes_give_an_alert_or_a_printable_reason(value: bytes | None) -> None:
    content = decoded_alert(value)

    if isinstance(content, Rejection):
        assert is_one_printable_line(content.reason)
    else:
        assert decoded_alert(encoded(content)) == content


@pytest.mark.parametrize("value", NOT_REPORTS.values(), ids=NOT_REPORTS)
def test_garbage_is_rejected_with_a_printable_reason(value: bytes | None) -> None:
    for content in (decoded(value), decoded_alert(value)):
        assert isinstance(content, Rejection)
        assert is_one_printable_line(content.reason)


@examples(100)
@given(texts)
def test_one_line_is_one_printable_line(text: str) -> None:
    assert is_one_printable_line(one_line(text))
