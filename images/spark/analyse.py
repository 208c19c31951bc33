"""What spark-submit runs as the driver: `python -m analysis`, as a file."""

from analysis.__main__ import main

main(prog_name="dronewatch-analyse")
