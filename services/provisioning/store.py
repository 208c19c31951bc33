"""Brings the store to its layout: bucket, versioning, lifecycle, policies, users. Idempotent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED, Filter
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, MinioException, S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, NoncurrentVersionExpiration, Rule
from minio.versioningconfig import VersioningConfig

from services.provisioning.policies import Layout, Lifecycle, policy

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
BUCKET_IS_OURS = "BucketAlreadyOwnedByYou"

FAILURES = (MinioException, MinioAdminException, urllib3.exceptions.HTTPError)


@dataclass(frozen=True, slots=True)
class Keys:
    """A user of the store; `secret_key` is its password."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Administration:
    """Both of minio-py's clients, as the root user."""

    objects: Minio
    users: MinioAdmin


def administration(endpoint: str, root: Keys, region: str) -> Administration:
    """The clients for a server at a URL; nothing is asked yet."""
    settings = _settings(endpoint, root, region)
    return Administration(Minio(**settings), MinioAdmin(**settings))


def reader(endpoint: str, user: Keys, region: str) -> Minio:
    """A client for objects of any S3 store at a URL; nothing is asked yet."""
    return Minio(**_settings(endpoint, user, region))


def _settings(endpoint: str, keys: Keys, region: str) -> dict[str, Any]:
    """What both of minio-py's clients are told."""
    url = urlsplit(endpoint)
    return {
        "endpoint": url.netloc,
        "credentials": StaticProvider(keys.access_key, keys.secret_key),
        "region": region,
        "secure": url.scheme == "https",
        "http_client": urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), retries=False
        ),
    }


def provision(server: Administration, layout: Layout, keys: Mapping[str, Keys]) -> None:
    """Make the store as the layout says; keys are by user name. Raises one of FAILURES."""
    _make_bucket(server.objects, layout.bucket)
    server.objects.set_bucket_versioning(layout.bucket, VersioningConfig(ENABLED))
    server.objects.set_bucket_lifecycle(layout.bucket, lifecycle_rules(layout.lifecycle))
    for name, access in layout.users.items():
        policy_name = f"{layout.bucket}-{name}"
        server.users.policy_add(policy_name, policy=policy(layout.bucket, access))
        server.users.user_add(keys[name].access_key, keys[name].secret_key)
        server.users.policy_set(policy_name, user=keys[name].access_key)


def lifecycle_rules(lifecycle: Lifecycle) -> LifecycleConfig:
    """What the store itself deletes, and when."""
    expiring = [
        Rule(
            ENABLED,
            rule_filter=Filter(prefix=prefix),
            rule_id=f"expire-{prefix.strip('/')}",
            expiration=Expiration(days=days),
        )
        for prefix, days in sorted(lifecycle.expiration_days.items())
    ]
    replaced = Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id="expire-replaced-versions",
        noncurrent_version_expiration=NoncurrentVersionExpiration(
            noncurrent_days=lifecycle.replaced_days
        ),
    )
    return LifecycleConfig([*expiring, replaced])


def _make_bucket(client: Minio, bucket: str) -> None:
    try:
        client.make_bucket(bucket)
    except S3Error as error:
        if error.code != BUCKET_IS_OURS:
            raise
