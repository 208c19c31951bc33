"""Secrets made once: a Secret that is there already is left as it is, whatever is in it."""

import secrets
import string

from kubernetes import client
from kubernetes.client.exceptions import ApiException

CONFLICT = 409
LETTERS = string.ascii_letters + string.digits
KEY_LENGTH = 20
PASSWORD_LENGTH = 40


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


def new_credentials(name: str, keys: tuple[str, str], labels: dict[str, str]) -> client.V1Secret:
    """A new user and its password, under the two keys; never the same twice."""
    user_key, password_key = keys
    return client.V1Secret(
        metadata=client.V1ObjectMeta(name=name, labels=labels),
        string_data={
            user_key: random_text(KEY_LENGTH),
            password_key: random_text(PASSWORD_LENGTH),
        },
    )
