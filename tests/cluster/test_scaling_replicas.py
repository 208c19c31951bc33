import click
import pytest

from cluster.scaling.replicas import (
    Autoscaler,
    Count,
    Look,
    Part,
    fall_seconds,
    goals,
    has_fallen,
    has_risen,
    homeless_pods,
    is_at,
    is_autoscaled,
    parts_of,
    rate_between,
    ready_pods,
    sample,
)

NAMES = {"alerting": "sky-alerting"}
SCALER = Autoscaler(maximum=6, scale_down_seconds=60, cpu_percent=12)


def deployment(name="sky-alerting", wanted=1, **status):
    return {
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": wanted},
        "status": status,
    }


def autoscaler(target="sky-alerting", metrics=None, **spec):
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "any"},
        "spec": {"maxReplicas": 6, "scaleTargetRef": {"name": target}, **spec},
        "status": {"currentMetrics": metrics},
    }


def cpu(percent):
    return {"type": "Resource", "resource": {"name": "cpu", "current": percent}}


def pod(name, component="alerting", ready="True", **metadata):
    labels = {"app.kubernetes.io/component": component}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels, **metadata},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def look(*parts):
    return Look(0.0, None, parts)


def test_a_part_is_what_its_deployment_and_its_autoscaler_say():
    window = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    metrics = [cpu({"averageUtilization": 243})]
    items = [
        deployment(wanted=4, readyReplicas=1),
        deployment("sky-simulator"),
        autoscaler(metrics=metrics, behavior=window),
    ]
    assert parts_of(items, NAMES) == (Part("alerting", 4, 1, Autoscaler(6, 60, 243)),)


def test_an_autoscaler_belongs_to_the_deployment_it_scales_whatever_its_own_name():
    [part] = parts_of([deployment(), autoscaler(target="sky-archiving")], NAMES)
    assert part.autoscaler is None


@pytest.mark.parametrize(
    "metrics",
    [None, [], [{"type": "External", "external": {"current": {"value": "7"}}}], [cpu({})]],
    ids=["none yet", "none", "lag", "cpu unknown"],
)
def test_an_autoscaler_without_cpu_is_an_autoscaler_that_sees_none(metrics):
    [part] = parts_of([deployment(), autoscaler(metrics=metrics)], NAMES)
    assert part.autoscaler == Autoscaler(6, 300, None)


def test_pods_of_a_new_deployment_count_as_none_ready():
    [part] = parts_of([deployment(wanted=2)], NAMES)
    assert (part.wanted, part.ready) == (2, 0)


def test_a_missing_deployment_is_named():
    with pytest.raises(click.ClickException, match="no Deployment sky-alerting"):
        parts_of([deployment("sky-archiving")], NAMES)


def test_pods_that_start_or_end_or_are_of_another_component_do_not_answer_for_it():
    items = [
        pod("works"),
        pod("starts", ready="False"),
        pod("ends", deletionTimestamp="2026-01-01T00:00:00Z"),
        pod("archives", component="archiving"),
        deployment(),
    ]
    assert ready_pods(items, "alerting") == ["works"]


def test_a_pod_that_no_node_takes_is_told_with_the_reason():
    condition = {"type": "PodScheduled", "status": "False", "message": "Insufficient cpu."}
    waiting = pod("waits") | {"status": {"conditions": [condition]}}
    new = pod("new") | {"status": {}}
    assert homeless_pods([pod("works"), waiting, new, deployment()]) == [
        "pod waits finds no node: Insufficient cpu."
    ]


def test_a_metric_is_found_by_its_whole_name():
    metrics = "# TYPE sent counter\nsent_total_created 1.7e+09\nsent_total 1.5e+06\nx 2\n"
    assert sample(metrics, "sent_total") == 1_500_000
    assert sample(metrics, "sent") is None


def test_the_rate_is_what_came_between_two_counts():
    assert rate_between(Count("a", 100, 10.0), Count("a", 1_100, 12.0)) == 500


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (None, Count("a", 1, 1.0)),
        (Count("a", 1, 1.0), None),
        (Count("a", 1, 1.0), Count("b", 9, 2.0)),
        (Count("a", 9, 1.0), Count("a", 1, 2.0)),
        (Count("a", 1, 1.0), Count("a", 1, 1.0)),
    ],
    ids=["first", "gone", "another pod", "restarted", "no time"],
)
def test_counts_of_two_runs_give_no_rate(earlier, later):
    assert rate_between(earlier, later) is None


@pytest.mark.parametrize(("wanted", "goal"), [(1, 3), (2, 3), (3, 4)])
def test_the_load_is_to_bring_three_replicas_and_more_than_there_are(wanted, goal):
    assert goals([Part("alerting", wanted, wanted, SCALER)]) == {"alerting": goal}


def test_by_autoscalers_needs_autoscalers():
    with pytest.raises(click.ClickException, match="alerting is not autoscaled: try MODE=manual"):
        goals([Part("alerting", 1, 1, None)])


def test_an_autoscaler_without_room_is_named_with_the_value_to_raise():
    narrow = Autoscaler(maximum=2, scale_down_seconds=60, cpu_percent=None)
    with pytest.raises(
        click.ClickException, match=r"no room for 3: raise alerting\.autoscaling\.max"
    ):
        goals([Part("alerting", 1, 1, narrow)])


def test_replicas_have_risen_once_each_part_has_them_ready():
    both = {"alerting": 3, "archiving": 3}
    alerting, archiving = Part("alerting", 4, 4, SCALER), Part("archiving", 3, 3, SCALER)
    assert has_risen(look(alerting, archiving), both)
    assert not has_risen(look(alerting, Part("archiving", 3, 2, SCALER)), both)


def test_replicas_have_fallen_once_no_more_are_there_or_wanted():
    one = {"alerting": 1}
    assert has_fallen(look(Part("alerting", 1, 1, SCALER)), one)
    assert not has_fallen(look(Part("alerting", 1, 2, SCALER)), one)
    assert not has_fallen(look(Part("alerting", 2, 1, SCALER)), one)


def test_replicas_by_hand_are_there_once_wanted_and_ready_are_as_said():
    three = {"alerting": 3}
    assert is_at(look(Part("alerting", 3, 3, None)), three)
    assert not is_at(look(Part("alerting", 3, 4, None)), three)
    assert not is_at(look(Part("alerting", 1, 3, None)), three)


def test_a_part_is_autoscaled_if_it_has_an_autoscaler():
    seen = look(Part("alerting", 1, 1, SCALER), Part("archiving", 1, 1, None))
    assert is_autoscaled(seen) == {"alerting": True, "archiving": False}


def test_more_replicas_and_a_slower_autoscaler_may_take_longer_to_go():
    few, many = Part("alerting", 2, 2, SCALER), Part("alerting", 6, 6, SCALER)
    slow = Part("alerting", 2, 2, Autoscaler(6, 300, None))
    assert fall_seconds([many, few]) - fall_seconds([few, few]) == 4 * 30
    assert fall_seconds([slow]) - fall_seconds([few]) == 240
