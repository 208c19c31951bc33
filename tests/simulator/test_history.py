"""`simulator history`: a file as New York publishes it, and what its ledger says of each row."""

import csv
import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.loading.columns import Columns, columns_in
from services.loading.lines import rows
from services.loading.rows import report
from services.loading.splitting import Position
from services.reports.report import Report
from simulator.__main__ import main
from simulator.damage import DAMAGE
from simulator.history import HEADER, History, Line, lines
from simulator.history_file import Entry, entries

REAL = Path(__file__).parents[2] / "../shared/data/nyc-parking/violations-sample.csv"
NUMBER, DATE, CODE, PRECINCT, TIME, COUNTY = 0, 4, 5, 14, 19, 21
DIRTY = History(rows=20_000, fault_share=0.2)


def history(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["history", *map(str, arguments)])


def fields(line: Line) -> list[str]:
    return next(csv.reader([line.text.decode()], strict=True))


def is_sound(row: list[str]) -> bool:
    """Whether a loader may send it; the rule in short, not the loader's own."""
    return bool(
        len(row) == 51
        and datetime.strptime(row[DATE], "%m/%d/%Y")
        and re.fullmatch(r"\d{10}", row[NUMBER])
        and re.fullmatch(r"(0\d|1[0-2])[0-5]\d[AP]", row[TIME])
        and row[CODE].isdigit()
        and 1 <= int(row[CODE]) <= 99
        and 2000 <= int(row[DATE][-4:]) <= 2014
    )


@pytest.fixture(scope="module")
def sound() -> list[list[str]]:
    return [fields(line) for line in lines(History(rows=20_000))]


def test_without_faults_every_row_is_a_report(sound: list[list[str]]) -> None:
    assert all(map(is_sound, sound))


@pytest.mark.parametrize(
    ("column", "at_least"),
    [
        (COUNTY, {"K", "NY", "Q", "BX", "R", "", "BK", "QN", "MN", "ST", "KINGS", "RICH"}),
        (PRECINCT, {"0", "1", "75", "110", "123"}),
        (CODE, {"21", "7", "94", "95"}),
    ],
)
def test_sound_rows_are_as_dirty_as_the_citys(
    sound: list[list[str]], column: int, at_least: set[str]
) -> None:
    assert {row[column] for row in sound} >= at_least


@pytest.mark.parametrize("midnight", ["00", "12"])
def test_midnight_is_written_in_both_ways(sound: list[list[str]], midnight: str) -> None:
    assert any(row[TIME].startswith(midnight) and row[TIME][-1] == "A" for row in sound)


def test_some_summonses_stand_there_again_unchanged(sound: list[list[str]]) -> None:
    numbers = Counter(row[NUMBER] for row in sound)
    assert 0.01 < 1 - len(numbers) / len(sound) < 0.04
    assert len({tuple(row) for row in sound}) == len(numbers)


def test_each_kind_of_damage_is_met_in_its_share() -> None:
    faults = Counter(line.fault for line in lines(DIRTY))
    assert faults.keys() == {None, *DAMAGE}
    assert 0.19 < 1 - faults[None] / DIRTY.rows < 0.21


def is_report(line: Line) -> bool:
    try:
        row = fields(line)
        return is_sound(row) and b"\0" not in line.text and len(line.text) < 65_536
    except (ValueError, csv.Error):
        return False


def test_damaged_rows_and_no_others_are_no_reports() -> None:
    assert [line for line in lines(DIRTY) if is_report(line) != (line.fault is None)] == []


def test_the_loader_takes_the_sound_rows_under_the_ledgers_ids_and_no_others() -> None:
    header_and_rows = b"".join(line.text + b"\n" for line in [Line(HEADER), *lines(DIRTY)])
    columns = columns_in(HEADER.decode().split(","))
    assert isinstance(columns, Columns)
    found = {
        row.line_number: report(row.fields, columns, date(2026, 1, 1))
        for row in rows([header_and_rows], Position(), columns)
        if isinstance(row.fields, list)
    }
    ids = {number: got.report_id for number, got in found.items() if isinstance(got, Report)}
    expected = {
        number: line.report_id
        for number, line in enumerate(lines(DIRTY), start=2)
        if not line.fault
    }
    assert ids == expected


def test_the_same_seed_gives_the_same_rows_and_another_one_other_summonses() -> None:
    again, longer, other = (
        [line.text for line in lines(history)]
        for history in (History(3_000), History(4_000), History(3_000, seed=1))
    )
    assert [line.text for line in lines(History(3_000))] == again == longer[:3_000]
    assert not {text[:10] for text in again} & {text[:10] for text in other}


def test_the_file_and_its_ledger_agree_line_by_line(tmp_path: Path) -> None:
    file, ledger = tmp_path / "history.csv", tmp_path / "ledger"
    result = history("--rows", "2500", "--faults", "0.3", "--ledger", ledger, file)
    assert (result.exit_code, result.output) == (0, "")
    header, *written = file.read_bytes().rstrip(b"\n").split(b"\n")
    assert header == HEADER
    expected = list(lines(History(2_500, 0.3)))
    assert written == [line.text for line in expected]
    assert list(entries(ledger)) == [
        Entry(number, line.report_id, line.fault) for number, line in enumerate(expected, start=2)
    ]


def test_a_dash_is_standard_output() -> None:
    result = history("--rows", "10", "-")
    assert result.exit_code == 0
    assert result.stdout_bytes.split(b"\n")[:2] == [HEADER, next(lines(History(1))).text]


def test_a_ledger_names_reports_by_their_summons() -> None:
    assert {line.report_id == f"nypd-{fields(line)[NUMBER]}" for line in lines(History(1_000))} == {
        True
    }


@pytest.mark.skipif(not REAL.exists(), reason="the city's own rows are not here")
def test_the_columns_are_the_citys() -> None:
    with REAL.open("rb") as file:
        assert next(file).rstrip(b"\n") == HEADER


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "violations.csv"
    file.write_text("years of summonses")
    result = history(file)
    assert result.exit_code == 1
    assert result.output == f"Error: cannot write {file}: File exists\n"
    assert file.read_text() == "years of summonses"


@pytest.mark.parametrize(
    "arguments", [["--rows", "0"], ["--faults", "2"], ["--seed", "-1"], ["/no/such/folder/x.csv"]]
)
def test_a_bad_value_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    result = (
        history(*arguments, tmp_path / "x.csv") if "--" in arguments[0] else history(*arguments)
    )
    assert result.exit_code in (1, 2)
    assert result.output.splitlines()[-1].startswith("Error: ")
