"""The operators that the platform stands on: their public charts at pinned versions. Pure.

Each is set to watch every namespace: releases of the platform in several namespaces share one
operator, and a namespace that is made later needs no change to it. Who may not have that installs
them otherwise; cluster.watching then tells whether they watch the platform's namespace.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Watch:
    """Where an operator is told which namespaces it watches; not told, it watches all.

    `setting` is a variable of its environment, or an option if it begins with dashes. What lets it
    watch all: `chart_value` as Helm's --set-json takes it, where NAMESPACES stands for a list of
    those to watch; without the chart `variable_value`, and `roles` (ClusterRoles) everywhere.
    """

    setting: str
    chart_value: str
    variable_value: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: what it is known by in a cluster, and the chart that installs it.

    `chart` is its name in the `repository`, or its address. `apis` are the APIServices that answer
    once it is there. `containers` are the names of its Deployments' containers or of their images,
    the operator's own first; none if its API alone shows that it runs. `values` and `kind_values`
    (on kind only) are for Helm's --set-json.
    """

    name: str
    namespace: str
    chart: str
    version: str
    apis: tuple[str, ...]
    repository: str = ""
    containers: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    kind_values: tuple[str, ...] = ()
    values_file: Path | None = None
    watch: Watch | None = None


STRIMZI = Operator(
    name="strimzi",
    namespace="strimzi",
    chart="oci://quay.io/strimzi-helm/strimzi-kafka-operator",
    version="1.2.0",
    apis=("v1.kafka.strimzi.io",),
    containers=("strimzi-cluster-operator",),
    values=("watchAnyNamespace=true",),
    watch=Watch(
        "STRIMZI_NAMESPACE",
        "watchAnyNamespace=true",
        variable_value="*",
        roles=(
            "strimzi-cluster-operator-namespaced",
            "strimzi-cluster-operator-watched",
            "strimzi-entity-operator",
        ),
    ),
)
SPARK = Operator(
    name="spark-operator",
    namespace="spark-operator",
    # By its address: Helm would take our folder spark-operator for a chart of that name.
    chart="https://github.com/kubeflow/spark-operator/releases/download/v{version}/spark-operator-{version}.tgz",
    version="2.5.2",
    apis=("v1beta2.sparkoperator.k8s.io",),
    containers=("spark-operator-controller", "spark-operator-webhook"),
    values_file=ROOT / "spark-operator" / "values.yaml",
    watch=Watch("--namespaces", 'spark.jobNamespaces=[""]'),
)
METRICS = Operator(
    name="metrics-server",
    namespace="kube-system",
    chart="metrics-server",
    version="3.13.1",  # metrics-server 0.8.1
    repository="https://kubernetes-sigs.github.io/metrics-server/",
    # Clusters serve it by many programs, not all of this name.
    apis=("v1beta1.metrics.k8s.io",),
    # kind's kubelets sign their own certificates.
    kind_values=('args=["--kubelet-insecure-tls"]',),
)
PROMETHEUS = Operator(
    name="prometheus",
    namespace="monitoring",
    chart="kube-prometheus-stack",
    version="77.14.0",  # Prometheus operator 0.85.0
    repository="https://prometheus-community.github.io/helm-charts",
    apis=("v1.monitoring.coreos.com",),
    containers=("prometheus-operator",),
    # Else its Prometheus sees only objects that carry the label of its own release.
    values=(
        "prometheus.prometheusSpec.podMonitorSelectorNilUsesHelmValues=false",
        "prometheus.prometheusSpec.serviceMonitorSelectorNilUsesHelmValues=false",
        "prometheus.prometheusSpec.ruleSelectorNilUsesHelmValues=false",
    ),
    # Helm has no way to take back what a release was told: it is told of one more namespace.
    watch=Watch("--namespaces", "prometheusOperator.namespaces.additional=NAMESPACES"),
)
KEDA = Operator(
    name="keda",
    namespace="keda",
    chart="keda",
    version="2.21.0",
    repository="https://kedacore.github.io/charts",
    apis=("v1alpha1.keda.sh", "v1beta1.external.metrics.k8s.io"),
    containers=("keda-operator",),
    watch=Watch("WATCH_NAMESPACE", 'watchNamespace=""'),
)


def wanted(monitoring: bool, keda: bool) -> tuple[Operator, ...]:
    """Those that the platform needs, and those that it can use."""
    return STRIMZI, SPARK, METRICS, *((PROMETHEUS,) * monitoring), *((KEDA,) * keda)


def installation(operator: Operator, on_kind: bool) -> tuple[str, ...]:
    """The helm command that installs the operator's chart; it does not wait."""
    file = operator.values_file
    values = operator.values + operator.kind_values * on_kind
    return (
        *("helm", "upgrade", "--install", operator.name),
        *chart(operator, operator.version),
        *("--namespace", operator.namespace, "--create-namespace"),
        *(("--values", str(file)) if file else ()),
        *(f"--set-json={value}" for value in values),
    )


def chart(operator: Operator, version: str) -> tuple[str, ...]:
    """Helm's arguments that name the operator's chart of this version."""
    repository = ("--repo", operator.repository) if operator.repository else ()
    return operator.chart.format(version=version), *repository, "--version", version


def chart_name(operator: Operator) -> str:
    """The chart's own name."""
    return operator.chart.rpartition("/")[2].removesuffix("-{version}.tgz")
