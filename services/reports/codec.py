"""JSON in UTF-8 to reports and alerts, and back. msgspec's typed decode is the one judge."""

from dataclasses import dataclass

import msgspec

from services.reports.alert import Alert
from services.reports.report import Report

REASON_MAX_CHARACTERS = 200
# Outside of these years not every reader of the archive can express a time.
YEARS = range(1900, 3000)

_encoder = msgspec.json.Encoder()
_report_decoder = msgspec.json.Decoder(Report)
_alert_decoder = msgspec.json.Decoder(Alert)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record is no report: one printable line."""

    reason: str


def decoded(value: bytes | None) -> Report | Rejection:
    """The report in a record's value, or why there is none; never raises for any bytes."""
    if not value:
        return Rejection("empty value")
    try:
        report = _report_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(one_line(str(error) or type(error).__name__))
    if report.time.year not in YEARS:
        return Rejection(f"time is out of range: year {report.time.year}")
    return report


def decoded_alert(value: bytes | None) -> Alert | Rejection:
    """The alert in a record's value, or why there is none."""
    if not value:
        return Rejection("empty value")
    try:
        return _alert_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(one_line(str(error) or type(error).__name__))


def encoded(content: Report | Alert) -> bytes:
    """One line of JSON in UTF-8."""
    return _encoder.encode(content)


def one_line(text: str) -> str:
    """Printable, without line breaks, at most REASON_MAX_CHARACTERS."""
    printable = "".join(c if c.isprintable() else "?" for c in text[:REASON_MAX_CHARACTERS])
    return printable.strip() or "unreadable"
