"""The settings of `run`: what they accept, and what they say of a bad value."""

import pytest
from click.testing import CliRunner, Result

from simulator.__main__ import main
from simulator.options import duration, speed, time


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", *arguments])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("14d", 14 * 86_400), ("36h", 129_600), ("1.5m", 90), ("10s", 10), ("none", None)],
)
def test_a_duration_has_a_unit(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["2026-03-02", "2026-03-02T00:00:00Z", "2026-03-02T02:00:00+02:00"]
)
def test_a_start_time_is_utc_unless_it_names_an_offset(text: str) -> None:
    assert time(text) == 1_772_409_600_000


@pytest.mark.parametrize(("text", "factor"), [("1", 1.0), ("0.5", 0.5), ("max", None)])
def test_a_speed_is_a_factor_or_max(text: str, factor: float | None) -> None:
    assert speed(text) == factor


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--duration", "14"),
        ("--duration", "0d"),
        ("--start", "yesterday"),
        ("--speed", "fast"),
        ("--speed", "0"),
        ("--speed", "nan"),
        ("--mission", "other"),
        ("--drones", "0"),
        ("--fault-share", "2"),
        ("--rate", "0"),
        ("--reports", "0"),
    ],
)
def test_a_bad_value_is_named_in_one_line(option: str, value: str) -> None:
    result = run(option, value)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output


def test_settings_are_also_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRONEWATCH_DRONES", "none")
    assert "Invalid value for '--drones'" in run().output
    assert "DRONEWATCH_DRONES" not in run("--drones", "0").output


def test_a_ledger_that_cannot_be_opened_ends_the_run_before_it_begins() -> None:
    result = run("--ledger", "/no/such/folder/ledger", "--health-port", "0")
    assert result.exit_code == 1
    assert "cannot write the ledger: No such file or directory" in result.output
