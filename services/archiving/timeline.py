"""Timelines: what an archive does when Kafka lost the end of a log that was archived already.

New records then bear offsets that the archive has. Somebody decides that the partition goes on: a
create-only object says so and from where. Its chain has names of its own, so that neither
timeline's records are lost or mixed. Timeline 0 is that of the topic's id.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from services.archiving.footer import Footer
from services.archiving.naming import DECISIONS_FOLDER
from services.archiving.store import Store
from services.archiving.upload import footer_at

TIMELINES_FOLDER = f"{DECISIONS_FOLDER}/timelines/"
SHORT_ID_DIGITS = 8

_NAME = re.compile(
    r"\A.*/(?P<topic_id>[0-9a-f]{8})-(?P<partition>\d{5})-(?P<number>\d{5})\.parquet\Z"
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The number-th one of a partition; it begins at this position."""

    topic_id: str
    number: int = 0
    begin: int = 0

    @property
    def chain_id(self) -> str:
        """8 hex digits for the names of its objects: the topic id's first ones, or a hash."""
        if self.number == 0:
            return self.topic_id[:SHORT_ID_DIGITS]
        return sha256(f"{self.topic_id}:{self.number}".encode()).hexdigest()[:SHORT_ID_DIGITS]

    @property
    def mark(self) -> str:
        """The metadata of commits: an offset without it is no end of this timeline's chain."""
        return f"dronewatch:{self.topic_id}" + (f":{self.number}" if self.number else "")


def timeline_name(topic_id: str, partition: int, number: int) -> str:
    """`decisions/timelines/<topic id>-<partition:05>-<number:05>.parquet`."""
    return f"{TIMELINES_FOLDER}{topic_id[:SHORT_ID_DIGITS]}-{partition:05}-{number:05}.parquet"


def timeline_footer(topic_id: str, partition: int, begin: int) -> Footer:
    """What the object that begins a timeline says."""
    reason = "Kafka lost the end of the log"
    return Footer(topic_id[:SHORT_ID_DIGITS], partition, begin, begin, "timeline", reason)


def latest_timeline(store: Store, topic_id: str, partition: int) -> Timeline:
    """The partition's newest timeline in the archive; StoreUnavailableError, StoreRefusalError."""
    matches = [match for name in store.names(TIMELINES_FOLDER) if (match := _NAME.match(name))]
    chain = (topic_id[:SHORT_ID_DIGITS], partition)
    ours = [int(m["number"]) for m in matches if (m["topic_id"], int(m["partition"])) == chain]
    number = max(ours, default=0)
    footer = footer_at(store, timeline_name(topic_id, partition, number)) if number else None
    return Timeline(topic_id, number, footer.begin if footer else 0)
