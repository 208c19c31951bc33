"""What stands in a namespace and in its archive, to be compared with what stood there before."""

from cluster import archive
from cluster.access import store_access
from cluster.commands import kubectl, run
from cluster.release import Platform

# They tell what happened; the API server forgets them by itself.
EVENTS = {"events", "events.events.k8s.io"}
# Kubernetes puts them into every namespace.
ALWAYS = frozenset({"configmap/kube-root-ca.crt", "serviceaccount/default"})


def resources(namespace: str) -> frozenset[str]:
    """All that stands there, of whatever kind the cluster knows, as `kind/name`."""
    listed = run("kubectl", "api-resources", "--namespaced", "--verbs=list", "--output=name")
    kinds = ",".join(sorted({*listed.split()} - EVENTS))
    found = kubectl(namespace, "get", kinds, "--output=name", "--ignore-not-found")
    return frozenset(found.split()) - ALWAYS


def kept(platform: Platform) -> frozenset[str]:
    """What stays of a release: the store's volume and the website's, and who may open them."""
    store, website = platform.named("minio"), platform.named("website")
    users = ("root", "archiving", "archiving-verify", "loading", "analysis", "website")
    secrets = {f"{website}-keys", *(f"{store}-{user}" for user in users)}
    claims = {website, f"data-0-{store}-0"}
    return frozenset(
        {f"secret/{name}" for name in secrets}
        | {f"persistentvolumeclaim/{name}" for name in claims}
    )


def objects(platform: Platform) -> dict[str, tuple[str, str]]:
    """Content's digest and time of writing of each object of the archive, by name."""
    with store_access(platform, "analysis") as store:
        found = archive.objects(store)
        return {at.object_name: (at.etag, at.last_modified.isoformat()) for at in found}
