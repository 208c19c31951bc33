"""The rules by which a report asks for a human. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from services.reports.alert import WORDS_MAX_BYTES, Alert, Detail, Kind, alert_id
from services.reports.report import Report

HUMAN_CODES = frozenset({"999"})
AGITATION_BELOW = 0.1
ALERT_SOURCES = frozenset({"drone"})


@dataclass(frozen=True, slots=True)
class Rules:
    """Codes that need a human; scores (0..1) below which a citizen does; sources that may alert.

    History must not call anyone out, so by default only drones alert.
    """

    human_codes: frozenset[str] = HUMAN_CODES
    agitation_below: float = AGITATION_BELOW
    alert_sources: frozenset[str] = ALERT_SOURCES


@dataclass(frozen=True, slots=True)
class Subject:
    """The citizen or the violation's code that an alert is about; `index` as in its id."""

    kind: Kind
    index: int
    name: str


def alerts_in(report: Report, rules: Rules) -> Iterator[Alert]:
    """The report's alerts: the violation first, then the citizens in the report's order."""
    return alerts_about(subjects_in(report, rules), report)


def alerts_about(subjects: Iterable[Subject], report: Report) -> Iterator[Alert]:
    """The alerts of a report about these subjects, one at a time."""
    detail = detail_of(report)
    for subject in subjects:
        yield Alert(
            alert_id=alert_id(report.report_id, subject.kind, subject.index),
            kind=subject.kind,
            report_id=report.report_id,
            drone_id=report.drone_id,
            time=report.time,
            subject=subject.name,
            location=report.location,
            detail=detail,
        )


def subjects_in(report: Report, rules: Rules) -> list[Subject]:
    """What the report's alerts are about; mostly nothing."""
    if report.source not in rules.alert_sources:
        return []
    agitated = [
        Subject("agitation", index, citizen.name)
        for index, citizen in enumerate(report.citizens)
        if citizen.score < rules.agitation_below
    ]
    if report.violation is None or report.violation.code not in rules.human_codes:
        return agitated
    return [Subject("violation", 0, report.violation.code), *agitated]


def detail_of(report: Report) -> Detail:
    """What every alert of the report repeats: its first words, up to WORDS_MAX_BYTES, and more."""
    place = report.location.place if report.location else None
    words = first_words(report.words, WORDS_MAX_BYTES)
    return Detail(words, place, report.telemetry, words_omitted=len(report.words) - len(words))


def first_words(words: Sequence[str], max_bytes: int) -> tuple[str, ...]:
    """As many of the first words as have together at most so many bytes in UTF-8."""
    sizes = accumulate(len(word.encode()) for word in words)
    return tuple(word for word, size in zip(words, sizes, strict=True) if size <= max_bytes)
