"""The questions under the Spark operator: now and by schedule, right, and clear when one fails.

Two runs, while the fleet stands still: each start of Spark costs a minute.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from answers import Answer, newest_answers
from counts import Row, archive_rows, counts
from fleet import FLEET, sent_more_than
from spark import DRIVER_METRICS, EXECUTOR_METRICS, FIRST_EXECUTOR, SparkRun, names, watched

from analysis.criteria import Criteria
from analysis.questions import built_in
from cluster.access import kafka_access, secret
from cluster.commands import kubectl
from cluster.release import Platform
from cluster.witness import await_caught_up, stop_fleet
from local.processes import Goal, await_until

REPORTS = 3_000
OF_ONES_OWN = {
    "reports-per-day": "-- Reports per day\n"
    "SELECT string(date(time)) AS day, count(*) AS reports FROM reports GROUP BY day ORDER BY day"
}
BAD = {"bad": "SELECT nope FROM reports"}
ANSWERED = [*(question.name for question in built_in(Criteria())), "sql-reports-per-day"]
Upgrade = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A run, and what it left."""

    run: SparkRun
    answers: dict[str, Answer]


@pytest.fixture(scope="module")
def rows(platform: Platform) -> list[Row]:
    """The archive's; no others come."""
    sent_more_than(platform, REPORTS)
    stop_fleet(platform)
    with kafka_access(platform, "witness") as connection:
        await_caught_up(connection)
    return archive_rows(platform)


@pytest.fixture(scope="module")
def upgrade(
    platform: Platform, installed: Callable[..., None], rows: list[Row]
) -> Iterator[Upgrade]:
    """`upgrade({"run": ...})`: values of the analysis for now; at the end all is as before."""

    def upgraded(values: dict[str, Any]) -> None:
        given = ",".join(f"analysis.{name}={json.dumps(value)}" for name, value in values.items())
        resting = "--set=simulator.replicas=0"
        # Not waiting: Spark's pods are to be seen from their beginning.
        installed(platform, *FLEET, resting, "--set-json", given, "--wait=false")

    yield upgraded
    installed(platform, *FLEET)


