"""Small wrong versions of archiving's core, each with one rule left out. The model finds each.

Those of notifying: tests.model.notifying_mutants.

`python -m tests.model.mutants [words of a title]` lists what caught which, of both.
"""

import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kafka.structs import OffsetAndMetadata

from services.archiving import chain, chain_start, partition_starts, recovery, uploads
from services.archiving.chain import ChainWriter, Created, Found, Put, Taken, Unclear
from services.archiving.chain_start import ChainEnd, existing_footer
from services.archiving.object_builder import ObjectBuilder
from services.archiving.recovery import Phase, Recovery
from services.archiving.upload import carry_out
from services.archiving.worker import ArchivingWorker
from services.stream import loop
from services.stream.kafka_python import seek_with_epoch
from services.stream.loop import ConsumerLoop
from services.stream.worker import NO_EPOCH, Fetch
from tests.model.alerting_mutants import ALERTING_MUTANTS
from tests.model.mutation import Mutant, caught_by
from tests.model.notifying_mutants import NOTIFYING_MUTANTS
from tests.model.played_store import PlayedStore

accept, append, look, start = (
    ChainWriter.accept,
    ObjectBuilder.append,
    recovery.on_looked,
    ConsumerLoop._start,
)
step, on_event, fenced, listed = (
    ChainWriter.step,
    ChainWriter.on_event,
    recovery.on_fenced,
    recovery.on_listed,
)


def _hand_over_all(self: ConsumerLoop, fetch: Fetch) -> None:
    self.reading_at[fetch.partition] = fetch.end
    if self.worker.position(fetch.partition) is not None:
        self.worker.accept(fetch)


def _accept_anywhere(self: ChainWriter, fetch: Fetch, now: float, latest_hour: int) -> None:
    self.position = fetch.begin
    accept(self, fetch, now, latest_hour)


def _start_at_log_start(state: Recovery, _decision: Any) -> Recovery:
    return replace(state, phase=Phase.DONE, done=max(state.done, state.log_start))


def _fence_undecided(state: Recovery, _decision: Any) -> Recovery:
    if state.done >= state.log_start:
        return replace(state, phase=Phase.DONE)
    return recovery._fencing(state, state.decision)


def _one_fence(state: Recovery, found: Any) -> Recovery:
    return fenced(replace(state, to_fence=state.to_fence[:1]), found)


def _name_by_first_record(self: ObjectBuilder, records: Any) -> None:
    if not self.raw_bytes:
        self.start = replace(self.start, offset=records[0].offset)
    append(self, records)


def _commit_positions(self: ArchivingWorker, partitions: Any) -> Any:
    return {
        p: OffsetAndMetadata(one.position, self.timelines[p].mark, NO_EPOCH)
        for p, one in self.chains.items()
        if p in partitions
    }


def _trust_any_commit(committed: OffsetAndMetadata | None, _timeline: Any) -> int | None:
    return None if committed is None else committed.offset


def _outcome_as(kind: type, wrong: type) -> Callable[..., Any]:
    def carried_out(store: Any, command: Any) -> Any:
        event = carry_out(store, command)
        is_it = isinstance(command, Put) and isinstance(event, kind)
        return wrong() if is_it else event

    return carried_out


def _create_or_overwrite(self: PlayedStore, name: str, content: bytes) -> bool:
    self.objects[name] = content
    return True


def _advance_and_keep(self: ChainWriter, end: int, end_epoch: int) -> None:
    self.queue.popleft()
    self.end, self.end_epoch = end, end_epoch
    self.stuck_because = None


def _step_unverified(self: ChainWriter, now: float) -> Any:
    self.verified = self.position
    return step(self, now)


def _never_jump(state: Recovery, _decision: Any) -> Recovery:
    return replace(state, phase=Phase.DONE)


def _cover_all_hours(self: ChainWriter, hour: int, end: int, fetch: Fetch, now: float) -> None:
    if self.builder is None:
        begin = chain.ObjectStart(self.topic_id, self.partition, self.position, hour)
        self.builder = ObjectBuilder(begin, fetch.timestamp, now)
    self.builder.end, self.builder.end_epoch = end, fetch.leader_epoch
    self.position = end


def _hole_by_record(fetch: Fetch) -> Any:
    hour = chain.arrival_hour
    groups = itertools.groupby(fetch.records, lambda record: hour(record.timestamp))
    runs = [(number, list(records)) for number, records in groups]
    runs = runs or [(hour(fetch.timestamp), [])]
    ends = [records[0].offset for _, records in runs[1:]] + [fetch.end]
    return [(number, end, records) for (number, records), end in zip(runs, ends, strict=True)]


def _last_of_any_kind(store: Any, latest_first: Any) -> ChainEnd | None:
    for begin in latest_first:
        footer = existing_footer(store, begin)
        if footer is not None:
            return ChainEnd(footer.end, begin.hour)
    return None


