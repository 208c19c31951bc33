"""Secrets made once: a Secret that is there already is left as it is, whatever is in it."""

import secrets
import string
from collections.abc import Mapping

from kubernetes import client
from kubernetes.client.exceptions import ApiException

CONFLICT = 409
LETTERS = string.ascii_letters + string.digits
KEY_LENGTH = 20
PASSWORD_LENGTH = 40

# Keys of a Secret, and the lengths of their texts.
STORE_ROOT = {"rootUser": KEY_LENGTH, "rootPassword": PASSWORD_LENGTH}
STORE_USER = {"accessKey": KEY_LENGTH, "secretKey": PASSWORD_LENGTH}
# A person types the operator's password, at least once.
WEBSITE = {"sessionKey": 64, "operatorPassword": 20}


def random_text(length: int) -> str:
    """Letters and digits from the system's source of randomness."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def create_once(api: client.CoreV1Api, namespace: str, secret: client.V1Secret) -> bool:
    """Whether it was created now; False if it stood there. ApiException for anything else."""
    try:
        api.create_namespaced_secret(namespace, secret)
    except ApiException as error:
        if error.status != CONFLICT:
            raise
        return False
    return True


def new_credentials(
    name: str, lengths: Mapping[str, int], labels: dict[str, str]
) -> client.V1Secret:
    """A random text of its length under each key; never the same twice."""
    return client.V1Secret(
        metadata=client.V1ObjectMeta(name=name, labels=labels),
        string_data={key: random_text(length) for key, length in lengths.items()},
    )
