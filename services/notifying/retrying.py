"""What becomes of a failed delivery: tried again, and when, or given up. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.notifying.notice import Notice, Outcome, Retry, Undelivered
from services.reports.codec import one_line

FIRST_SECONDS = 10.0
LONGEST_SECONDS = 300.0
# With so many doublings the longest wait is reached long since.
DOUBLINGS_MAX = 10
GIVE_UP_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose deliveries they are, and for how long one that fails is tried again."""

    recipients: tuple[str, ...]
    give_up_ms: int = int(GIVE_UP_HOURS * 3_600_000)


def wait_ms(attempts: int, jitter: float) -> int:
    """How long to wait after so many failed attempts (1 is the first); jitter is 0 to 1.

    Full jitter: what failed together is not tried again together.
    """
    doublings = min(attempts - 1, DOUBLINGS_MAX)
    return int(jitter * min(FIRST_SECONDS * 2**doublings, LONGEST_SECONDS) * 1000)


def untried(notice: Notice, now_ms: int) -> Retry:
    """A notice that nobody has tried to deliver yet."""
    return Retry(notice, attempts=0, first_failed_at_ms=now_ms, reason="")


def to_try_again(
    tried: Retry, outcome: Outcome, terms: Terms, now_ms: int, jitter: float
) -> Retry | None:
    """What is left to try after this outcome; nothing if all is said, or the time is over."""
    if not outcome.later or _is_over(tried, terms, now_ms):
        return None
    attempts = tried.attempts + 1
    return Retry(
        notice=_for(tried.notice, outcome.later, terms),
        attempts=attempts,
        first_failed_at_ms=tried.first_failed_at_ms,
        reason=_reason(outcome.later),
        wait_ms=wait_ms(attempts, jitter),
    )


def to_give_up(tried: Retry, outcome: Outcome, terms: Terms, now_ms: int) -> Undelivered | None:
    """What will not be tried any more after this outcome: refused for good, or for too long."""
    late = outcome.later if _is_over(tried, terms, now_ms) else {}
    reasons = {**outcome.never, **late}
    if not reasons:
        return None
    return Undelivered(
        notice=_for(tried.notice, reasons, terms),
        attempts=tried.attempts + 1,
        first_failed_at_ms=tried.first_failed_at_ms,
        reason=_reason(reasons),
    )


def _is_over(tried: Retry, terms: Terms, now_ms: int) -> bool:
    return now_ms - tried.first_failed_at_ms >= terms.give_up_ms


def _for(notice: Notice, reasons: Mapping[str, str], terms: Terms) -> Notice:
    """For those that still lack it. All of the channel are not named: an address that was wrong
    can be put right meanwhile, and one that is secret stands in no topic.
    """
    is_all = set(terms.recipients) <= reasons.keys()
    recipients = () if is_all else tuple(reasons)
    return Notice(notice.notice_id, notice.alerts, notice.detected_at_ms, recipients)


def _reason(reasons: Mapping[str, str]) -> str:
    """One line; each different reason once."""
    return one_line("; ".join(dict.fromkeys(reasons.values())))
