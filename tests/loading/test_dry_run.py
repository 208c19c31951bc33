"""What needs no Kafka: a dry run, and whatever is refused at once."""

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.loading.__main__ import main
from tests.loading.scene import HEADER, row, written


def run(*arguments: object) -> Result:
    # Nobody listens there: who tries to connect does not come back.
    kafka = ("--kafka-bootstrap-servers", "127.0.0.1:9")
    result = CliRunner().invoke(main, [*kafka, *map(str, arguments)])
    assert "Traceback" not in result.output
    return result


def last_line(result: Result) -> str:
    return result.output.splitlines()[-1]


def test_a_dry_run_counts_all_rows_and_writes_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", row(1), row(2, "09+4A"), row(3, ""), row(4, ""))

    result = run(file, "--dry-run")

    assert result.exit_code == 0
    assert [line.split() for line in result.output.splitlines()] == [
        ["a.csv:", "4", "rows"],
        ["1", "valid"],
        ["3", "rejected"],
        ["2", "no", "time"],
        ["1", "unreadable", "time"],
    ]
    assert list(tmp_path.iterdir()) == [file]


def test_a_dry_run_is_limited_and_judged_too(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", row(1), row(2, ""), row(3, ""))
    assert "2 rows" in run(file, "--dry-run", "--limit", 2).output
    assert run(file, "--dry-run", "--max-rejected", 0.5).exit_code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,address\nx,y\n", "no known header"),
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "no known header"),
        (b"\xff\xfeS\x00u\x00", "UTF-16"),
        (gzip.compress(b"name,address\n", mtime=0), "no known header"),
    ],
)
def test_a_file_with_no_known_header_is_refused_at_once(
    content: bytes, said: str, tmp_path: Path
) -> None:
    good = written(tmp_path / "good.csv", row(1))
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content)

    result = run(good, bad)

    assert result.exit_code == 1
    assert last_line(result).startswith("Error: bad.csv: ")
    assert said in last_line(result)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "good.csv"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["/no/such/file.csv"],
        ["--topic", "no topic!"],
        ["--limit", "0"],
        ["--rate", "0"],
        ["--max-rejected", "1.5"],
        ["--max-rejected", "many"],
        ["--no-such-flag"],
    ],
)
def test_bad_usage_names_what_is_wrong(wrong: list[str], tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", row(1))
    result = run(file, *wrong)
    assert result.exit_code == 2
    assert wrong[0] in last_line(result)


def test_no_file_and_a_folder_are_bad_usage(tmp_path: Path) -> None:
    assert run().exit_code == 2
    assert run(tmp_path).exit_code == 2


def test_texts_that_would_share_a_checkpoint_are_bad_usage(tmp_path: Path) -> None:
    one = written(tmp_path / "a.csv", row(1))
    (tmp_path / "other").mkdir()
    two = written(tmp_path / "other" / "a.csv", row(1))
    assert run(one, one).exit_code == 2
    assert run(one, two, "--checkpoint", tmp_path).exit_code == 2
    assert run(one, two, "--rejected", tmp_path / "rejected.csv").exit_code == 2


def test_a_file_of_rejected_rows_is_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", row(1))
    ours = tmp_path / "a.csv.rejected.csv"
    ours.write_text('line_number,reason,row\r\n3,"no time","x"\r\n')

    result = run(file, ours, "--dry-run")

    assert result.exit_code == 0
    assert "a.csv.rejected.csv: passed over" in result.output
    assert "a.csv: 1 rows" in result.output


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format": 99}', b"[]"])
def test_a_checkpoint_that_is_none_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", row(1))
    checkpoint = tmp_path / "a.csv.checkpoint.json"
    checkpoint.write_bytes(content)

    result = run(file)

    assert result.exit_code == 1
    assert last_line(result).startswith(f"Error: {checkpoint}: ")
    assert checkpoint.read_bytes() == content


def test_the_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER)
    assert "a.csv: 0 rows" in run(file, "--dry-run").output
