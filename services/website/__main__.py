"""`python -m services.website`: reads the settings once and wires the parts."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import structlog
from sqlalchemy import Engine

from services.reports import topics
from services.runtime.clock import now_ms
from services.runtime.health import serve_health
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command, process_options
from services.runtime.stopping import stop_on_signals
from services.runtime.tls import tls_context
from services.stream.component import Membership, consume, group_options
from services.stream.connection import KafkaConnection, kafka_options
from services.website.app import create_app
from services.website.database import is_sqlite
from services.website.options import database_options
from services.website.outline import Outline, outline
from services.website.results import Results, S3Access, results_at
from services.website.serving import (
    await_database,
    listening,
    monotonic_health,
    page_server,
    run_beside,
)
from services.website.session_key import session_key
from services.website.site import Site
from services.website.worker import StoringWorker

SECRET_KEY_VARIABLE = "DRONEWATCH_S3_SECRET_KEY"

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@component_command("dronewatch-website")
@kafka_options
@process_options
@group_options
@database_options
@click.option("--alerts-topic", default=topics.ALERTS, help="Read from.")
@click.option("--group", default="website", help="Consumer group, one for each database.")
@click.option("--host", default="127.0.0.1", help="Address to serve pages on; 0.0.0.0: any.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, help="0 takes a free one and logs it."
)
@click.option(
    "--session-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Signs the cookies; made if it is not there. [default: beside SQLite's file]",
)
@click.option("--secure-cookies", is_flag=True, help="People come by HTTPS, through a proxy.")
@click.option(
    "--trusted-proxies",
    default="",
    help="Addresses or networks, separated by commas, that may say whom they forward.",
)
@click.option("--results", default="results", help="The analyses': folder or s3a://bucket/prefix.")
@click.option("--s3-endpoint", default="http://localhost:9000", help="Of MinIO, for s3a://.")
@click.option("--s3-region", default="us-east-1")
@click.option("--s3-access-key", help=f"User; its secret: {SECRET_KEY_VARIABLE} or a file.")
@click.option("--s3-secret-key-file", type=FILE, help="File that holds the user's secret.")
@click.option("--s3-ca-file", type=FILE, help="The store's CA, PEM.")
@click.option("--map-file", type=FILE, help="GeoJSON: areas behind the alerts, filters by name.")
def main(connection: KafkaConnection, engine: Engine, **settings: Any) -> None:
    """Show alerts as they come, the analyses' answers, and the fleet."""
    configure_logs(settings["log_format"], settings["log_level"])
    stop = stop_on_signals()
    site = _site(engine, settings)
    listener = listening(settings["host"], settings["port"])
    health = monotonic_health()
    serve_health(health, settings["health_port"])
    with listener:
        if not await_database(engine, health, stop):
            return
        server = page_server(create_app(site), settings["trusted_proxies"], health, stop)
        host, port, *_ = listener.getsockname()
        structlog.get_logger().info("pages", address=f"http://{host}:{port}/")
        membership = Membership(connection, settings["alerts_topic"], settings, with_headers=True)
        run_beside(
            server,
            listener,
            lambda: consume(membership, lambda: StoringWorker(engine, now_ms), health, stop),
        )
    engine.dispose()


def _site(engine: Engine, settings: Mapping[str, Any]) -> Site:
    return Site(
        engine=engine,
        results=_results(settings),
        session_key=session_key(_key_file(engine, settings["session_key_file"])),
        now_ms=now_ms,
        is_secure=settings["secure_cookies"],
        outline=_outline(settings["map_file"]),
    )


def _key_file(engine: Engine, given: Path | None) -> Path:
    if given:
        return given
    if not is_sqlite(engine):
        raise click.UsageError("replicas share a database and a key: say --session-key-file")
    return Path(f"{engine.url.database}.key")


def _results(settings: Mapping[str, Any]) -> Results:
    file = settings["s3_secret_key_file"]
    secret = file.read_text().strip() if file else os.environ.get(SECRET_KEY_VARIABLE)
    user, endpoint = settings["s3_access_key"], settings["s3_endpoint"]
    if not endpoint.startswith(("http://", "https://")):
        raise click.UsageError("--s3-endpoint must begin with http:// or https://")
    context = tls_context("--s3-ca-file", settings["s3_ca_file"])
    region = settings["s3_region"]
    access = S3Access(endpoint, user, secret, region, context) if user and secret else None
    return results_at(settings["results"], access)


def _outline(file: Path | None) -> Outline:
    try:
        return outline(file.read_bytes()) if file else ()
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--map-file {file}: {error}") from error


if __name__ == "__main__":
    main()
