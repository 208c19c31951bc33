"""A second platform beside the shared one: changed, taken back, removed and installed again."""

import json
import shlex
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click
import pytest
import yaml
from fleet import FLEET, adds_up, sent_more_than
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from minio import Minio
from minio.error import S3Error
from remains import kept, objects, resources
from rollout import PARTS, await_images, images, ready, while_reports_flow

from cluster.access import STORE_PORT, forwarded, kafka_access, secret
from cluster.archive import BUCKET
from cluster.commands import kubectl, run
from cluster.images import load
from cluster.release import Platform, remove_namespaces, roll_back, uninstall
from cluster.witness import WITNESS, archived_rows, evidence
from local.processes import Goal, await_until
from services.archiving.naming import object_start
from services.stream.connection import new_client

REPOSITORY = Path(__file__).parents[1]
PARTITIONS = 3
SMALL = {
    "global.topics.reports.partitions": PARTITIONS,
    "analysis.enabled": False,
    # Not the reports of the shared platform's fleet.
    "simulator.seed": 1,
    "simulator.rate": 300,
    "kafka.resources.requests.cpu": "50m",
    "archiving.objectAgeSeconds": 5,
    **{f"{part}.autoscaling.enabled": False for part in PARTS},
    **{f"{part}.replicas": 1 for part in PARTS},
    **{f"{part}.resources.requests.cpu": "20m" for part in PARTS},
}
AS_MANY_AS_PARTITIONS = SMALL | {
    "alerting.logLevel": "debug",
    "archiving.objectAgeSeconds": 6,
    **{f"{part}.replicas": PARTITIONS for part in PARTS},
}


def given(values: dict[str, object]) -> tuple[str, ...]:
    texts = (f"{name}={json.dumps(value)}" for name, value in values.items())
    return (*FLEET, *(f"--set-json={text}" for text in texts))


def make(target: str, platform: Platform, *arguments: str) -> None:
    """A target of the Makefile, as a person runs it."""
    variables = (f"NAMESPACE={platform.namespace}", f"RELEASE={platform.release}")
    run("make", "-C", str(REPOSITORY), target, *variables, f"ARGS={shlex.join(arguments)}")


@pytest.fixture(scope="module")
def second(platform: Platform, installed: Callable[..., None]) -> Iterator[Platform]:
    """Of the same name as the shared one, in a namespace of its own."""
    made = Platform(f"dronewatch-{uuid.uuid4().hex[:6]}", platform.release)
    try:
        installed(made, *given(SMALL))
        yield made
    finally:
        uninstall(made)
        remove_namespaces(made.namespace)


@pytest.fixture(scope="module")
def at_the_limit(second: Platform, installed: Callable[..., None]) -> Platform:
    """The second platform after an upgrade: other values, a replica for each partition."""
    while_reports_flow(second, lambda: installed(second, *given(AS_MANY_AS_PARTITIONS)))
    return second


@pytest.fixture(scope="module")
def new_tag(second: Platform) -> Iterator[str]:
    """Another tag of the images of PARTS, known to the cluster's nodes."""
    new = [f"{image}-again" for image in set().union(*images(second).values())]
    for image in new:
        run("docker", "tag", image.removesuffix("-again"), image)
    try:
        if load(new) is None:
            pytest.skip("this cluster takes no image from here")
        yield new[0].rpartition(":")[2]
    finally:
        run("docker", "image", "rm", *new)


def test_an_upgrade_to_other_values_and_as_many_replicas_as_partitions_loses_nothing(
    at_the_limit: Platform,
) -> None:
    # Each update brings a pod more than there are partitions: it must become ready without one.
    assert ready(at_the_limit) == dict.fromkeys(PARTS, PARTITIONS)
    path = "--output=jsonpath={.spec.template.spec.containers[0].env}"
    deployment = f"deployment/{at_the_limit.named('alerting')}"
    assert '"debug"' in kubectl(at_the_limit.namespace, "get", deployment, path)
    adds_up(at_the_limit)


