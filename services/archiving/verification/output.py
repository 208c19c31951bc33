"""The findings as lines for people and as JSON. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from services.archiving.verification.findings import ArchiveReport, ChainReport

SHOWN_MAX = 100


def lines(report: ArchiveReport) -> Iterator[str]:
    """A line for each partition with a finding and each strange object, then the summary."""
    for chain in report.chains:
        said = "; ".join(_findings(chain))
        if said:
            yield f"{chain.topic_id}-{chain.partition:05}: {said}"
    for problem in report.problems[:SHOWN_MAX]:
        yield f"{problem.name}: {problem.cause}"
    if len(report.problems) > SHOWN_MAX:
        yield f"... and {len(report.problems) - SHOWN_MAX:,} more of these; --json has all"
    yield _summary(report)


def _findings(chain: ChainReport) -> Iterator[str]:
    yield from _listed("gap: no object covers positions", chain.gaps)
    yield from _listed("overlap: more than one object covers positions", chain.overlaps)
    for skip in chain.contradictions:
        yield f"contradiction: from {skip.begin} a fence or decision leads to {skip.end}"
    yield from chain.kafka
    for skip in chain.lost:
        yield f"skipped by a fence: positions {skip.begin} to {skip.end - 1} ({skip.reason})"
    for skip in chain.decided:
        yield f"decided, not yet fenced: {skip.begin} goes on at {skip.end} ({skip.reason})"
    if chain.skipped:
        positions = sum(hole.end - hole.begin for hole in chain.skipped)
        yield f"skipped (version 0.1): {positions:,} positions in {len(chain.skipped):,} holes"


def _listed(finding: str, positions: Iterable[tuple[int, int]]) -> Iterator[str]:
    spans = [f"{begin} to {end - 1}" for begin, end in positions]
    if spans:
        more = f" and {len(spans) - SHOWN_MAX:,} more" if len(spans) > SHOWN_MAX else ""
        yield f"{finding} {', '.join(spans[:SHOWN_MAX])}{more}"


def _summary(report: ArchiveReport) -> str:
    objects = sum(chain.objects for chain in report.chains)
    lost = sum(skip.end - skip.begin for chain in report.chains for skip in chain.lost)
    broken = sum(not chain.is_whole for chain in report.chains)
    verdict = "whole" if report.is_whole else f"BROKEN: {broken:,} of the chains"
    strange = f", {len(report.problems):,} objects belong to none" if report.problems else ""
    skipped = f"; fences skip {lost:,} positions" if lost else ""
    return f"{objects:,} objects in {len(report.chains):,} chains: {verdict}{strange}{skipped}"


def as_json(report: ArchiveReport) -> str:
    """All findings as one JSON object; positions are pairs of begin and (exclusive) end."""
    content: dict[str, Any] = msgspec.to_builtins(report)
    content["is_whole"] = report.is_whole
    for entry, chain in zip(content["chains"], report.chains, strict=True):
        entry["is_whole"] = chain.is_whole
    return msgspec.json.format(msgspec.json.encode(content)).decode()
