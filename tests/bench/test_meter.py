import os
import subprocess
import sys

from bench.meter import Cost, metered, peak_rss_bytes, pinned
from bench.scraping import counter_in

# Starts a child that takes some memory and time, tells when it ends, and waits for it.
PARENT = """
import subprocess, sys
child = "x = bytearray(2**26)\\nsum(range(10**6))\\nprint(1, flush=True)\\ninput()"
subprocess.run([sys.executable, "-c", child], check=True)
"""


def test_children_count_and_so_do_processes_that_have_ended() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent, metered(parent.pid) as meter:
        assert parent.stdout and parent.stdout.readline() == b"1\n"
        alive = meter.sample()
        parent.communicate(b"\n")
    assert alive.cpu_seconds > 0
    assert alive.peak_rss_bytes > 64 * 2**20
    assert meter.cost.cpu_seconds >= alive.cpu_seconds
    assert meter.cost.peak_rss_bytes >= alive.peak_rss_bytes


def test_cost_since_a_moment_leaves_out_what_was_before() -> None:
    assert Cost(5.0, 100).since(Cost(2.0, 90)) == Cost(3.0, 100)


def test_the_peak_is_read_in_bytes() -> None:
    assert peak_rss_bytes("Name:\tx\nVmHWM:\t    1024 kB\nVmRSS:\t 12 kB\n") == 1024 * 1024
    assert peak_rss_bytes("Name:\tended\n") == 0


def test_a_process_started_while_pinned_runs_on_that_core_and_we_do_not_stay() -> None:
    before = os.sched_getaffinity(0)
    core = {min(before)}
    with pinned(core):
        printed = subprocess.check_output(
            [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"], text=True
        )
    assert printed.strip() == str(core)
    assert os.sched_getaffinity(0) == before


def test_a_counter_is_the_sum_over_its_labels() -> None:
    metrics = '# HELP a_total x\na_total{p="1"} 2.0\na_total{p="2"} 3.0\na_total_created 9.0\n'
    assert counter_in(metrics, "a_total") == 5.0
    assert counter_in(metrics, "missing") == 0.0
