"""The file that spark-submit runs as the driver."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DRIVER = ROOT / "images" / "spark" / "analyse.py"


def test_a_failure_is_told_in_a_line_and_an_exit_code_and_no_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, DRIVER, "run", f"--archive={tmp_path}", f"--results={tmp_path}"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "spark-operator")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: no archive at ")
    assert ended.stderr.count("\n") == 1
