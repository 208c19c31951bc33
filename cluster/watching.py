"""Whether an operator watches a namespace, judged by its Deployment; and what mends it. Pure.

Only names of namespaces are judged: what an operator further selects by labels is the user's, as is
which PodMonitors a Prometheus takes.
"""

import json
import shlex
from collections.abc import Iterator

from cluster.operators import Operator, Watch, chart, chart_name
from cluster.presence import Manifest, Seen, deployments_of

OWN_NAMESPACE = "metadata.namespace"
NAMESPACES = "NAMESPACES"
CONTAINERS = "/spec/template/spec/containers"


def unwatched(operator: Operator, cluster: Seen, namespace: str) -> str | None:
    """Why none of the operator's Deployments watches the namespace, and the command that mends it.

    None if one does, or if there is none.
    """
    watch, found = operator.watch, deployments_of(operator, cluster)
    if not watch or not found or any(_watches(watch, each, namespace) for each in found):
        return None
    first = found[0]
    where = f"{_namespace(first)}/{first['metadata']['name']}"
    names = ", ".join(sorted(watched(watch, first) or ()))
    mending = mending_command(operator, watch, first, cluster, namespace)
    return f"{operator.name} ({where}) watches {names} and not {namespace}; mend it with\n{mending}"


def watched(watch: Watch, deployment: Manifest) -> frozenset[str] | None:
    """Names of the namespaces that the Deployment's operator watches; None for all."""
    told = _told(watch, deployment)
    if told is None:
        return None
    # The Spark operator's chart writes "no name" as two quotes.
    names = frozenset(name.strip().strip('"') for name in told.split(","))
    return None if names & {"", "*"} else names


def mending_command(
    operator: Operator, watch: Watch, deployment: Manifest, cluster: Seen, namespace: str
) -> str:
    """The shell command that lets it watch the namespace: by its chart, if Helm installed it."""
    release = deployment["metadata"].get("annotations", {}).get("meta.helm.sh/release-name")
    if release:
        names = (watched(watch, deployment) or frozenset()) | {namespace}
        value = watch.chart_value.replace(NAMESPACES, json.dumps(sorted(names)))
        return shlex.join(_upgrade(operator, release, deployment, value))
    if watch.setting.startswith("--"):
        return _without_option(watch.setting, deployment)
    return _with_variable(watch, deployment, cluster)


def _watches(watch: Watch, deployment: Manifest, namespace: str) -> bool:
    names = watched(watch, deployment)
    return names is None or namespace in names


def _told(watch: Watch, deployment: Manifest) -> str | None:
    """What the Deployment says of the setting; None if nothing, or nothing that stands in it."""
    if watch.setting.startswith("--"):
        return next((value for _, value in _options(watch.setting, deployment)), None)
    variables = (each for c in _containers(deployment) for each in c.get("env", ()))
    variable: Manifest = next((each for each in variables if each["name"] == watch.setting), {})
    field = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
    own = _namespace(deployment) if field == OWN_NAMESPACE else None
    value: str | None = variable.get("value", own)
    return value


def _options(name: str, deployment: Manifest) -> Iterator[tuple[str, str]]:
    """Place in the manifest and value of each argument `name=value`."""
    for number, container in enumerate(_containers(deployment)):
        for place, argument in enumerate(container.get("args", ())):
            option, _, value = argument.partition("=")
            if option == name:
                yield f"{CONTAINERS}/{number}/args/{place}", value


def _containers(deployment: Manifest) -> list[Manifest]:
    containers: list[Manifest] = deployment["spec"]["template"]["spec"]["containers"]
    return containers


def _namespace(deployment: Manifest) -> str:
    return str(deployment["metadata"]["namespace"])


def _upgrade(operator: Operator, release: str, deployment: Manifest, value: str) -> tuple[str, ...]:
    version = _chart_version(operator, deployment["metadata"].get("labels", {}))
    command = ("helm", "upgrade", release, *chart(operator, version), "--reuse-values")
    return *command, "--namespace", _namespace(deployment), f"--set-json={value}"


def _chart_version(operator: Operator, labels: Manifest) -> str:
    """That of the installed chart, so that mending upgrades nothing; else the one of our table."""
    label = str(labels.get("helm.sh/chart", labels.get("chart", "")))
    name = f"{chart_name(operator)}-"
    return label.removeprefix(name) if label.startswith(name) else operator.version


def _without_option(name: str, deployment: Manifest) -> str:
    """Not told, it watches all."""
    places = [place for place, _ in _options(name, deployment)]
    # From the last to the first: each removal moves those behind it.
    patch = json.dumps([{"op": "remove", "path": place} for place in reversed(places)])
    command = ("kubectl", "--namespace", _namespace(deployment), "patch", "deployment")
    return shlex.join((*command, deployment["metadata"]["name"], "--type=json", f"--patch={patch}"))


def _with_variable(watch: Watch, deployment: Manifest, cluster: Seen) -> str:
    """First the rights, then the variable in all Deployments of the namespace that have it."""
    namespace = _namespace(deployment)
    told = [d for d in cluster.deployments if _namespace(d) == namespace and _told(watch, d)]
    names = (f"deployment/{each['metadata']['name']}" for each in told)
    value = f"{watch.setting}={watch.variable_value}"
    setting = ("kubectl", "--namespace", namespace, "set", "env", *names, value)
    return " && ".join(map(shlex.join, (*_grants(watch, deployment), setting)))


def _grants(watch: Watch, deployment: Manifest) -> Iterator[tuple[str, ...]]:
    pod = deployment["spec"]["template"]["spec"]
    account = f"{_namespace(deployment)}:{pod.get('serviceAccountName', 'default')}"
    for role in watch.roles:
        binding = ("kubectl", "create", "clusterrolebinding", role, f"--clusterrole={role}")
        yield *binding, f"--serviceaccount={account}"
