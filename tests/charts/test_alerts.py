"""When those alerts fire that a plain `increase()` or `up == 0` would miss, by promtool."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.charts.conftest import Render
from tests.charts.manifests import of_kind

# Of the series, in promtool's notation: `1x40` is 1 and 40 times more, `_x40` is 40 times nothing.
STEP = "15s"
LOST = 'dronewatch_archiving_lost_offsets_total{namespace="sky",pod="a"}'
STARTED = 'process_start_time_seconds{namespace="sky",pod="a",component="archiving"}'
FAILED = 'spark_application_failure_count{app_type="sky",namespace="operators",pod="%s"}'
READ = 'dronewatch_consumer_records_total{namespace="sky",component="%s"}'
GIVEN_UP = (
    'dronewatch_notifying_undelivered_total{namespace="sky",channel="email",pod="a",component="c"}'
)
DELETED = 'dronewatch_notifying_lost_total{namespace="sky",channel="email",pod="a",component="c"}'
SINCE = 'process_start_time_seconds{namespace="sky",pod="a",component="c"}'
NOTICES = 'dronewatch_notifying_%s_total{namespace="sky",channel="%s"}'
UNSHOWN = 'dronewatch_website_lost_records_total{namespace="sky",pod="a"}'
UNSHOWN_SINCE = 'process_start_time_seconds{namespace="sky",pod="a",component="website"}'
WEBSITE = 'dronewatch_website_%s_total{namespace="sky",pod="a"}'
LAG = 'dronewatch_consumer_lag_records{namespace="sky",component="website",partition="0"}'
UNREAD = (
    'dronewatch_consumer_lost_records_total{namespace="sky",pod="a",component="c",partition="3"}'
)
PARTITIONS = 'dronewatch_consumer_%s_partitions{namespace="sky",component="c",pod="%s"%s}'
MISCONFIGURED = 'dronewatch_consumer_topic_misconfigured{namespace="sky",component="c",pod="a"}'
VERIFY = 'namespace="sky",job_name="dw-archiving-verify-%d"'
VERIFY_FAILED = 'kube_job_failed{%s,condition="true"}'
VERIFY_STARTED = "kube_job_status_start_time{%s}"
VERIFIED = 'kube_cronjob_status_last_successful_time{namespace="sky",cronjob="dw-archiving-verify"}'
UP = 'up{namespace="sky",component="%s",pod="a"}'


@dataclass(frozen=True)
class Case:
    """What Prometheus has seen of some series; how many alerts of the name fire after a time."""

    alert: str
    series: dict[str, str]
    after: str
    firing: int


CASES = {
    "a new pod begins with a loss": Case(
        "DronewatchReportsLost", {LOST: "_x40 7x80", STARTED: "_x40 600x80"}, "12m", 1
    ),
    "a loss is over after a quarter of an hour": Case(
        "DronewatchReportsLost", {LOST: "_x40 7x80", STARTED: "_x40 600x80"}, "26m", 0
    ),
    "an old pod loses": Case(
        "DronewatchReportsLost", {LOST: "0x80 7x80", STARTED: "0x160"}, "22m", 1
    ),
    "a new Prometheus finds an old loss": Case(
        "DronewatchReportsLost", {LOST: "_x100 7x80", STARTED: "_x100 0x80"}, "26m", 0
    ),
    "an old pod finds its first loss in a partition": Case(
        "DronewatchReportsLost", {UNREAD: "_x80 7x80", SINCE: "0x160"}, "22m", 1
    ),
    "an old pod finds another loss in a partition": Case(
        "DronewatchReportsLost", {UNREAD: "7x80 9x80", SINCE: "0x160"}, "22m", 1
    ),
    "a new pod finds a loss in a partition": Case(
        "DronewatchReportsLost", {UNREAD: "_x40 7x80", SINCE: "_x40 600x80"}, "12m", 1
    ),
    "a loss in a partition is over after a quarter of an hour": Case(
        "DronewatchReportsLost", {UNREAD: "_x40 7x120", SINCE: "0x160"}, "28m", 0
    ),
    "a new Prometheus finds an old loss in a partition": Case(
        "DronewatchReportsLost", {UNREAD: "_x100 7x80", SINCE: "_x100 0x80"}, "26m", 0
    ),
    "partitions stop for two reasons": Case(
        "DronewatchPartitionStopped",
        {
            PARTITIONS % ("stopped", "a", ',reason="unreadable"'): "1x40",
            PARTITIONS % ("stopped", "b", ',reason="unreadable"'): "2x40",
            PARTITIONS % ("stopped", "a", ',reason="log_cut"'): "1x40",
        },
        "5m",
        2,
    ),
    "no partition has stopped": Case(
        "DronewatchPartitionStopped",
        {PARTITIONS % ("stopped", "a", ',reason="unreadable"'): "0x40"},
        "5m",
        0,
    ),
    "a partition stalls": Case(
        "DronewatchPartitionStalled", {PARTITIONS % ("stalled", "a", ""): "1x40"}, "5m", 1
    ),
    "a partition stalled for a moment": Case(
        "DronewatchPartitionStalled", {PARTITIONS % ("stalled", "a", ""): "0x8 1x4 0x40"}, "5m", 0
    ),
    "a topic is misconfigured": Case(
        "DronewatchTopicMisconfigured", {MISCONFIGURED: "1x40"}, "5m", 1
    ),
    "the first verification fails": Case(
        "DronewatchArchiveBroken",
        {VERIFY_FAILED % VERIFY % 1: "1x40", VERIFY_STARTED % VERIFY % 1: "100x40"},
        "5m",
        1,
    ),
    "a verification fails after one that succeeded": Case(
        "DronewatchArchiveBroken",
        {
            VERIFY_FAILED % VERIFY % 2: "1x40",
            VERIFY_STARTED % VERIFY % 2: "100x40",
            VERIFIED: "50x40",
        },
        "5m",
        1,
    ),
    "a verification succeeds after one that failed": Case(
        "DronewatchArchiveBroken",
        {
            VERIFY_FAILED % VERIFY % 1: "1x40",
            VERIFY_STARTED % VERIFY % 1: "100x40",
            VERIFIED: "150x40",
        },
        "5m",
        0,
    ),
    "the first run fails": Case("DronewatchAnalysisFailed", {FAILED % "a": "_x240 1x20"}, "62m", 1),
    "another run fails": Case("DronewatchAnalysisFailed", {FAILED % "a": "1x240 2x20"}, "62m", 1),
    "a run failed long ago": Case("DronewatchAnalysisFailed", {FAILED % "a": "1x480"}, "90m", 0),
    "the operator counts failed runs anew": Case(
        "DronewatchAnalysisFailed",
        {FAILED % "a": "2x240 stale", FAILED % "b": "_x240 2x20"},
        "62m",
        0,
    ),
    "one group does not read": Case(
        "DronewatchNothingConsumed",
        {READ % "alerting": "0+100x80", READ % "archiving": "500x80"},
        "16m",
        1,
    ),
    "no drone sends": Case(
        "DronewatchNothingConsumed",
        {READ % "alerting": "500x80", READ % "archiving": "500x80"},
        "16m",
        2,
    ),
    "a new pod begins with a notice given up": Case(
        "DronewatchNoticesUndelivered", {GIVEN_UP: "_x40 1x80", SINCE: "_x40 600x80"}, "12m", 1
    ),
    "an old pod gives a notice up": Case(
        "DronewatchNoticesUndelivered", {GIVEN_UP: "0x80 1x80", SINCE: "0x160"}, "22m", 1
    ),
    "no notice was ever given up": Case(
        "DronewatchNoticesUndelivered", {GIVEN_UP: "0x120", SINCE: "600x120"}, "22m", 0
    ),
    "a new pod finds alerts deleted": Case(
        "DronewatchAlertsNotTold", {DELETED: "_x40 3x80", SINCE: "_x40 600x80"}, "12m", 1
    ),
    "none were deleted": Case("DronewatchAlertsNotTold", {DELETED: "0x160"}, "22m", 0),
    "one channel fails, another delivers": Case(
        "DronewatchNoticesFailing",
        {
            NOTICES % ("failed", "email"): "0+1x120",
            NOTICES % ("delivered", "email"): "5x120",
            NOTICES % ("failed", "webhook"): "0+1x120",
            NOTICES % ("delivered", "webhook"): "0+1x120",
        },
        "22m",
        1,
    ),
    "a channel has never delivered": Case(
        "DronewatchNoticesFailing", {NOTICES % ("failed", "email"): "0+1x120"}, "22m", 1
    ),
    "a new pod finds alerts deleted that no page shows": Case(
        "DronewatchAlertsNotShown", {UNSHOWN: "_x40 3x80", UNSHOWN_SINCE: "_x40 600x80"}, "12m", 1
    ),
    "all alerts are shown": Case(
        "DronewatchAlertsNotShown", {UNSHOWN: "0x160", UNSHOWN_SINCE: "600x160"}, "22m", 0
    ),
    "the website's database takes nothing": Case(
        "DronewatchWebsiteNotStoring",
        {WEBSITE % "store_failures": "0+15x120", WEBSITE % "stored_alerts": "500x120"},
        "22m",
        1,
    ),
    "the website's database was away for a minute": Case(
        "DronewatchWebsiteNotStoring",
        {WEBSITE % "store_failures": "0+15x4 60x120", WEBSITE % "stored_alerts": "5x20 5+5x100"},
        "22m",
        0,
    ),
    "the website does not read": Case("DronewatchWebsiteBehind", {LAG: "20000x80"}, "12m", 1),
    "nobody is to be told of anything": Case(
        "DronewatchNothingConsumed", {READ % "notifying-log": "500x80"}, "16m", 0
    ),
    "a component is gone": Case(
        "DronewatchComponentMissing",
        {UP % "archiving": "1x40 stale", UP % "alerting": "1x80", UP % "simulator": "1x40 stale"},
        "16m",
        1,
    ),
    "a component is down": Case(
        "DronewatchComponentMissing", {UP % "archiving": "1x40 0x40"}, "16m", 0
    ),
}


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("ALERTS NOT TRIED: no promtool on the PATH")
    return found


@pytest.fixture(scope="module")
def rules(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    manifests = render("monitoring", "--set=global.monitoring.enabled=true")
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    spec = of_kind(manifests, "PrometheusRule")["dw-monitoring"]["spec"]
    file.write_text(yaml.safe_dump(spec))
    return file


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_alert_fires_when_it_should(
    promtool: str, rules: Path, tmp_path: Path, case: Case
) -> None:
    firing = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}}) or vector(0)'
    expected = {"expr": firing, "eval_time": case.after, "exp_samples": [{"value": case.firing}]}
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    story = {"interval": STEP, "input_series": series, "promql_expr_test": [expected]}
    file = tmp_path / "story.yaml"
    content = {"rule_files": [str(rules)], "evaluation_interval": STEP, "tests": [story]}
    file.write_text(yaml.safe_dump(content))
    ran = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
