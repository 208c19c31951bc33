"""`python -m cluster ...`: what the Makefile's targets for Kubernetes run."""

import signal

import click

from cluster import deployment, installation, kind
from cluster.operators import wanted
from cluster.release import Platform
from cluster.scaling.demo import run_demo


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
def main() -> None:
    """Dronewatch on Kubernetes: kind, helm and kubectl, as they are on the PATH."""


@main.command()
@click.option("--name", default="dronewatch", help="The cluster's.")
def create(name: str) -> None:
    """Make a cluster with kind, unless it is there."""
    kind.create(name)


@main.command()
@click.option("--namespace", default="dronewatch", help="The platform's.")
@click.option("--monitoring", is_flag=True, help="Prometheus's operator, too.")
@click.option("--keda", is_flag=True, help="KEDA, too.")
@click.option("--instead", default="", help="A command that installs them all.")
def operators(namespace: str, monitoring: bool, keda: bool, instead: str) -> None:
    """Install the operators that are missing; see that they watch the platform's namespace."""
    chosen = wanted(monitoring, keda)
    installation.install(chosen, instead)
    installation.check_watched(chosen, namespace)


@main.command("scale-demo")
@deployment.of_platform
@click.option("--mode", type=click.Choice(["auto", "manual"]), default="auto")
@click.option("--rate", type=click.IntRange(1), default=8000, help="The load, in reports a second.")
def scale_demo(platform: Platform, mode: str, rate: int) -> None:
    """Load rises, replicas follow, load falls, they go: by autoscalers, or with kubectl scale."""
    # SIGTERM ends it as Ctrl-C does: the platform is put back as it was.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run_demo(platform, mode, rate)


for command in (deployment.load, deployment.deploy, deployment.undeploy):
    main.add_command(command)

if __name__ == "__main__":
    main()
