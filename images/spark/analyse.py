"""What spark-submit runs as the driver: `python -m analysis`, as a file.

Why it failed goes where Kubernetes shows it: `kubectl describe pod`, under Message.
"""

import sys
from pathlib import Path

import click

from analysis.__main__ import main

TERMINATION_LOG = Path("/dev/termination-log")

try:
    main(prog_name="dronewatch-analyse", standalone_mode=False)
except click.ClickException as error:
    error.show()
    if TERMINATION_LOG.exists():
        TERMINATION_LOG.write_text(error.format_message())
    sys.exit(error.exit_code)
