import json

import pytest

from bench.tables import Figure, Table, figure_text, ratio, table_json, table_text

TABLE = Table(
    "copying: bytes",
    ("In memory.",),
    ({"what": "ours", "bytes/s": 12_345.6}, {"what": "peer's", "bytes/s": 10.0, "ratio": 1234.56}),
)


def test_a_table_reads_well() -> None:
    assert table_text(TABLE).splitlines() == [
        "",
        "copying: bytes",
        "",
        "what    bytes/s  ratio",
        "------  -------  -----",
        "ours     12,346      -",
        "peer's       10  1,235",
        "",
        "  In memory.",
    ]


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (None, "-"),
        (0, "0"),
        (1234567, "1,234,567"),
        (0.12345, "0.123"),
        (999.4, "999"),
        ("so", "so"),
    ],
)
def test_a_figure_has_no_more_digits_than_mean_something(figure: Figure, text: str) -> None:
    assert figure_text(figure) == text


def test_json_keeps_every_digit() -> None:
    assert json.loads(table_json(TABLE))["rows"][0] == {"what": "ours", "bytes/s": 12_345.6}


def test_there_is_no_ratio_to_nothing() -> None:
    assert ratio(3.0, 1.5) == 2.0
    assert ratio(3.0, 0.0) is None
