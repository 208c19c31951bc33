"""`python -m cluster ...`: what the Makefile's targets for Kubernetes run."""

import click

from cluster import deployment, installation, kind
from cluster.operators import wanted


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


for command in (deployment.load, deployment.deploy, deployment.undeploy):
    main.add_command(command)

if __name__ == "__main__":
    main()
