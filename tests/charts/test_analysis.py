"""The analysis as the Spark operator is asked for it."""

import pytest

from analysis.__main__ import run
from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, of_kind

QUESTION = "--set-string=questions.most-seen=SELECT 1"


@pytest.fixture(scope="module")
def application(render: Render) -> Manifest:
    manifests = render("analysis", "--set=run.enabled=true", QUESTION)
    return of_kind(manifests, "SparkApplication")["dw-analysis-1"]["spec"]


def test_every_night_asks_about_the_day_before(render: Render) -> None:
    manifests = render("analysis")
    assert not of_kind(manifests, "SparkApplication")
    (nightly,) = (m["spec"] for m in of_kind(manifests, "ScheduledSparkApplication").values())
    assert nightly["concurrencyPolicy"] == "Forbid"
    assert {"--from=yesterday", "--to=today"} <= set(nightly["template"]["arguments"])


def test_a_changed_schedule_makes_a_new_object_because_the_operator_keeps_to_the_old_time(
    render: Render,
) -> None:
    every_hour = "--set=nightly.schedule=0 * * * *"
    names = [
        name
        for arguments in ((), (every_hour,), (every_hour, "--set=nightly.keepFailed=1"))
        for name in of_kind(render("analysis", *arguments), "ScheduledSparkApplication")
    ]
    assert names[0] != names[1] == names[2]


def test_a_run_now_asks_about_everything(application: Manifest) -> None:
    arguments = application["arguments"]
    assert not [word for word in arguments if word.startswith(("--from", "--to="))]


def test_the_arguments_are_options_that_the_program_knows(application: Manifest) -> None:
    command, *arguments = application["arguments"]
    known = {flag for option in run.params for flag in option.opts}
    assert command == "run"
    assert {argument.partition("=")[0] for argument in arguments} <= known
    # Its own parser accepts the values, too.
    run.make_context("run", [word for word in arguments if "--sql" not in word])


def test_a_question_of_ones_own_is_added_to_the_others(
    render: Render, application: Manifest
) -> None:
    assert "--sql=/etc/dronewatch/questions/most-seen.sql" in application["arguments"]
    assert "--question=all" in application["arguments"]
    files = of_kind(render("analysis", QUESTION), "ConfigMap")["dw-analysis-questions"]["data"]
    assert files == {"most-seen.sql": "SELECT 1"}
    driver = application["driver"]["template"]["spec"]
    (mounted,) = (v for v in driver["volumes"] if v["name"] == "questions")
    assert mounted["configMap"]["name"] == "dw-analysis-questions"


def test_the_executors_hold_no_password(application: Manifest) -> None:
    (container,) = application["executor"]["template"]["spec"]["containers"]
    assert container["name"] == "spark-kubernetes-executor"
    assert "env" not in container


def test_driver_and_executors_meet_on_the_ports_of_the_flows(application: Manifest) -> None:
    settings = application["sparkConf"]
    assert settings["spark.driver.port"] == "7078"
    assert settings["spark.blockManager.port"] == "7079"
    assert settings["spark.driver.blockManager.port"] == "7079"


def test_the_operator_needs_no_right_to_make_network_policies(application: Manifest) -> None:
    excluded = application["sparkConf"]["spark.kubernetes.driver.pod.excludedFeatureSteps"]
    assert excluded.endswith("NetworkPolicyFeatureStep")


def test_settings_of_ones_own_go_above_the_charts(render: Render) -> None:
    given = r"--set-string=sparkConf.spark\.driver\.port=7000,sparkConf.spark\.x=y"
    (nightly,) = of_kind(render("analysis", given), "ScheduledSparkApplication").values()
    settings = nightly["spec"]["template"]["sparkConf"]
    assert (settings["spark.driver.port"], settings["spark.x"]) == ("7000", "y")
    assert settings["spark.metrics.namespace"] == "dronewatch"


def test_both_roles_have_an_account_and_only_the_drivers_may_do_anything(render: Render) -> None:
    manifests = render("analysis")
    assert of_kind(manifests, "ServiceAccount").keys() == {
        "dw-analysis-driver",
        "dw-analysis-executor",
    }
    (binding,) = of_kind(manifests, "RoleBinding").values()
    assert [subject["name"] for subject in binding["subjects"]] == ["dw-analysis-driver"]
