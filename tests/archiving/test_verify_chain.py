"""What follows from names and footers, without a store."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archiving.footer import Footer
from services.archiving.verification.chain import ChainId, Positions, Skip, extended
from services.archiving.verification.findings import (
    ChainReport,
    LogOffsets,
    Problem,
    compared,
    findings,
)
from services.archiving.verification.names import disagreement, has_object_name

TOPIC_ID = "0a1b2c3d"
WHY = "retention"
OBJECT = "reports/date=2026-03-02/hour=08/0a1b2c3d-00001-00000000000000000500.parquet"
DECISION = "decisions/0a1b2c3d-00001-00000000000000000500.parquet"


def records(begin: int, end: int) -> Footer:
    return Footer(TOPIC_ID, 1, begin, end)


def old(begin: int, end: int) -> Footer:
    return replace(records(begin, end), is_version_0_1=True)


def fence(begin: int, end: int) -> Footer:
    return Footer(TOPIC_ID, 1, begin, end, "fence", WHY)


def decision(begin: int, end: int) -> Footer:
    return Footer(TOPIC_ID, 1, begin, end, "decision", WHY)


def report_of(*footers: Footer) -> ChainReport:
    (report,) = findings(extended({}, footers)).chains
    return report


@dataclass(frozen=True)
class Case:
    footers: tuple[Footer, ...]
    is_whole: bool
    covers: tuple[int, int]
    found: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)


CASES = {
    "objects that follow each other": Case(
        (records(0, 5), records(5, 9), records(9, 10)), True, (0, 10)
    ),
    "the first object begins late, as the ones before it expired": Case(
        (records(700, 705), records(705, 900)), True, (700, 900)
    ),
    "an object is missing": Case(
        (records(0, 5), records(9, 10)), False, (0, 10), {"gaps": ((5, 9),)}
    ),
    "two objects are missing at two places": Case(
        (records(0, 5), records(7, 9), records(12, 14)),
        False,
        (0, 14),
        {"gaps": ((5, 7), (9, 12))},
    ),
    "two objects overlap": Case(
        (records(0, 9), records(5, 12)), False, (0, 12), {"overlaps": ((5, 9),)}
    ),
    "one object lies within another": Case(
        (records(0, 9), records(3, 5), records(9, 12)), False, (0, 12), {"overlaps": ((3, 5),)}
    ),
    "the same stretch is there in two hours": Case(
        (records(0, 9), records(0, 9)), False, (0, 9), {"overlaps": ((0, 9),)}
    ),
    "fences of many hours lead over what retention took": Case(
        (records(0, 5), fence(5, 9), fence(5, 9), decision(5, 9), records(9, 12)),
        True,
        (0, 12),
        {"lost": ((5, 9),)},
    ),
    "one fence leads to the next": Case(
        (records(0, 5), fence(5, 9), fence(9, 20), records(20, 30)),
        True,
        (0, 30),
        {"lost": ((5, 9), (9, 20))},
    ),
    "a chain begins with a fence": Case(
        (fence(0, 500), records(500, 600)), True, (0, 600), {"lost": ((0, 500),)}
    ),
    "a chain ends with a fence": Case(
        (records(0, 5), fence(5, 9)), True, (0, 9), {"lost": ((5, 9),)}
    ),
    "a fence leads into the middle of the gap": Case(
        (records(0, 5), fence(5, 7), records(9, 12)), False, (0, 12), {"gaps": ((5, 9),)}
    ),
    "a fence leads beyond the next object": Case(
        (records(0, 5), fence(5, 12), records(9, 20)), False, (0, 20), {"gaps": ((5, 9),)}
    ),
    "somebody late put an object where only some hours were fenced": Case(
        (records(0, 5), fence(5, 9), records(5, 8), fence(8, 20), records(20, 21)),
        True,
        (0, 21),
        {"lost": ((8, 20),)},
    ),
    "fences of one position lead to two": Case(
        (records(0, 5), fence(5, 9), fence(5, 8), records(9, 12)),
        False,
        (0, 12),
        {"lost": ((5, 9),), "contradictions": ((5, 8), (5, 9))},
    ),
    "a fence contradicts its decision": Case(
        (records(0, 5), fence(5, 9), decision(5, 8), records(9, 12)),
        False,
        (0, 12),
        {"lost": ((5, 9),), "contradictions": ((5, 8), (5, 9))},
    ),
    "a decision without a fence does not close a gap": Case(
        (records(0, 5), decision(5, 9), records(9, 12)), False, (0, 12), {"gaps": ((5, 9),)}
    ),
    "a decision waits at the chain's end": Case(
        (records(0, 5), decision(5, 9)), True, (0, 5), {"decided": ((5, 9),)}
    ),
    "version 0.1 left holes where Kafka had control records": Case(
        (old(0, 5), old(6, 9), records(9, 12)), True, (0, 12), {"skipped": ((5, 6),)}
    ),
    "a new object behind one of version 0.1 must begin at its end": Case(
        (old(0, 5), records(6, 9)), False, (0, 9), {"gaps": ((5, 6),)}
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_chain_is_whole_or_what_is_wrong_is_named(case: Case) -> None:
    report = report_of(*case.footers)
    assert report.is_whole is case.is_whole
    assert (report.begin, report.end) == case.covers
    for name in ("lost", "skipped", "gaps", "overlaps", "contradictions", "decided"):
        found = tuple(tuple(each[:2]) for each in getattr(report, name))
        assert found == case.found.get(name, ()), name


def test_what_was_skipped_says_why() -> None:
    assert report_of(records(0, 5), fence(5, 9)).lost == (Skip(5, 9, WHY),)


def test_chains_are_told_apart_by_topic_id_and_partition() -> None:
    others = [replace(records(0, 7), partition=2), replace(records(0, 8), topic_id="ffffffff")]
    report = findings(extended({}, [records(0, 5), *others]))
    ends = {(chain.topic_id, chain.partition): chain.end for chain in report.chains}
    assert ends == {(TOPIC_ID, 1): 5, (TOPIC_ID, 2): 7, ("ffffffff", 1): 8}


def test_an_archive_with_an_object_of_no_chain_is_not_whole() -> None:
    chains = extended({}, [records(0, 5)])
    assert findings(chains).is_whole
    assert not findings(chains, [Problem("reports/x", "strange")]).is_whole


spans = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda at: (at[0], at[0] + at[1]))
kinds = st.sampled_from([records, old, fence, decision])
archives = st.lists(st.builds(lambda make, span: make(*span), kinds, spans), max_size=12)


@given(archives, st.randoms(use_true_random=False), st.integers(1, 4))
def test_findings_depend_neither_on_the_order_nor_on_the_batches(archive, random, size) -> None:
    at_once = findings(extended({}, archive))
    random.shuffle(archive)
    chains = {}
    for start in range(0, len(archive), size):
        chains = extended(chains, archive[start : start + size])
    assert findings(chains) == at_once


@given(archives)
def test_each_position_is_covered_skipped_or_reported_and_doubles_are_exact(archive) -> None:
    rows = [range(f.begin, f.end) for f in archive if f.kind == "records"]
    for report in findings(extended({}, archive)).chains:
        named = [*report.gaps, *report.skipped, *report.lost]
        accounted = {n for positions in (*rows, *(range(*p[:2]) for p in named)) for n in positions}
        assert set(range(report.begin, report.end)) <= accounted
        doubled = {n for n in range(40) if sum(n in positions for positions in rows) > 1}
        assert {n for overlap in report.overlaps for n in range(*overlap)} == doubled


@given(st.lists(st.integers(1, 9), min_size=3, max_size=12), st.data())
def test_a_missing_object_within_a_chain_is_always_found(sizes, data) -> None:
    bounds = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    chain = [records(*pair) for pair in pairwise(bounds)]
    assert report_of(*chain).is_whole
    missing = chain.pop(data.draw(st.integers(1, len(chain) - 2)))
    assert report_of(*chain).gaps == (Positions(missing.begin, missing.end),)


@pytest.mark.parametrize(
    ("name", "footer", "cause"),
    [
        (OBJECT, records(500, 501), None),
        (OBJECT, fence(500, 501), None),
        (DECISION, decision(500, 501), None),
        (OBJECT, records(501, 502), "position 501"),
        (OBJECT, replace(records(500, 501), partition=2), "partition 2"),
        (OBJECT, replace(records(500, 501), topic_id="ffffffff"), "topic id ffffffff"),
        (OBJECT, records(500, 500), "not behind its begin"),
        (OBJECT, decision(500, 501), "decision"),
        (DECISION, decision(501, 502), "decision"),
        (DECISION, records(500, 501), "position 500"),
    ],
)
def test_a_footer_must_agree_with_its_name(name: str, footer: Footer, cause: str | None) -> None:
    found = disagreement(name, footer)
    assert found is None if cause is None else cause in (found or "")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        (OBJECT, True),
        (f"reports/copy{OBJECT.removeprefix('reports')}", False),
        (OBJECT.replace("hour=08", "hour=24"), False),
        ("reports/notes.txt", False),
    ],
)
def test_only_the_exact_name_is_an_objects(name: str, is_ours: bool) -> None:
    assert has_object_name(name) is is_ours


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (LogOffsets(end=9, committed=5), None),
        (LogOffsets(end=5, committed=None), None),
        (LogOffsets(end=9, committed=6), "has committed 6, but the chain ends at 5"),
        (LogOffsets(end=4, committed=3), "log ends at 4"),
    ],
)
def test_a_chains_end_is_compared_with_kafkas_offsets(log: LogOffsets, said: str | None) -> None:
    report = compared(findings(extended({}, [records(0, 5)])), {ChainId(TOPIC_ID, 1): log})
    assert report.is_whole is (said is None)
    assert (said or "") in " ".join(report.chains[0].kafka)


def test_a_partition_with_commits_but_no_objects_is_missing() -> None:
    report = compared(findings({}), {ChainId(TOPIC_ID, 1): LogOffsets(9, 5)})
    assert not report.is_whole
    assert "no objects" in report.chains[0].kafka[0]
