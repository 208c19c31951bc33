"""The topics' names and shapes, the headers of their records. docs/architecture.md, "Topics"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

REPORTS = "reports"
ALERTS = "alerts"
REPORTS_REJECTED = "reports-rejected"
ALERTS_RETRY_EMAIL = "alerts-retry-email"
ALERTS_RETRY_WEBHOOK = "alerts-retry-webhook"
ALERTS_UNDELIVERED = "alerts-undelivered"
# By channel; the log cannot fail.
RETRIES = {"email": ALERTS_RETRY_EMAIL, "webhook": ALERTS_RETRY_WEBHOOK}

DAY_MS = 24 * 60 * 60 * 1000

# Headers of `alerts`: milliseconds since the epoch, as ASCII digits.
DETECTED_AT = "detected_at_ms"
REPORTED_AT = "reported_at_ms"

# Headers of `reports-rejected`; in `alerts-undelivered` REASON and CHANNEL of what is a notice.
CHANNEL = "channel"
REASON = "reason"
ORIGIN_TOPIC = "origin_topic"
ORIGIN_PARTITION = "origin_partition"
ORIGIN_OFFSET = "origin_offset"
CUT_FROM_BYTES = "cut_from_bytes"
CUT_FROM_SHA256 = "cut_from_sha256"


DERIVED_MAX_BYTES = 4 * 1024 * 1024
# A failed notice repeats its alerts, together at most as large as one, and says around them why.
NOTICE_MAX_BYTES = 2 * DERIVED_MAX_BYTES
NO_CONFIGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is to be created; configs as Kafka names them."""

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=lambda: NO_CONFIGS)


# What comes out of a record (an alert, a rejection with its headers) may be larger than it.
DERIVED = MappingProxyType({"max.message.bytes": str(DERIVED_MAX_BYTES)})
NOTICES = MappingProxyType({"max.message.bytes": str(NOTICE_MAX_BYTES)})


def _topic(
    name: str, partitions: int, retention_days: int, extra: Mapping[str, str] = NO_CONFIGS
) -> Topic:
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": str(retention_days * DAY_MS),
        "retention.bytes": "-1",
        # A record's Kafka timestamp is its arrival: else the rows of 2013 would be deleted at once.
        "message.timestamp.type": "LogAppendTime",
    }
    return Topic(name, partitions, MappingProxyType({**configs, **extra}))


TOPICS = (
    _topic(REPORTS, 12, 3),
    _topic(REPORTS_REJECTED, 3, 30, DERIVED),
    _topic(ALERTS, 12, 7, DERIVED),
    _topic(ALERTS_RETRY_EMAIL, 3, 7, NOTICES),
    _topic(ALERTS_RETRY_WEBHOOK, 3, 7, NOTICES),
    _topic(ALERTS_UNDELIVERED, 3, 30, NOTICES),
)
