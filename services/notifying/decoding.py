"""What stands on the retry topics and on `alerts-undelivered`, read back. Pure."""

from typing import TypeVar

import msgspec

from services.notifying.notice import Retry, Undelivered
from services.reports.codec import Rejection, one_line

Kept = TypeVar("Kept", Retry, Undelivered)

_retry_decoder = msgspec.json.Decoder(Retry)
_undelivered_decoder = msgspec.json.Decoder(Undelivered)


def retry_in(value: bytes | None) -> Retry | Rejection:
    """The retry in a record's value, or why there is none; never raises for any bytes."""
    return _kept(value, _retry_decoder)


def undelivered_in(value: bytes | None) -> Undelivered | Rejection:
    """What was given up, in a record's value, or why there is none."""
    return _kept(value, _undelivered_decoder)


def _kept(value: bytes | None, decoder: msgspec.json.Decoder[Kept]) -> Kept | Rejection:
    try:
        kept = decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(one_line(str(error) or type(error).__name__))
    return kept if kept.notice.alerts else Rejection("a notice without alerts")
