"""Why a row is not sent: a small closed set, counted in the summary. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from services.reports.codec import one_line

VALUE_MAX_CHARACTERS = 80


class Reason(StrEnum):
    """What is wrong with a row, as the summary names it."""

    TOO_LONG = "line too long"
    NUL = "NUL byte"
    NOT_UTF8 = "not UTF-8"
    QUOTE = "broken quote"
    FIELD_COUNT = "wrong number of fields"
    HEADER = "repeated header"
    SUMMONS_NUMBER = "unreadable summons number"
    DATE_BLANK = "no date"
    DATE = "unreadable date"
    DATE_RANGE = "impossible date"
    TIME_BLANK = "no time"
    TIME = "unreadable time"
    CODE = "unknown violation code"
    PLACE = "impossible place"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row is no report: its class, and what stood there."""

    reason: Reason
    value: str = ""

    def __str__(self) -> str:
        """One printable line: `unreadable time: 09+4A`."""
        if not self.value:
            return self.reason.value
        return f"{self.reason.value}: {one_line(self.value[:VALUE_MAX_CHARACTERS])}"
