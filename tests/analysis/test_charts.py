"""Every question's chart is drawn from its own answer; what is drawn can be seen."""

from functools import partial
from io import BytesIO
from xml.etree import ElementTree

import matplotlib.image as mpl_image
import pytest
from pyspark.sql import DataFrame

from analysis.answers import answer_to
from analysis.charts import Draw, Picture, picture
from analysis.criteria import Criteria
from analysis.drawings import Measure, Rows, bars, ranking, readable
from analysis.heat_map import heat_map
from analysis.questions import Question, built_in
from analysis.tables import drawn_table
from tests.analysis.conftest import FrameOf
from tests.analysis.rows import at, people, telemetry

VALUE = Measure("value", "things per day")


def size_of(chart: Picture) -> tuple[int, int]:
    """Width and height of the PNG; fails if it is none."""
    height, width, _ = mpl_image.imread(BytesIO(chart.png), format="png").shape
    return width, height


def inked(chart: Picture) -> float:
    """Share of the PNG that is not white."""
    pixels = mpl_image.imread(BytesIO(chart.png), format="png")[:, :, :3]
    return float((pixels.min(axis=2) < 0.9).mean())


@pytest.fixture
def busy(reports_of: FrameOf) -> DataFrame:
    """Reports that give every question something to tell."""
    crowd = {
        "citizens": people(0.01, *[0.5] * 60),
        "words": ["protest"],
        "location": {"latitude": 40.7, "longitude": -74.0, "place": "A $ign"},
        "telemetry": telemetry(0.5, -80.0),
    }
    calm = crowd | {"citizens": people(0.9), "words": []}
    parking = crowd | {"violation": {"code": "999", "image_id": None}, "citizens": []}
    times = [at(f"2026-03-0{day}T0{hour}:00") for day in range(1, 9) for hour in range(3)]
    return reports_of(
        *({**kind, "time": time} for kind in (crowd, calm, parking) for time in times),
        *({**parking, "time": time, "source": "nypd"} for time in times),
    )


@pytest.mark.parametrize("question", built_in(Criteria()), ids=lambda question: question.name)
def test_a_questions_chart_is_drawn_from_its_answer(question: Question, busy: DataFrame) -> None:
    rows = answer_to(question, busy, Criteria()).table.to_pylist()
    chart = picture(question.draw, rows, question.title, "24 reports")
    svg = ElementTree.fromstring(chart.svg)
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert question.title.encode() in chart.svg
    assert size_of(chart) >= (1000, 400)
    nothing = picture(question.draw, [], question.title, "24 reports")
    assert inked(chart) > inked(nothing)


@pytest.mark.parametrize("question", built_in(Criteria()), ids=lambda question: question.name)
def test_of_no_reports_no_question_has_an_answer(question: Question, reports_of: FrameOf) -> None:
    nothing = reports_of({}).where("false")
    assert answer_to(question, nothing, Criteria()).table.num_rows == 0


DRAWINGS: dict[str, tuple[Draw, Rows]] = {
    "bars, two series, one with a hole": (
        partial(bars, x=Measure("hour", "hour"), y=VALUE, series="source"),
        [
            {"hour": 1, "source": "drone", "value": 2.5},
            {"hour": 2, "source": "drone", "value": None},
            {"hour": 2, "source": "nypd", "value": 1},
        ],
    ),
    "bars, more places than names fit": (
        partial(bars, x=Measure("hour", "hour"), y=VALUE),
        [{"hour": f"2026-{number}", "value": number} for number in range(100)],
    ),
    "ranking, long names, dollars": (
        partial(ranking, name="{name}", value=VALUE),
        [{"name": "$a_b$ \\frac" * 20, "value": number} for number in range(50)],
    ),
    "heat map, cells far apart": (
        partial(heat_map, value=VALUE, cell_degrees=0.01),
        [
            {"latitude": 40.7, "longitude": -74.0, "value": 3},
            {"latitude": 48.86, "longitude": 2.35, "value": 1},
        ],
    ),
    "heat map, nothing known of any cell": (
        partial(heat_map, value=VALUE, cell_degrees=0.01),
        [{"latitude": 40.7, "longitude": -74.0, "value": None}],
    ),
    "table, many columns of all kinds": (
        drawn_table,
        [{f"column {number}": [1, "text " * 50, None, 2.5][number % 4] for number in range(12)}]
        * 50,
    ),
}


@pytest.mark.parametrize("case", DRAWINGS)
def test_odd_rows_are_drawn_too(case: str) -> None:
    draw, rows = DRAWINGS[case]
    assert inked(picture(draw, rows, "A title", "of rows")) > 0.003


def test_the_same_rows_give_the_same_bytes() -> None:
    draw, rows = DRAWINGS["bars, two series, one with a hole"]
    assert picture(draw, rows, "A title", "s") == picture(draw, rows, "A title", "s")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1234567, "1,234,567"), (1200.0, "1,200"), (12.345, "12.3"), (0.01234, "0.0123"), (0, "0")],
)
def test_numbers_are_readable(number: float, expected: str) -> None:
    assert readable(number) == expected


def test_a_share_is_written_in_percent() -> None:
    assert Measure("share", "share", is_share=True).text(0.0337) == "3.37 %"
