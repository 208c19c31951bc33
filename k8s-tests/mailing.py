"""A mail server in a platform's namespace, which goes away and comes back; and what it took."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from secrets import token_hex
from typing import Any

import trustme
from mail_server import PORT as LISTENED
from python_pod import Manifest, listens, pod_spec

from cluster.commands import kubectl
from cluster.release import Platform

NAME, PORT, USER = "mail", 587, "drones"
SCRIPT = Path(__file__).with_name("mail_server.py")
FOLDER = "/var/lib/mail"
# In the text of a single mail once, in a digest's once for each of its alerts.
ALERT_ID = re.compile(r"\S+-(?:violation|agitation|maintenance)-\d+(?!\S)")
SENDER, RECIPIENT = "drones@example.org", "duty@example.org"
# The chart's values for it.
MAILED = {
    "enabled": True,
    "from": SENDER,
    "to": [RECIPIENT],
    # What others of the tests have raised goes out within a minute or two, all in digests.
    "perMinute": 120,
    "smtp.host": NAME,
    "smtp.port": PORT,
    "smtp.user": USER,
    "smtp.existingSecret": f"{NAME}-login",
    "smtp.caSecret": f"{NAME}-ca",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One that the server took."""

    message_id: str
    alert_ids: Sequence[str]


@contextmanager
def mail_server(platform: Platform) -> Iterator[None]:
    """There, with a certificate of a CA of its own; gone at the end."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": _manifests(platform)})
    kubectl(platform.namespace, "apply", "--filename=-", text=text)
    try:
        come_back(platform)
        yield
    finally:
        gone = ("--cascade=foreground", "--timeout=120s")
        kubectl(platform.namespace, "delete", "--filename=-", *gone, text=text)


def go_away(platform: Platform) -> None:
    """Nobody answers any more; what was taken stays."""
    kubectl(platform.namespace, "scale", f"deployment/{NAME}", "--replicas=0")
    gone = ("--selector", f"app={NAME}", "--for=delete", "--timeout=60s")
    kubectl(platform.namespace, "wait", "pod", *gone)


def come_back(platform: Platform) -> None:
    kubectl(platform.namespace, "scale", f"deployment/{NAME}", "--replicas=1")
    kubectl(platform.namespace, "rollout", "status", f"deployment/{NAME}", "--timeout=120s")


def mails(platform: Platform) -> list[Mail]:
    """In the order of their coming, one that came twice twice."""
    read = ("exec", f"deployment/{NAME}", "--", "cat", f"{FOLDER}/mails")
    lines = kubectl(platform.namespace, *read).split()
    return [_mail(base64.b64decode(line)) for line in lines]


def _mail(content: bytes) -> Mail:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text = message.get_body(("plain",))
    assert text
    return Mail(message["Message-ID"], ALERT_ID.findall(text.get_content()))


def _manifests(platform: Platform) -> list[Manifest]:
    authority = trustme.CA()
    certificate = authority.issue_cert(NAME)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return [
        _secret("login", password=token_hex().encode()),
        _secret("ca", **{"ca.crt": authority.cert_pem.bytes()}),
        _secret("tls", **{"tls.crt": chain, "tls.key": certificate.private_key_pem.bytes()}),
        _named("v1", "ConfigMap", NAME, data={SCRIPT.name: SCRIPT.read_text()}),
        _named("v1", "Service", NAME, spec={"selector": {"app": NAME}, "ports": [_port()]}),
        _named(
            "v1",
            "PersistentVolumeClaim",
            NAME,
            spec={
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "100Mi"}},
            },
        ),
        _named("apps/v1", "Deployment", NAME, spec=_deployment(platform)),
    ]


def _secret(purpose: str, **content: bytes) -> Manifest:
    data = {key: base64.b64encode(value).decode() for key, value in content.items()}
    return _named("v1", "Secret", f"{NAME}-{purpose}", data=data)


def _named(api_version: str, kind: str, name: str, **content: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **content}


def _port() -> Manifest:
    return {"port": PORT, "targetPort": LISTENED}


def _deployment(platform: Platform) -> Manifest:
    labels = {"app": NAME}
    return {
        "replicas": 0,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": _pod(platform)},
    }


def _pod(platform: Platform) -> Manifest:
    files = (f"{FOLDER}/mails", "/etc/mail/tls/tls.crt", "/etc/mail/tls/tls.key")
    command = ("python", f"/etc/mail/script/{SCRIPT.name}", *files)
    volumes = [
        {"name": "mails", "persistentVolumeClaim": {"claimName": NAME}},
        {"name": "script", "configMap": {"name": NAME}},
        {"name": "tls", "secret": {"secretName": f"{NAME}-tls"}},
    ]
    return pod_spec(platform, NAME, command, **_container()) | {"volumes": volumes}


def _container() -> Manifest:
    password = {"secretKeyRef": {"name": f"{NAME}-login", "key": "password"}}
    return {
        "env": [
            {"name": "MAIL_USER", "value": USER},
            {"name": "MAIL_PASSWORD", "valueFrom": password},
        ],
        "readinessProbe": listens(LISTENED),
        "volumeMounts": [
            {"name": "mails", "mountPath": FOLDER},
            {"name": "script", "mountPath": "/etc/mail/script"},
            {"name": "tls", "mountPath": "/etc/mail/tls"},
        ],
    }
