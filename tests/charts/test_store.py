"""MinIO, its users, and who gets which password."""

import json

import msgspec
import pytest

from services.provisioning.__main__ import main as provisioning
from services.provisioning.policies import Access, Layout
from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, Pod, environment, of_kind, pods

HOOK = "helm.sh/hook"


@pytest.fixture(scope="module")
def minio(render: Render) -> list[Manifest]:
    return render("minio")


def job(manifests: list[Manifest], name: str) -> Pod:
    return next(pod for pod in pods(manifests) if pod.owner == f"Job {name}")


def test_four_nodes_share_what_they_keep(minio: list[Manifest]) -> None:
    spec = of_kind(minio, "StatefulSet")["dw-minio"]["spec"]
    assert spec["replicas"] == 4
    (container,) = spec["template"]["spec"]["containers"]
    drives = "http://dw-minio-{0...3}.dw-minio-nodes.sky.svc:9000/data-0"
    assert container["args"] == ["server", "--address", ":9000", drives]


def test_one_node_has_its_own_drives(render: Render) -> None:
    spec = of_kind(render("minio", "--set=nodes=1,drivesPerNode=4"), "StatefulSet")["dw-minio"]
    (container,) = spec["spec"]["template"]["spec"]["containers"]
    assert container["args"][-1] == "/data-{0...3}"
    claims = [c["metadata"]["name"] for c in spec["spec"]["volumeClaimTemplates"]]
    mounts = [m["name"] for m in container["volumeMounts"] if m["name"] != "tmp"]
    assert claims == mounts == ["data-0", "data-1", "data-2", "data-3"]


def test_the_layout_is_one_that_provisioning_reads(minio: list[Manifest]) -> None:
    text = of_kind(minio, "ConfigMap")["dw-minio-setup"]["data"]["layout.json"]
    layout = msgspec.json.decode(text, type=Layout)
    assert layout.users == {
        "archiving": Access(
            read=("reports/", "decisions/"), write=("reports/", "decisions/", "probes/")
        ),
        "archiving-verify": Access(read=("reports/", "decisions/")),
        "analysis": Access(read=("reports/", "results/"), write=("results/",)),
        "loading": Access(read=("history/",)),
        "website": Access(read=("results/",)),
    }
    assert layout.lifecycle.expiration_days == {"probes/": 1}


def test_the_jobs_call_commands_that_exist_with_options_they_know(minio: list[Manifest]) -> None:
    for name in ("dw-minio-setup-1", "dw-minio-credentials"):
        module, command, *arguments = job(minio, name).spec["containers"][0]["args"]
        assert module == "services.provisioning"
        known = {flag for option in provisioning.commands[command].params for flag in option.opts}
        assert {argument for argument in arguments if argument.startswith("--")} <= known


def test_the_setup_finds_the_credentials_where_it_looks_for_them(minio: list[Manifest]) -> None:
    volumes = job(minio, "dw-minio-setup-1").spec["volumes"]
    sources = next(v for v in volumes if v["name"] == "credentials")["projected"]["sources"]
    paths = {item["path"] for source in sources for item in source["secret"]["items"]}
    assert paths == {
        "root/rootUser",
        "root/rootPassword",
        "archiving/accessKey",
        "archiving/secretKey",
        "archiving-verify/accessKey",
        "archiving-verify/secretKey",
        "analysis/accessKey",
        "analysis/secretKey",
        "loading/accessKey",
        "loading/secretKey",
        "website/accessKey",
        "website/secretKey",
    }


def test_secrets_are_made_before_anything_needs_them(minio: list[Manifest]) -> None:
    made = of_kind(minio, "Job")["dw-minio-credentials"]
    assert made["metadata"]["annotations"][HOOK] == "pre-install,pre-upgrade"
    arguments = job(minio, "dw-minio-credentials").spec["containers"][0]["args"]
    assert set(arguments) >= {
        "dw-minio-root",
        *(
            f"dw-minio-{user}"
            for user in ("archiving", "archiving-verify", "analysis", "loading", "website")
        ),
    }


def test_the_bucket_is_no_hook_as_archiving_waits_for_it(minio: list[Manifest]) -> None:
    assert HOOK not in of_kind(minio, "Job")["dw-minio-setup-1"]["metadata"].get("annotations", {})


def test_secrets_of_ones_own_are_used_and_not_made(render: Render) -> None:
    manifests = render(
        "minio",
        "--set=existingSecret=my-root,global.s3.existingSecrets.archiving=my-archiving",
    )
    arguments = job(manifests, "dw-minio-credentials").spec["containers"][0]["args"]
    assert "--root" not in arguments
    assert json.dumps(manifests).count("my-archiving") == 1
    assert '"dw-minio-archiving"' not in json.dumps(manifests)


def test_who_uses_the_store_has_a_user_of_its_own(everything: list[Manifest]) -> None:
    owners = {
        "Deployment dw-archiving": "dw-minio-archiving",
        "CronJob dw-archiving-verify": "dw-minio-archiving-verify",
        "Deployment dw-website": "dw-minio-website",
        "SparkApplication dw-analysis-1 driver": "dw-minio-analysis",
    }
    for owner, secret in owners.items():
        variables = environment(next(pod for pod in pods(everything) if pod.owner == owner))
        for variable, key in (("ACCESS", "accessKey"), ("SECRET", "secretKey")):
            reference = {"secretKeyRef": {"name": secret, "key": key}}
            assert variables[f"DRONEWATCH_S3_{variable}_KEY"] == reference
        assert variables["DRONEWATCH_S3_ENDPOINT"] == "http://dw-minio:9000"


def test_an_external_store_needs_no_minio(render: Render) -> None:
    external = "global.s3.endpoint=https://s3.example.org,minio.enabled=false"
    manifests = render("dronewatch", f"--set={external}")
    assert not of_kind(manifests, "StatefulSet")
    archiving = next(p for p in pods(manifests) if p.owner == "Deployment dw-archiving")
    assert environment(archiving)["DRONEWATCH_S3_ENDPOINT"] == "https://s3.example.org"
