"""Small wrong versions of alerting, each with one rule left out. Its model finds each."""

from collections.abc import Collection, Sequence
from typing import Any

from services.alerting import worker
from services.alerting.report_partition import ReportPartition
from services.alerting.worker import AlertingWorker
from services.stream import loop
from services.stream.reliable_producer import Sent
from services.stream.worker import NO_EPOCH
from tests.model.alerting_machine import AlertingMachine
from tests.model.mutation import Mutant

first_undone = ReportPartition.first_undone


def _position(self: ReportPartition) -> int:
    return self.position


def _without_rejections(self: ReportPartition) -> int:
    offsets = [one.first_offset for one in self.alerts_in_flight]
    offsets += [reading.next_offset for reading in self.unread]
    return min(offsets, default=self.position)


def _without_unread(self: ReportPartition) -> int:
    return min((one.first_offset for one in self.in_flight()), default=self.position)


def _is_answered(self: Sent) -> bool:
    return self.future is not None and self.future.is_done


def _resend_nothing(_partitions: Collection[ReportPartition]) -> None:
    pass


def _forget_all(self: ReportPartition) -> None:
    self.alerts_in_flight.clear()
    self.rejections_in_flight.clear()


def _ignore_cut(_self: AlertingWorker, _partition: int, _offset: int) -> None:
    pass


def _no_epoch(_position: int, *_known: object) -> int:
    return NO_EPOCH


def _mutant(title: str, *replaced: tuple[Any, str, Any]) -> Mutant:
    return Mutant(f"alerting: {title}", replaced, AlertingMachine)


ALERTING_MUTANTS: Sequence[Mutant] = (
    _mutant("what was read is committed", (ReportPartition, "first_undone", _position)),
    _mutant(
        "rejections may follow a commit", (ReportPartition, "first_undone", _without_rejections)
    ),
    _mutant("what is unread is committed", (ReportPartition, "first_undone", _without_unread)),
    _mutant("a failed send counts", (Sent, "is_acknowledged", _is_answered)),
    _mutant("nothing is sent again", (worker, "resend_failed", _resend_nothing)),
    _mutant(
        "what is under way counts as taken", (ReportPartition, "forget_acknowledged", _forget_all)
    ),
    _mutant("a cut log goes on", (AlertingWorker, "on_log_cut", _ignore_cut)),
    _mutant("the leader epoch ends with a cut", (loop, "epoch_before", _no_epoch)),
)