def _fence_past_data(state: Recovery, found: Any) -> Recovery:
    return fenced(state, None if found is None else replace(found, kind="fence", end=0))


def _decide_anyway(state: Recovery, _is_created: bool) -> Recovery:
    return recovery._fencing(state, state.decision)


def _follow_nothing(self: ChainWriter, event: Any, now: float) -> None:
    if isinstance(event, Found):
        event = Found(replace(event.footer, end=self.queue[0].end))
    on_event(self, event, now)


def _seek_without_epoch(consumer: Any, at: Any, offset: int, _epoch: int) -> None:
    seek_with_epoch(consumer, at, offset, NO_EPOCH)


def _keep_chains(self: ArchivingWorker, topic_id: str) -> None:
    self.topic_id = topic_id


def _fence_present_hour(state: Recovery, last: Any) -> Recovery:
    return replace(listed(state, last), hours=(state.now_hour,))


def _absent_is_created(self: ChainWriter, event: Any, now: float) -> None:
    if isinstance(event, chain.Absent):
        event = Found(chain_footer(self))
    on_event(self, event, now)


def chain_footer(self: ChainWriter) -> Any:
    head = self.queue[0]
    return chain.Footer(self.topic_id, self.partition, head.start.offset, head.end)


def _ignore_cut(self: ArchivingWorker, partition: int, offset: int) -> None:
    pass


def _follow_late(self: ConsumerLoop) -> None:
    pass


V1 = ((ConsumerLoop, "_hand_over", _hand_over_all), (ChainWriter, "accept", _accept_anywhere))

MUTANTS = [
    Mutant("V1: a fetch that begins elsewhere is accepted", V1),
    Mutant("V7: no fences", ((recovery, "on_looked", _start_at_log_start),)),
    Mutant("one fence is enough", ((recovery, "on_fenced", _one_fence),)),
    Mutant("fences without a decision", ((recovery, "on_looked", _fence_undecided),)),
    Mutant(
        "a decision of somebody else does not count", ((recovery, "on_decided", _decide_anyway),)
    ),
    Mutant("only the present hour is fenced", ((recovery, "on_listed", _fence_present_hour),)),
    Mutant("fencing goes on past a data object", ((recovery, "on_fenced", _fence_past_data),)),
    Mutant("a fence is the chain's end", ((chain_start, "_last_end", _last_of_any_kind),)),
    Mutant("the log's start is not compared", ((recovery, "on_looked", _never_jump),)),
    Mutant(
        "objects are named by their first record",
        ((ObjectBuilder, "append", _name_by_first_record),),
    ),
    Mutant(
        "a hole has the hour of the record behind it", ((chain, "runs_by_hour", _hole_by_record),)
    ),
    Mutant("a new hour begins no object", ((ChainWriter, "_cover", _cover_all_hours),)),
    Mutant(
        "positions are committed, not ends", ((ArchivingWorker, "_commits", _commit_positions),)
    ),
    Mutant(
        "a commit without mark is trusted", ((partition_starts, "marked_end", _trust_any_commit),)
    ),
    Mutant(
        "an unclear put counts as done", ((uploads, "carry_out", _outcome_as(Unclear, Created)),)
    ),
    Mutant("a taken name counts as ours", ((uploads, "carry_out", _outcome_as(Taken, Created)),)),
    Mutant("puts overwrite", ((PlayedStore, "create", _create_or_overwrite),)),
    Mutant(
        "what was gathered is kept behind another's object",
        ((ChainWriter, "_advance", _advance_and_keep),),
    ),
    Mutant("another's object is taken for ours", ((ChainWriter, "on_event", _follow_nothing),)),
    Mutant("an absent object counts as put", ((ChainWriter, "on_event", _absent_is_created),)),
    Mutant("the topic's id is not confirmed", ((ChainWriter, "step", _step_unverified),)),
    Mutant("chains outlive their topic", ((ArchivingWorker, "_change_topic", _keep_chains),)),
    Mutant("a cut log goes on", ((ArchivingWorker, "on_log_cut", _ignore_cut),)),
    Mutant("seeks carry no leader epoch", ((loop, "seek_with_epoch", _seek_without_epoch),)),
    Mutant(
        "the consumer does not follow the position",
        ((ConsumerLoop, "_follow_positions", _follow_late),),
    ),
]


def all_mutants() -> list[Mutant]:
    """Those of archiving, alerting and notifying."""
    return [*MUTANTS, *ALERTING_MUTANTS, *NOTIFYING_MUTANTS]


def main(words: list[str]) -> int:
    """Print a line for each mutant; 1 if one was not caught."""
    missed = 0
    for mutant in [one for one in all_mutants() if all(word in one.title for word in words)]:
        began = time.monotonic()
        found = caught_by(mutant, range(1))
        missed += found is None
        outcome = "NOT CAUGHT" if found is None else f"seed {found[0]}: {found[1]}"
        print(f"{mutant.title}: {outcome} ({time.monotonic() - began:.1f} s)", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
