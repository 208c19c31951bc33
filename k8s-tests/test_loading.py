"""The police's history under the chart's Job: its pod dies half way, and no row is lost.

On a platform without a fleet: all that stands in its archive is history.
"""

import gzip
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from counts import archive_rows
from loading import await_done, await_rows, counted, job, pods, rejected_lines
from minio import Minio

from cluster.access import STORE_PORT, forwarded, kafka_access, secret
from cluster.archive import BUCKET
from cluster.commands import kubectl
from cluster.release import Platform, remove_namespaces, uninstall
from cluster.witness import await_caught_up
from local.checks import PublishedAlert
from local.evidence import published_alerts
from services.loading.loader import Bounds
from simulator.history import History
from simulator.history_file import (
    Entry,
    entries,
    report_ids,
    unsound_lines,
    write_history,
)

FILE = "violations.csv.gz"
ROWS = 6_000
ROWS_PER_SECOND = 200
ALONE = {
    "global.topics.reports.partitions": 3,
    "simulator.enabled": False,
    "analysis.enabled": False,
    "kafka.resources.requests.cpu": "50m",
    "archiving.objectAgeSeconds": 5,
    **{f"{part}.autoscaling.enabled": False for part in ("alerting", "archiving")},
    **{f"{part}.replicas": 1 for part in ("alerting", "archiving")},
    **{f"{part}.resources.requests.cpu": "20m" for part in ("alerting", "archiving")},
}
OF_CONFIG_MAP = {
    "loading.enabled": True,
    "loading.source": {"kind": "configMap", "name": "history", "files": [FILE]},
    "loading.rate": ROWS_PER_SECOND,
}
OF_BUCKET = {
    "loading.enabled": True,
    "loading.source": {"kind": "bucket", "name": "", "files": [f"history/{FILE}"]},
}
Upgrade = Callable[[dict[str, object]], str]


