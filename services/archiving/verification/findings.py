"""The findings about an archive: which chains are whole, what is wrong with the others. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from services.archiving.verification.chain import (
    Chain,
    ChainId,
    Chains,
    Positions,
    Skip,
    Stretch,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """An object that belongs to no chain as it is."""

    name: str
    cause: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The findings about one chain, which covers `begin` up to, without, `end`.

    lost: skipped by fences. skipped: holes before an object of version 0.1. gaps: in no object.
    overlaps: in more than one object. contradictions: fences and decisions of one position that
    lead to different ones. decided: decisions at the chain's end, where no fence stands so far.
    kafka: what contradicts the offsets in Kafka, as sentences.
    """

    topic_id: str
    partition: int
    objects: int
    begin: int
    end: int
    lost: tuple[Skip, ...] = ()
    skipped: tuple[Positions, ...] = ()
    gaps: tuple[Positions, ...] = ()
    overlaps: tuple[Positions, ...] = ()
    contradictions: tuple[Skip, ...] = ()
    decided: tuple[Skip, ...] = ()
    kafka: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether no position of the chain is missing without a reason, and none is there twice."""
        return not (self.gaps or self.overlaps or self.contradictions or self.kafka)


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """The findings about all chains, and the objects that belong to none."""

    chains: tuple[ChainReport, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every chain is whole and every object belongs to one."""
        return not self.problems and all(chain.is_whole for chain in self.chains)


def findings(chains: Chains, problems: Iterable[Problem] = ()) -> ArchiveReport:
    """All findings, by topic id and partition."""
    reports = (_chain_report(at, chains[at]) for at in sorted(chains))
    return ArchiveReport(
        tuple(report for report in reports if report),
        tuple(sorted(problems, key=lambda problem: problem.name)),
    )


def _chain_report(at: ChainId, chain: Chain) -> ChainReport | None:
    stretches = _with_first_fence(chain)
    if not stretches:
        return None
    fences = {fence.begin: fence for fence in sorted(chain.fences)}
    report = ChainReport(*at, chain.objects, stretches[0].begin, stretches[0].end)
    for stretch in stretches[1:]:
        report = _joined(report, stretch, fences)
    tail = _path(report.end, None, fences)
    end = tail[-1].end if tail else report.end
    return replace(
        report,
        end=end,
        lost=(*report.lost, *tail),
        overlaps=tuple(Positions(double.begin, double.end) for double in chain.doubled),
        contradictions=_contradictions(chain),
        decided=tuple(sorted(skip for skip in chain.decisions if skip.begin == end)),
    )


def _with_first_fence(chain: Chain) -> tuple[Stretch, ...]:
    """The stretches; before them an empty one if the chain begins with a fence."""
    first = min((fence.begin for fence in chain.fences), default=None)
    if first is None or (chain.stretches and chain.stretches[0].begin <= first):
        return chain.stretches
    return (Stretch(first, first), *chain.stretches)


def _joined(report: ChainReport, stretch: Stretch, fences: Mapping[int, Skip]) -> ChainReport:
    between = Positions(report.end, stretch.begin)
    path = _path(*between, fences)
    report = replace(report, end=stretch.end)
    if path and path[-1].end == stretch.begin:
        return replace(report, lost=(*report.lost, *path))
    if stretch.is_version_0_1:
        return replace(report, skipped=(*report.skipped, between))
    return replace(report, gaps=(*report.gaps, between))


def _path(begin: int, end: int | None, fences: Mapping[int, Skip]) -> list[Skip]:
    """The fences that lead on from `begin`, up to `end` if given."""
    path: list[Skip] = []
    while begin in fences and (end is None or begin < end):
        path.append(fences[begin])
        begin = path[-1].end
    return path


def _contradictions(chain: Chain) -> tuple[Skip, ...]:
    ends: dict[int, set[int]] = defaultdict(set)
    for skip in chain.fences | chain.decisions:
        ends[skip.begin].add(skip.end)
    every = sorted({Skip(s.begin, s.end, s.reason) for s in chain.fences | chain.decisions})
    return tuple(skip for skip in every if len(ends[skip.begin]) > 1)


@dataclass(frozen=True, slots=True)
class LogOffsets:
    """Where a partition's log ends, and what the group committed; None for nothing."""

    end: int
    committed: int | None


def compared(report: ArchiveReport, logs: Mapping[ChainId, LogOffsets]) -> ArchiveReport:
    """The report with what contradicts Kafka's offsets.

    The archive is ahead of the commits and behind the log. So the commits must have been read
    before the objects' names, and the logs' ends after them.
    """
    chains = {ChainId(chain.topic_id, chain.partition): chain for chain in report.chains}
    for at, log in logs.items():
        chain = chains.get(at)
        said = tuple(_against(chain.end if chain else None, log))
        if said:
            chains[at] = replace(chain or ChainReport(*at, 0, 0, 0), kafka=said)
    return replace(report, chains=tuple(chains[at] for at in sorted(chains)))


def _against(end: int | None, log: LogOffsets) -> Iterator[str]:
    """Sentences about a chain that ends there; None if it has no objects."""
    if log.committed is not None and log.committed > (end or 0):
        where = "has no objects" if end is None else f"ends at {end}"
        yield f"the group has committed {log.committed}, but the chain {where}: objects are missing"
    if end is not None and end > log.end:
        yield f"the chain ends at {end}, but Kafka's log ends at {log.end}: the log was cut"
