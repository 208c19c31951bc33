"""All faults at once, drawn with a seed: the archive holds every record once, no alert is missing.

The seed is printed with the faults. DRONEWATCH_STORM_SEED repeats a storm; the moments at which
its faults meet the workers differ. The long storm has 100 faults and 500,000 records: 9 minutes of
faults and 4 of comparing, on 2 cores that do other work besides.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.checks import alert_differences, archive_differences
from local.evidence import published_alerts
from local.processes import Child, stop
from services.reports.topics import ALERTS
from simulator.ledger import entries
from tests.faults.evidence import archived_rows, ledger_rows
from tests.faults.storm import Say, Storm
from tests.faults.storm_plan import LONG, QUICK, StormFault, StormSize, planned
from tests.faults.storm_platform import Platform, running_platform
from tests.marks import UNCLOSED_SOCKETS

SEED_VARIABLE = "DRONEWATCH_STORM_SEED"
CATCH_UP_SECONDS = 180
SIZES = [
    pytest.param(QUICK, id="quick"),
    pytest.param(LONG, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(1_800)]),
]
pytestmark = UNCLOSED_SOCKETS


@pytest.fixture
def seed() -> int:
    return int(os.environ.get(SEED_VARIABLE) or random.randrange(2**32))


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """To the terminal at once, also from a worker of pytest-xdist, whose standard output is not."""

    def said(line: str) -> None:
        with capfd.disabled():
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    return said


@contextmanager
def told(seed: int, faults: list[StormFault], say: Say) -> Iterator[None]:
    """The seed and the plan are said at the beginning, and with a failure."""
    plan = [f"storm of {len(faults)} faults, {SEED_VARIABLE}={seed}:", *map(str, faults)]
    say("\n" + "\n  ".join(plan))
    try:
        yield
    except Exception as error:
        error.add_note("\n  ".join(plan))
        raise


@pytest.mark.parametrize("size", SIZES)
def test_the_archive_is_whole_and_no_alert_is_missing_after_a_storm(
    size: StormSize, seed: int, say: Say, minio_or_skip: None, tmp_path: Path
) -> None:
    faults = planned(seed, size)
    with told(seed, faults, say), running_platform(tmp_path, size, seed) as platform:
        simulator = platform.archiving.fleet(size.rate, seed)
        weather(Storm(platform, say), faults)
        proxy = platform.servers.proxy
        say(f"the proxy met {len(proxy.met)} requests with {len(proxy.faults())} faults")
        heal(platform, simulator, size)
        assert_whole(platform, size, say)


def weather(storm: Storm, faults: list[StormFault]) -> None:
    """Carry out all faults while reports flow."""
    try:
        storm.reinforce()
        storm.await_progress()
        for fault in faults:
            storm.carry_out(fault)
        storm.await_thawed()
    finally:
        storm.abandon()


def heal(platform: Platform, simulator: Child, size: StormSize) -> None:
    """No more faults; the fleet and then the workers stop once all is done."""
    platform.servers.proxy.choose = lambda _: None
    platform.archiving.group.await_written(size.reports)
    assert stop(simulator) == 0
    for scene in platform.scenes.values():
        scene.group.await_caught_up(CATCH_UP_SECONDS)
    for scene in platform.scenes.values():
        scene.crew.stop_all()


def assert_whole(platform: Platform, size: StormSize, say: Say) -> None:
    sent = list(entries(platform.archiving.ledger))
    objects = platform.archiving.place.objects()
    rows = archived_rows(objects)
    say(f"{len(rows)} records in {len(objects)} objects")
    assert len(rows) >= size.reports
    assert archive_differences(sent, ledger_rows(rows)) == ()
    platform.archiving.check_archive(objects)
    assert platform.verify_exit_code() == 0
    alerts = published_alerts(platform.alerting.kafka, ALERTS)
    assert any(entry.alerts for entry in sent)
    assert alert_differences(sent, alerts) == ()
    assert "Traceback" not in platform.alerting.crew.logs()