@dataclass(frozen=True, slots=True)
class Written:
    """A history file, and what is known of its rows."""

    file: Path
    ledger: Sequence[Entry]

    @property
    def reports(self) -> Counter[str]:
        return report_ids(self.ledger)

    @property
    def unsound_lines(self) -> list[int]:
        return unsound_lines(self.ledger)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded by which Job; what it said of that, and what came of it."""

    history: Written
    job: str
    pods: Sequence[str]
    killed_pod: str
    summary: str
    rejected_lines: Sequence[int]
    archived: Counter[str]
    alerts: Sequence[PublishedAlert]


def written(folder: Path, seed: int, rows: int) -> Written:
    plain, ledger = folder / "plain.csv", folder / "ledger.jsonl"
    write_history(History(rows, fault_share=0.05, seed=seed), plain, ledger)
    (folder / FILE).write_bytes(gzip.compress(plain.read_bytes()))
    return Written(folder / FILE, list(entries(ledger)))


@pytest.fixture(scope="module")
def alone(installed: Callable[..., None]) -> Iterator[Platform]:
    """A platform without a fleet, in a namespace of its own."""
    made = Platform(f"dronewatch-{uuid.uuid4().hex[:6]}", "sky")
    try:
        installed(made, *given(ALONE))
        yield made
    finally:
        uninstall(made)
        remove_namespaces(made.namespace)


def given(values: dict[str, object]) -> list[str]:
    return [f"--set-json={name}={json.dumps(value)}" for name, value in values.items()]


@pytest.fixture(scope="module")
def upgrade(alone: Platform, installed: Callable[..., None]) -> Upgrade:
    """`upgrade({"loading.rate": 5})`: the name of the Job that there is then."""

    def upgraded(values: dict[str, object]) -> str:
        installed(alone, *given(ALONE | values))
        return job(alone)

    return upgraded


@pytest.fixture(scope="module")
def loaded(alone: Platform, upgrade: Upgrade, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    history = written(tmp_path_factory.mktemp("history"), seed=1, rows=ROWS)
    # Created and not applied: an annotation would hold all of it once more, and holds less.
    from_file = f"--from-file={FILE}={history.file}"
    kubectl(alone.namespace, "create", "configmap", "history", from_file)
    name = upgrade(OF_CONFIG_MAP)
    pod = await_rows(alone, name, FILE, ROWS // 3)
    kubectl(alone.namespace, "delete", "pod", pod, "--grace-period=0", "--force")
    summary, lines = await_done(alone, name), rejected_lines(alone, name, FILE)
    reports, alerts = outcome(alone)
    return Loaded(history, name, pods(alone, name), pod, summary, lines, reports, alerts)


def outcome(platform: Platform) -> tuple[Counter[str], list[PublishedAlert]]:
    """Ids of the reports in the archive, and the alerts, once all that was sent is worked off."""
    with kafka_access(platform, "witness") as connection:
        await_caught_up(connection)
        alerts = published_alerts(connection)
    return Counter(row["report_id"] for row in archive_rows(platform)), alerts


def test_the_pod_that_comes_after_a_kill_tells_of_every_row_of_the_file(loaded: Loaded) -> None:
    assert loaded.pods[-1] != loaded.killed_pod
    reports, unsound = loaded.history.reports.total(), len(loaded.history.unsound_lines)
    assert reports + unsound == ROWS
    assert counted(loaded.summary) == {"sent": reports, "rejected": unsound}


def test_every_sound_row_is_in_the_archive_and_at_most_one_batch_twice(loaded: Loaded) -> None:
    assert not loaded.history.reports - loaded.archived
    again = loaded.archived - loaded.history.reports
    assert again.total() <= 2 * Bounds(rows_per_second=ROWS_PER_SECOND).half_rows
    assert again.keys() <= loaded.history.reports.keys()


def test_history_raises_no_alert(loaded: Loaded) -> None:
    assert loaded.alerts == []


def test_the_rows_that_were_not_sent_stand_on_the_jobs_volume_each_once(loaded: Loaded) -> None:
    assert loaded.rejected_lines == loaded.history.unsound_lines
    assert len(loaded.rejected_lines) == counted(loaded.summary)["rejected"]


def test_an_upgrade_that_changes_nothing_of_the_job_starts_no_pod(
    alone: Platform, loaded: Loaded, upgrade: Upgrade
) -> None:
    assert upgrade(OF_CONFIG_MAP) == loaded.job
    await_done(alone, loaded.job)
    before = pods(alone, loaded.job)
    assert upgrade(OF_CONFIG_MAP | {"archiving.objectAgeSeconds": 6}) == loaded.job
    assert pods(alone, loaded.job) == before


def test_another_job_for_the_same_file_sends_nothing_again(
    alone: Platform, loaded: Loaded, upgrade: Upgrade
) -> None:
    before, _ = outcome(alone)
    name = upgrade(OF_CONFIG_MAP | {"loading.rate": ROWS_PER_SECOND + 1})
    assert name != loaded.job
    assert "loaded already" in await_done(alone, name)
    assert outcome(alone)[0] == before


def test_objects_of_the_store_are_loaded_with_the_rights_that_the_job_has(
    alone: Platform, loaded: Loaded, upgrade: Upgrade, tmp_path: Path
) -> None:
    (before, _), history = outcome(alone), written(tmp_path, seed=2, rows=500)
    put(alone, history.file, f"history/{FILE}")
    summary = await_done(alone, upgrade(OF_BUCKET))
    unsound = len(history.unsound_lines)
    assert counted(summary) == {"sent": history.reports.total(), "rejected": unsound}
    assert outcome(alone)[0] - before == history.reports


def put(platform: Platform, file: Path, key: str) -> None:
    """As the store's root user: whose the files are, the platform does not know."""
    root = f"{platform.named('minio')}-root"
    keys = (secret(platform, root, key) for key in ("rootUser", "rootPassword"))
    with forwarded(platform, f"service/{platform.named('minio')}", STORE_PORT) as port:
        store = Minio(f"127.0.0.1:{port}", *keys, secure=False, region="us-east-1")
        store.fput_object(BUCKET, key, str(file))