@pytest.fixture(scope="module")
def failed(platform: Platform, upgrade: Upgrade, rows: list[Row]) -> Asked:
    """A run of now with a bad question, about the later half of what has arrived."""
    since = rows[len(rows) // 2]["kafka_timestamp"].isoformat()
    upgrade({"run": {"enabled": True, "from": since}, "questions": OF_ONES_OWN | BAD})
    by_hand = "--selector=!sparkoperator.k8s.io/scheduled-app-name"
    (name,) = names(platform, "sparkapplications", by_hand)
    return Asked(watched(platform, name), newest_answers(platform, ANSWERED))


@pytest.fixture(scope="module")
def nightly(platform: Platform, upgrade: Upgrade) -> Asked:
    """A run of the schedule, about yesterday and today."""
    schedule = {"schedule": "* * * * *", "from": "yesterday", "to": ""}
    upgrade({"nightly": schedule, "questions": OF_ONES_OWN})
    (scheduled,) = names(platform, "scheduledsparkapplications")
    fired = ("get", f"scheduledsparkapplication/{scheduled}", "-ojsonpath={.status.lastRunName}")
    goal = Goal("the schedule should fire", 90)
    await_until(lambda: bool(kubectl(platform.namespace, *fired)), [], goal, look_seconds=1.0)
    once = ("--type=merge", '--patch={"spec": {"suspend": true}}')
    kubectl(platform.namespace, "patch", "scheduledsparkapplication", scheduled, *once)
    run = watched(platform, kubectl(platform.namespace, *fired))
    return Asked(run, newest_answers(platform, ANSWERED))


def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["spec"]["containers"]
    return dict(only)


def test_a_run_with_a_bad_question_fails_and_its_drivers_pod_says_why(
    platform: Platform, failed: Asked
) -> None:
    assert failed.run.state == "FAILED"
    pod = failed.run.driver["metadata"]["name"]
    told = kubectl(platform.namespace, "describe", "pod", pod)
    assert re.search(r"Message: +sql-bad: no answer: .*`nope` cannot be resolved", told)


def test_a_run_answers_all_other_questions_about_the_range_it_was_given(
    rows: Sequence[Row], failed: Asked
) -> None:
    since = rows[len(rows) // 2]["kafka_timestamp"]
    expected = counts([row for row in rows if row["kafka_timestamp"] >= since])
    assert {answer.run["name"] for answer in failed.answers.values()} == {
        failed.answers["crowd-hours"].run["name"]
    }
    assert failed.answers["crowd-hours"].run["input_rows"] == expected.tally
    assert {row["day"]: row["reports"] for row in per_day(failed)} == expected.per_day()


def per_day(asked: Asked) -> list[dict[str, Any]]:
    return asked.answers["sql-reports-per-day"].rows


def test_spark_runs_as_restricted_pods_and_its_executors_have_no_token(failed: Asked) -> None:
    assert failed.run.executors
    for pod in (failed.run.driver, *failed.run.executors):
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert container(pod)["securityContext"]["readOnlyRootFilesystem"]
        assert pod["spec"]["enableServiceLinks"] is False
    tokens = [pod["spec"]["automountServiceAccountToken"] for pod in failed.run.executors]
    assert set(tokens) == {False}


def test_the_stores_password_stands_in_no_manifest_and_no_log_of_a_run(
    platform: Platform, failed: Asked
) -> None:
    password = secret(platform, f"{platform.release}-minio-analysis", "secretKey")
    pod = failed.run.driver["metadata"]["name"]
    assert "DRONEWATCH_S3_SECRET_KEY" in json.dumps(container(failed.run.driver))
    assert "DRONEWATCH_S3" not in json.dumps(failed.run.executors)
    assert password not in json.dumps(dict(failed.run.manifests))
    assert password not in kubectl(platform.namespace, "logs", pod)


def test_a_runs_driver_tells_its_metrics_and_its_executors(failed: Asked) -> None:
    assert re.search("^metrics_dronewatch_driver_", failed.run.metrics[DRIVER_METRICS], re.M)
    executors = failed.run.metrics[EXECUTOR_METRICS]
    assert re.search(f"metrics_executor_totalCores{{.*{FIRST_EXECUTOR}.*}} 1$", executors, re.M)


def test_the_schedule_fires_and_its_run_completes(nightly: Asked) -> None:
    assert nightly.run.state == "COMPLETED"


def test_a_runs_answers_are_what_an_independent_count_of_the_archive_gives(
    rows: Sequence[Row], nightly: Asked
) -> None:
    expected = counts(rows)
    assert nightly.answers["crowd-hours"].run["input_rows"] == expected.tally
    assert {row["day"]: row["reports"] for row in per_day(nightly)} == expected.per_day()
    by_hour = nightly.answers["crowd-hours"].rows
    found = {row["hour"]: (row["citizens"], row["alerts"]) for row in by_hour}
    assert found == expected.alerts_by_hour()
    assert sum(alerts for _, alerts in found.values())
    codes = {row["code"]: row["violations"] for row in nightly.answers["parking-codes"].rows}
    assert codes
    assert codes == dict(sorted(expected.codes().items(), key=lambda x: (-x[1], x[0]))[:20])


@pytest.mark.parametrize("question", ANSWERED)
def test_an_answer_stands_in_the_store_as_json_parquet_and_charts(
    nightly: Asked, question: str
) -> None:
    answer = nightly.answers[question]
    assert json.loads(json.dumps(answer.table.to_pylist(), default=str)) == answer.rows
    svg, png = answer.charts
    assert svg.startswith(b"<?xml")
    assert png.startswith(b"\x89PNG")
