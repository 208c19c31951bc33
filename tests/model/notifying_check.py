"""Whether each alert is in one notice, and what the group commits is done."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from services.notifying.bookmark import Bookmark, bookmark_in
from services.notifying.notice import Notice, notice_of
from services.reports.alert import Alert
from services.reports.codec import decoded_alert
from tests.model.played_kafka import Entry, PlayedGroup, PlayedKafka, PlayedLog


class WrongNoticeError(AssertionError):
    """A promise is broken; str() says which, and of which alert."""


class Outcomes(Protocol):
    """What the world writes down."""

    asked: list[Notice]
    taken: list[Notice]
    published: list[tuple[str, bytes]]

    def is_reading_copies(self) -> bool: ...


@dataclass(slots=True)
class NotifyingCheck:
    """Looks at what is new since the last look."""

    outcomes: Outcomes
    kafka: PlayedKafka
    group: PlayedGroup
    # By notice: how often it may be tried again, as its plan went to another owner.
    interrupted: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    notices: dict[str, set[str]] = field(default_factory=dict)
    # Alerts that people have, or will have by the retries, or that were given up.
    handled: set[str] = field(default_factory=set)
    garbage_aside: set[bytes] = field(default_factory=set)
    # Alerts whose record is gone, or that of one in the same notice under way: not remembered.
    forgotten: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    cut_in: dict[str, set[int]] = field(default_factory=dict)
    seen: list[int] = field(default_factory=lambda: [0, 0, 0])

    # --- what excuses ---------------------------------------------------------

    def note_interrupted(self, partitions: Iterable[int], may_still_ask: bool) -> None:
        """Partitions go to another owner, which tries again what is planned and was tried."""
        for partition in partitions:
            self._forget_broken_plan(partition)
            planned = self._planned(partition)
            if planned:
                notice_id = notice_of(planned, 0).notice_id
                is_asked = any(n.notice_id == notice_id for n in self.outcomes.asked)
                self.interrupted[notice_id] += may_still_ask or is_asked

    def note_lost(self, partition: int, entries: Sequence[Entry], is_cut: bool) -> None:
        """Retention, or a cut, takes these; the group may have forgotten them afterwards.

        While a member reads copies it takes what comes after a cut for a copy of what is gone.
        """
        lost = {alert.alert_id for _, alert in alerts_in(entries)}
        self.forgotten |= lost
        self._forget_broken_plan(partition)
        if not is_cut or self.outcomes.is_reading_copies():
            self.deleted |= lost
            return
        for alert_id in lost:
            self.cut_in.setdefault(alert_id, set()).add(partition)

    def _forget_broken_plan(self, partition: int) -> None:
        """Of a plan that has lost alerts the next owner sends what is left, in another notice."""
        timelines = self.kafka.topic.logs[partition].timelines()
        planned = {a.alert_id for entries in timelines for a in self._planned(partition, entries)}
        if planned & self.forgotten:
            self.forgotten |= planned

    def _planned(self, partition: int, entries: list[Entry] | None = None) -> list[Alert]:
        """The notice that the group's commit says is under way, by the log as it is now."""
        bookmark = self._bookmark(partition)
        entries = self.kafka.topic.logs[partition].entries if entries is None else entries
        offsets = sorted(bookmark.planned if bookmark else ())
        found = [entries[offset] for offset in offsets if offset < len(entries)]
        return [alert for _, alert in alerts_in(found)]

    def _bookmark(self, partition: int) -> Bookmark | None:
        commit = self.group.committed.get(partition)
        found = bookmark_in(commit.offset, commit.metadata) if commit else None
        return found if found and found.topic_id == self.kafka.topic.topic_id else None

    # --- after each step ------------------------------------------------------

    def look(self) -> None:
        """WrongNoticeError unless the promises are kept so far."""
        asked, taken, published = self._new()
        failed = [msgspec.json.decode(v) for _, v in published if v.startswith(b"{")]
        self.garbage_aside |= {v for _, v in published if not v.startswith(b"{")}
        handled = taken + [msgspec.convert(one["notice"], Notice) for one in failed]
        self.handled |= {alert.alert_id for notice in handled for alert in notice.alerts}
        self.asked.update(notice.notice_id for notice in asked)
        for notice in [*asked, *handled]:
            self._look_at_notice(notice)
        for partition, commit in self.group.commits:
            bookmark = bookmark_in(commit.offset, commit.metadata)
            if bookmark is None or len(commit.metadata.encode()) > 4_096:
                raise WrongNoticeError(f"Kafka would not take, or nobody read, {commit}")
            if bookmark.topic_id == self.kafka.topic.topic_id:
                self._look_at_commit(partition, bookmark)
        self.group.commits.clear()

    def _new(self) -> tuple[list[Notice], list[Notice], list[tuple[str, bytes]]]:
        found = self.outcomes
        asked, taken, published = self.seen
        self.seen = [len(found.asked), len(found.taken), len(found.published)]
        return found.asked[asked:], found.taken[taken:], found.published[published:]

    def _look_at_notice(self, notice: Notice) -> None:
        again = self.asked[notice.notice_id] - 1
        ids = {alert.alert_id for alert in notice.alerts}
        if again > self.interrupted[notice.notice_id] and not ids & self.forgotten:
            raise WrongNoticeError(f"{notice.notice_id} is tried {again} times more than once")
        for alert_id in ids:
            found = self.notices.setdefault(alert_id, set())
            found.add(notice.notice_id)
            if len(found) > 1 and alert_id not in self.forgotten:
                raise WrongNoticeError(f"{alert_id} is in {sorted(found)}")

    def _look_at_commit(self, partition: int, bookmark: Bookmark) -> None:
        log = self.kafka.topic.logs[partition]
        timelines = log.timelines()
        for offset in [*range(log.start, bookmark.offset), *sorted(bookmark.done)]:
            found = [entries[offset] for entries in timelines if offset < len(entries)]
            if not any(self._is_done(partition, entry) for entry in found):
                raise WrongNoticeError(f"{bookmark} in {partition}, but {offset} is not done")

    def _is_done(self, partition: int, entry: Entry) -> bool:
        content = decoded_alert(entry.value)
        if not isinstance(content, Alert):
            return entry.value is None or entry.value in self.garbage_aside
        alert_id = content.alert_id
        return alert_id in self.handled | self.forgotten or self._has_copy(partition, entry)

    def _has_copy(self, partition: int, entry: Entry) -> bool:
        """Whether another record of the same alert comes before this one."""
        place = (entry.timestamp, partition, entry.offset)
        return any(
            other.value == entry.value and (other.timestamp, number, other.offset) < place
            for number, log in enumerate(self.kafka.topic.logs)
            for other in log.entries
        )

    # --- in the end -----------------------------------------------------------

    def is_all_done(self) -> bool:
        """Whether the group has committed the present end of each partition."""
        return all(
            self._bookmark(partition)
            and self.group.committed[partition].offset == log.end
            and self.group.committed[partition].leader_epoch == log.entries[-1].epoch
            for partition, log in enumerate(self.kafka.topic.logs)
        )

    def look_at_end(self) -> None:
        """WrongNoticeError if something that the topic has is neither sent nor set aside."""
        self.look()
        for partition, log in enumerate(self.kafka.topic.logs):
            missing = {alert.alert_id for _, alert in alerts_in(present(log))} - self.handled
            due = [alert_id for alert_id in missing if self._is_due(partition, alert_id)]
            garbage = {e.value for e in present(log) if e.value and e.value.startswith(b"garbage")}
            if due or garbage - self.garbage_aside:
                raise WrongNoticeError(f"{due} {garbage - self.garbage_aside} in no notice")

    def _is_due(self, partition: int, alert_id: str) -> bool:
        """Whether it was not lost where it was first; another partition's copy does not count."""
        return alert_id not in self.deleted and self.cut_in.get(alert_id, set()) <= {partition}


def present(log: PlayedLog) -> list[Entry]:
    """What the log has now."""
    return log.entries[log.start :]


def alerts_in(entries: Iterable[Entry]) -> list[tuple[Entry, Alert]]:
    """The records that are alerts."""
    decoded = [(entry, decoded_alert(entry.value)) for entry in entries]
    return [(entry, content) for entry, content in decoded if isinstance(content, Alert)]