def test_a_new_image_comes_with_an_upgrade_and_goes_with_a_rollback_and_nothing_is_lost(
    at_the_limit: Platform, new_tag: str, installed: Callable[..., None]
) -> None:
    before = images(at_the_limit)
    new = {part: {f"{image}-again" for image in before[part]} for part in PARTS}
    tags = {f"{part}.image.tag": new_tag for part in PARTS}
    values = given(AS_MANY_AS_PARTITIONS | tags)
    while_reports_flow(at_the_limit, lambda: installed(at_the_limit, *values))
    await_images(at_the_limit, new)
    adds_up(at_the_limit)
    while_reports_flow(at_the_limit, lambda: roll_back(at_the_limit))
    await_images(at_the_limit, before)
    adds_up(at_the_limit)


def test_two_platforms_on_one_cluster_keep_to_their_own_reports(
    platform: Platform, second: Platform
) -> None:
    for each in (platform, second):
        sent_more_than(each, 1_500)
    for each in (platform, second):
        adds_up(each)


@pytest.mark.parametrize("user", ("simulator", "alerting", "archiving"))
def test_kafka_refuses_the_password_of_the_user_of_that_name_on_another_platform(
    platform: Platform, second: Platform, user: str
) -> None:
    password = secret(second, second.named(user), "password")
    with kafka_access(platform, user) as connection:
        new_client(KafkaAdminClient, connection).close()
        theirs = replace(connection, password=password)
        with pytest.raises(KafkaError):
            new_client(KafkaAdminClient, theirs, bootstrap_timeout_ms=5_000)


@pytest.mark.parametrize(
    ("user", "keys"),
    (
        ("root", ("rootUser", "rootPassword")),
        ("archiving", ("accessKey", "secretKey")),
        ("analysis", ("accessKey", "secretKey")),
    ),
)
def test_the_store_refuses_the_keys_of_another_platforms_store(
    platform: Platform, second: Platform, user: str, keys: tuple[str, str]
) -> None:
    theirs = (secret(second, f"{second.named('minio')}-{user}", key) for key in keys)
    with forwarded(platform, f"service/{platform.named('minio')}", STORE_PORT) as port:
        store = Minio(f"127.0.0.1:{port}", *theirs, secure=False, region="us-east-1")
        with pytest.raises(S3Error, match="InvalidAccessKeyId"):
            list(store.list_objects(BUCKET, prefix="reports/"))


def test_a_release_makes_nothing_outside_its_namespace(platform: Platform) -> None:
    table = run("kubectl", "api-resources", "--namespaced", "--no-headers").splitlines()
    namespaced = {(line.split()[-3], line.split()[-1]) for line in table}
    release = (platform.release, "--namespace", platform.namespace)
    texts = (run("helm", "get", what, *release) for what in ("manifest", "hooks"))
    made = [each for text in texts for each in yaml.safe_load_all(text) if each]
    assert len(made) > 20
    assert {(each["apiVersion"], each["kind"]) for each in made} <= namespaced
    assert {each["metadata"].get("namespace", platform.namespace) for each in made} == {
        platform.namespace
    }


def test_undeployed_and_deployed_again_a_platform_finds_its_old_archive_and_adds_a_new_one(
    second: Platform,
) -> None:
    found, before = evidence(second), objects(second)
    assert found.differences == ()
    make("undeploy", second)
    await_remains(second)
    make("deploy", second, *WITNESS, *given(SMALL))
    sent_more_than(second, 1_500)
    adds_up(second)
    after = objects(second)
    assert {name: after.get(name) for name in before} == before
    (old_topic,), (new_topic,) = topic_ids(before), topic_ids(after.keys() - before.keys())
    assert old_topic != new_topic
    assert archived_rows(second, old_topic) == found.rows


def topic_ids(names: Iterable[str]) -> set[str]:
    return {start.topic_id for name in names if (start := object_start(name))}


def await_remains(platform: Platform) -> None:
    goal = Goal("the rest should go", 90)
    with suppress(click.ClickException):
        await_until(lambda: resources(platform.namespace) == kept(platform), [], goal, 1.0)
    assert resources(platform.namespace) == kept(platform)
    # As docs/operations.md says to remove it.
    selected = ("get", "pvc,secret", "--selector", platform.selector, "--output=name")
    assert {*kubectl(platform.namespace, *selected).split()} == kept(platform)
