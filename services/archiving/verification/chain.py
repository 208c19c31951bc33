"""A chain's state, as its objects' footers say. Pure.

The objects of one topic id and partition form a chain if, sorted by position, each begins where
one before it ends, or where fences lead from there. The state is a few stretches of positions and
not the objects, so an archive of any size can be checked in batches, in any order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.archiving.footer import Footer, Kind


class ChainId(NamedTuple):
    """topic_id: the 8 hex digits in objects' names."""

    topic_id: str
    partition: int


class Positions(NamedTuple):
    """From `begin` up to, without, `end`."""

    begin: int
    end: int


class Skip(NamedTuple):
    """Positions that a fence or a decision skips, and why."""

    begin: int
    end: int
    reason: str


class Stretch(NamedTuple):
    """Positions covered by objects with rows that follow each other without a gap.

    is_version_0_1: its first object was named by its first record.
    """

    begin: int
    end: int
    is_version_0_1: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """What is known of a chain after some of its objects; see `extended`."""

    objects: int = 0
    stretches: tuple[Stretch, ...] = ()
    doubled: tuple[Stretch, ...] = ()
    fences: frozenset[Skip] = frozenset()
    decisions: frozenset[Skip] = frozenset()


Chains = Mapping[ChainId, Chain]


def extended(chains: Chains, footers: Iterable[Footer]) -> Chains:
    """The chains with these objects, too; the result does not depend on their order."""
    found: dict[ChainId, list[Footer]] = defaultdict(list)
    for footer in footers:
        found[ChainId(footer.topic_id, footer.partition)].append(footer)
    return {**chains, **{at: _longer(chains.get(at, Chain()), found[at]) for at in found}}


def _longer(chain: Chain, footers: list[Footer]) -> Chain:
    added = [Stretch(f.begin, f.end, f.is_version_0_1) for f in footers if f.kind == "records"]
    stretches, doubled = _merged([*chain.stretches, *added])
    return Chain(
        objects=chain.objects + sum(f.kind in ("records", "fence") for f in footers),
        stretches=stretches,
        doubled=_merged([*chain.doubled, *doubled])[0],
        fences=chain.fences | _skips(footers, "fence"),
        decisions=chain.decisions | _skips(footers, "decision"),
    )


def _skips(footers: Iterable[Footer], kind: Kind) -> frozenset[Skip]:
    return frozenset(Skip(f.begin, f.end, f.reason) for f in footers if f.kind == kind)


def _merged(stretches: Iterable[Stretch]) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Disjoint stretches that do not touch, sorted; and those positions that came twice."""
    merged: list[Stretch] = []
    doubled: list[Stretch] = []
    for stretch in sorted(stretches):
        last = merged[-1] if merged else None
        if last is None or stretch.begin > last.end:
            merged.append(stretch)
            continue
        if stretch.begin < last.end:
            doubled.append(Stretch(stretch.begin, min(last.end, stretch.end)))
        is_version_0_1 = last.is_version_0_1
        if stretch.begin == last.begin:
            is_version_0_1 = is_version_0_1 and stretch.is_version_0_1
        merged[-1] = Stretch(last.begin, max(last.end, stretch.end), is_version_0_1)
    return tuple(merged), tuple(doubled)
