"""JSON in UTF-8 to reports and alerts, and back. msgspec's typed decode is the one judge."""

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import msgspec

from services.reports.alert import ALERT_ID_CHARACTERS_MAX, Alert, is_alert_id
from services.reports.report import Report

REASON_MAX_CHARACTERS = 200
# No report is larger; of a record that is, consumers get the beginning only.
REPORT_MAX_BYTES = 1024 * 1024
# Outside of these years not every reader of the archive can express a time.
YEARS = range(1900, 3000)
# msgspec gives up where the interpreter's stack ends, which depends on how deep its caller stands.
# Far above that, this limit lets every component judge alike.
NESTING_MAX = 500
# What is whole JSON and deeper than that has so many brackets that open, and as many that close.
NESTING_SUSPECT_BYTES = 2 * NESTING_MAX

_encoder = msgspec.json.Encoder()
_report_decoder = msgspec.json.Decoder(Report)
_alert_decoder = msgspec.json.Decoder(Alert)
# A string without end runs to the end of the value, so that no value takes quadratic time.
_besides_brackets = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[^][{}"]++', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record is no report: one printable line."""

    reason: str


class Oversize(msgspec.Struct, frozen=True):
    """The whole of a record's value that is larger than REPORT_MAX_BYTES; sha256 in hex."""

    size_bytes: int
    sha256: str


class Judgeable(Protocol):
    """A record as far as it is judged."""

    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def oversize(self) -> Oversize | None: ...  # noqa: D102


UNSOUND_ALERT_ID = Rejection(
    f"alert_id is not 1 to {ALERT_ID_CHARACTERS_MAX} printable ASCII characters - at `$.alert_id`"
)


def judged(record: Judgeable) -> Report | Rejection:
    """The report in a record, or why there is none; never raises for any bytes."""
    if record.oversize is None:
        return decoded(record.value)
    size_bytes, digest = record.oversize.size_bytes, record.oversize.sha256
    return Rejection(f"larger than {REPORT_MAX_BYTES} bytes: {size_bytes} bytes, SHA-256 {digest}")


def decoded(value: bytes | None) -> Report | Rejection:
    """The report in a record's value, or why there is none; never raises for any bytes."""
    if not value:
        return Rejection("empty value")
    if len(value) > NESTING_SUSPECT_BYTES and _is_nested_too_deep(value):
        return Rejection(f"nested deeper than {NESTING_MAX}")
    try:
        report = _report_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(one_line(str(error) or type(error).__name__))
    if not (report.report_id.isascii() and report.report_id.isprintable()):
        return Rejection("report_id is not printable ASCII - at `$.report_id`")
    if report.time.year not in YEARS:
        return Rejection(f"time is out of range: year {report.time.year}")
    return report


def decoded_alert(value: bytes | None) -> Alert | Rejection:
    """The alert in a record's value, or why there is none."""
    if not value:
        return Rejection("empty value")
    if len(value) > NESTING_SUSPECT_BYTES and _is_nested_too_deep(value):
        return Rejection(f"nested deeper than {NESTING_MAX}")
    try:
        alert = _alert_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(one_line(str(error) or type(error).__name__))
    return alert if is_alert_id(alert.alert_id) else UNSOUND_ALERT_ID


def _is_nested_too_deep(value: bytes) -> bool:
    if value.count(b"[") + value.count(b"{") <= NESTING_MAX:
        return False
    brackets = _besides_brackets.sub(b"", value)
    depths = accumulate(1 if bracket in b"[{" else -1 for bracket in brackets)
    return max(depths, default=0) > NESTING_MAX


def encoded(content: Report | Alert) -> bytes:
    """One line of JSON in UTF-8."""
    return _encoder.encode(content)


def one_line(text: str) -> str:
    """Printable, without line breaks, at most REASON_MAX_CHARACTERS."""
    printable = "".join(c if c.isprintable() else "?" for c in text[:REASON_MAX_CHARACTERS])
    return printable.strip() or "unreadable"
