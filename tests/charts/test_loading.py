"""The Job that loads the police's history: what it reads, where it keeps how far it is."""

from typing import Any

import pytest

from services.loading.__main__ import main as loader
from services.provisioning.__main__ import main as provisioning
from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, Pod, environment, of_kind, pods, unmarked

FOLDER = "/var/lib/dronewatch"
CLAIM = "source.kind=claim,source.name=police,source.files={a.csv}"
CONFIG_MAP = "source.kind=configMap,source.name=history,source.files={a.csv}"
BUCKET = "source.kind=bucket,source.files={history/2013/a.csv.gz,history/b.csv}"


def job(render: Render, *arguments: str) -> Manifest:
    (found,) = of_kind(render("loading", *arguments), "Job").values()
    return found


def pod_of(made: Manifest) -> Pod:
    (pod,) = pods([made])
    return pod


def pod(render: Render, source: str) -> Pod:
    return pod_of(job(render, "--set", source))


def loader_of(made: Pod) -> dict[str, Any]:
    (container,) = made.spec["containers"]
    return dict(container)


def volumes(made: Pod) -> dict[str, Any]:
    return {volume.pop("name"): volume for volume in map(dict, made.spec["volumes"])}


def mounts(container: dict[str, Any]) -> dict[str, Any]:
    return {mount["mountPath"]: mount for mount in container["volumeMounts"]}


def test_nothing_is_loaded_unless_something_is_named(render: Render) -> None:
    kinds = {manifest["kind"] for manifest in render("loading")}
    assert not kinds & {"Job", "PersistentVolumeClaim"}
    assert "dw-loading" not in str(of_kind(render("dronewatch"), "Job"))


@pytest.mark.parametrize("source", [CLAIM, CONFIG_MAP, BUCKET])
def test_the_loader_gets_options_that_it_knows(render: Render, source: str) -> None:
    made = pod_of(job(render, "--set", f"{source},rate=100000", "--set-json=maxRejected=0.1"))
    module, *arguments = loader_of(made)["args"]
    assert module == "services.loading"
    options = dict(a.removeprefix("--").split("=") for a in arguments if a.startswith("--"))
    assert options == {
        "topic": "reports",
        "checkpoint": FOLDER,
        "rejected": FOLDER,
        "max-rejected": "0.1",
        "rate": "100000",
    }
    known = {option.name for option in loader.params}
    assert {name.replace("-", "_") for name in options} <= known
    variables = {name.removeprefix("DRONEWATCH_").lower() for name in environment(made)}
    assert variables <= known | {"kafka_password"}


def test_a_file_of_a_claim_or_a_config_map_is_read_where_it_is_and_never_written_to(
    render: Render,
) -> None:
    wanted = {
        CLAIM: {"persistentVolumeClaim": {"claimName": "police", "readOnly": True}},
        CONFIG_MAP: {"configMap": {"name": "history"}},
    }
    for source, volume in wanted.items():
        made = pod(render, source)
        assert "/srv/history/a.csv" in loader_of(made)["args"]
        assert mounts(loader_of(made))["/srv/history"]["readOnly"] is True
        assert volumes(made)["history"] == volume
        assert "initContainers" not in made.spec


def test_objects_are_copied_to_the_jobs_volume_before_they_are_read(render: Render) -> None:
    made = pod(render, BUCKET)
    (fetching,) = made.spec["initContainers"]
    module, command, *arguments = fetching["args"]
    assert (module, command) == ("services.provisioning", "fetch")
    options = [a.partition("=")[0] for a in arguments if a.startswith("--")]
    params = provisioning.commands["fetch"].params
    assert {*options} <= {flag for option in params for flag in option.opts}
    assert arguments[len(options) :] == ["history/2013/a.csv.gz", "history/b.csv"]
    assert "--bucket=dronewatch" in arguments
    assert mounts(fetching)[FOLDER] == mounts(loader_of(made))[FOLDER]
    assert loader_of(made)["args"][-2:] == [f"{FOLDER}/a.csv.gz", f"{FOLDER}/b.csv"]


