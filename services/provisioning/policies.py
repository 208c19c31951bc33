"""What each user may do in the store, as S3 policy documents. Pure.

Nobody may delete. A policy cannot forbid a put on a name that is taken, so the bucket keeps
versions: a put hides what stood there but does not destroy it.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

POLICY_VERSION = "2012-10-17"


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user's rights, each on prefixes of the bucket such as `reports/`."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


class Lifecycle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days after which objects below a prefix go, and after which replaced versions go."""

    expiration_days: dict[str, int] = {}
    replaced_days: int = 30


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the store must hold: one bucket, its users by name, its lifecycle."""

    bucket: str
    users: dict[str, Access] = {}
    lifecycle: Lifecycle = Lifecycle()


def policy(bucket: str, access: Access) -> dict[str, Any]:
    """The policy document that gives exactly this access."""
    listing = {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}"],
        "Condition": {"StringLike": {"s3:prefix": patterns((*access.read, *access.write))}},
    }
    location = {
        "Effect": "Allow",
        "Action": ["s3:GetBucketLocation"],
        "Resource": [f"arn:aws:s3:::{bucket}"],
    }
    objects = (("s3:GetObject", access.read), ("s3:PutObject", access.write))
    statements = [_on_objects(bucket, action, paths) for action, paths in objects if paths]
    return {"Version": POLICY_VERSION, "Statement": [location, listing, *statements]}


def patterns(prefixes: Iterable[str]) -> list[str]:
    """What matches all below the prefixes, and these themselves without their last slash.

    Hadoop asks for `reports` before it lists `reports/`: a refusal would end the analysis, while
    "no such object" is what it expects.
    """
    return sorted({pattern for p in prefixes for pattern in (p.rstrip("/"), f"{p}*")})


def _on_objects(bucket: str, action: str, prefixes: tuple[str, ...]) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{bucket}/{pattern}" for pattern in patterns(prefixes)]
    return {"Effect": "Allow", "Action": [action], "Resource": resources}
