"""The operators' resources against the operators' own definitions, where these are at hand.

DRONEWATCH_CRDS names files and folders of CustomResourceDefinitions (YAML), as PATH does folders.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.conftest import Render
from tests.charts.manifests import Manifest

CRDS = "DRONEWATCH_CRDS"
OPERATED = ("strimzi.io", "sparkoperator.k8s.io", "keda.sh", "monitoring.coreos.com")

Schema = dict[str, Any]


class Definitions(yaml.SafeLoader):
    """Reads a bare `=`, which Prometheus has among its enums, as the text it is."""


Definitions.add_constructor("tag:yaml.org,2002:value", yaml.SafeLoader.construct_yaml_str)


@pytest.fixture(scope="module")
def kubeconform() -> str:
    found = shutil.which("kubeconform")
    if found is None or CRDS not in os.environ:
        pytest.skip(f"NOT CHECKED AGAINST DEFINITIONS: no kubeconform, or {CRDS} is not set")
    return found


@pytest.fixture(scope="module")
def schemas(kubeconform: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of JSON schemas, <kind>_<group>_<version>.json."""
    folder = tmp_path_factory.mktemp("schemas")
    for place in map(Path, os.environ[CRDS].split(os.pathsep)):
        for file in [place] if place.is_file() else place.rglob("*.yaml"):
            _write_schemas(file, folder)
    return folder


def _write_schemas(file: Path, folder: Path) -> None:
    for definition in yaml.load_all(file.read_text(), Definitions):
        if not definition or definition.get("kind") != "CustomResourceDefinition":
            continue
        spec = definition["spec"]
        for version in spec["versions"]:
            name = f"{spec['names']['kind']}_{spec['group']}_{version['name']}.json".lower()
            schema = closed(version["schema"]["openAPIV3Schema"])
            (folder / name).write_text(json.dumps(schema))


def closed(schema: Schema) -> Schema:
    """The schema with every object closed, as the API server prunes what it does not know."""
    if not isinstance(schema, dict):
        return schema
    known = {name: closed(part) for name, part in schema.get("properties", {}).items()}
    inner = {key: closed(schema[key]) for key in ("items", "additionalProperties") if key in schema}
    kept = {k: v for k, v in schema.items() if k not in ("format", "nullable")} | inner
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if known:
        kept["properties"] = known
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            kept.setdefault("additionalProperties", False)
    return kept


def check(kubeconform: str, schemas: Path, manifests: list[Manifest], file: Path) -> None:
    operated = [m for m in manifests if m["apiVersion"].partition("/")[0].endswith(OPERATED)]
    assert operated
    for manifest in operated:
        manifest["metadata"].setdefault("namespace", "sky")
    file.write_text(yaml.safe_dump_all(operated))
    location = f"{schemas}/{{{{.ResourceKind}}}}_{{{{.Group}}}}_{{{{.ResourceAPIVersion}}}}.json"
    command = [kubeconform, "-schema-location", location, "-summary", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_the_operators_get_is_what_they_know(
    kubeconform: str, schemas: Path, everything: list[Manifest], tmp_path: Path
) -> None:
    check(kubeconform, schemas, everything, tmp_path / "everything.yaml")


@pytest.mark.parametrize("chart", ["alerting", "archiving"])
def test_what_keda_gets_is_what_it_knows(
    kubeconform: str, schemas: Path, render: Render, tmp_path: Path, chart: str
) -> None:
    manifests = render(chart, "--set=autoscaling.lag.enabled=true")
    check(kubeconform, schemas, manifests, tmp_path / "lag.yaml")


def test_a_field_that_they_do_not_know_would_be_found(
    kubeconform: str, schemas: Path, render: Render, tmp_path: Path
) -> None:
    kafka = render("kafka")
    kafka[0]["spec"]["tpyo"] = 1
    with pytest.raises(AssertionError, match="tpyo"):
        check(kubeconform, schemas, kafka, tmp_path / "kafka.yaml")