def test_the_objects_are_read_as_a_user_of_the_store_that_may_read_nothing_else(
    render: Render,
) -> None:
    made = pod(render, BUCKET)
    (fetching,) = made.spec["initContainers"]
    variables = environment(Pod("", {}, {"containers": [fetching]}))
    known = {f"DRONEWATCH_{o.name}".upper() for o in provisioning.commands["fetch"].params}
    assert variables.keys() <= known | {"DRONEWATCH_S3_SECRET_KEY"}
    reference = {"secretKeyRef": {"name": "dw-minio-loading", "key": "secretKey"}}
    assert variables["DRONEWATCH_S3_SECRET_KEY"] == reference
    # The loader itself has no business there.
    assert not [name for name in environment(made) if "S3" in name]


def test_another_bucket_and_an_external_store_can_be_named(render: Render) -> None:
    external = "global.s3.endpoint=https://s3.example.org,global.s3.existingSecrets.loading=mine"
    made = pod(render, f"{BUCKET},source.name=police,{external}")
    (fetching,) = made.spec["initContainers"]
    assert "--bucket=police" in fetching["args"]
    variables = environment(Pod("", {}, {"containers": [fetching]}))
    assert variables["DRONEWATCH_S3_ENDPOINT"] == "https://s3.example.org"
    assert variables["DRONEWATCH_S3_ACCESS_KEY"]["secretKeyRef"]["name"] == "mine"


def test_how_far_it_is_outlives_the_pod(render: Render) -> None:
    made = pod(render, CLAIM)
    assert volumes(made)["progress"] == {"persistentVolumeClaim": {"claimName": "dw-loading"}}
    assert "readOnly" not in mounts(loader_of(made))[FOLDER]
    (claim,) = of_kind(render("loading", "--set", CLAIM), "PersistentVolumeClaim").values()
    assert claim["metadata"]["name"] == "dw-loading"


def test_it_reaches_kafka_as_itself(render: Render, everything: list[Manifest]) -> None:
    variables = environment(pod(render, CLAIM))
    assert variables["DRONEWATCH_KAFKA_USERNAME"] in of_kind(everything, "KafkaUser")
    password = {"secretKeyRef": {"name": "dw-loading", "key": "password"}}
    assert variables["DRONEWATCH_KAFKA_PASSWORD"] == password


def test_a_pod_that_is_killed_is_made_anew_once_it_has_ended(render: Render) -> None:
    spec = job(render, "--set", CLAIM)["spec"]
    # Both would write one checkpoint.
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["backoffLimit"] == 6


def test_bad_usage_is_not_tried_again_and_a_drained_node_is_no_failure(render: Render) -> None:
    bad, drained = job(render, "--set", CLAIM)["spec"]["podFailurePolicy"]["rules"]
    assert (bad["action"], bad["onExitCodes"]["values"]) == ("FailJob", [2])
    assert bad["onExitCodes"]["containerName"] == loader_of(pod(render, CLAIM))["name"]
    assert drained == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}


def test_an_upgrade_that_changes_nothing_leaves_the_job_as_it_is(render: Render) -> None:
    first = job(render, "--set", CLAIM)
    assert first == job(render, "--set", CLAIM, "--is-upgrade")
    assert unmarked(first["metadata"]["name"]) == "dw-loading"


@pytest.mark.parametrize(
    "change",
    [
        "source.files={b.csv}",
        "source.name=other",
        "source.edition=second",
        "rate=5",
        "retries=1",
        "image.tag=new",
        "resources.limits.memory=1Gi",
    ],
)
def test_whatever_is_changed_makes_another_job_as_none_can_be_changed(
    render: Render, change: str
) -> None:
    first, second = job(render, "--set", CLAIM), job(render, "--set", CLAIM, "--set", change)
    assert first["metadata"]["name"] != second["metadata"]["name"]


def test_the_next_job_finds_what_was_loaded_of_the_same_source_and_edition_only(
    render: Render,
) -> None:
    def place(change: str) -> str:
        made = pod_of(job(render, "--set", CLAIM, "--set", change))
        return str(mounts(loader_of(made))[FOLDER]["subPath"])

    assert place("image.tag=new") == place("source.files={b.csv}") == "claim-police"
    others = [CONFIG_MAP, BUCKET, "source.name=other", "source.edition=second"]
    assert len({place(change) for change in others} | {"claim-police"}) == len(others) + 1
