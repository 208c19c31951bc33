"""A question asked: its answer, brought to the driver and bounded."""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame

from analysis.criteria import Criteria
from analysis.failures import QueryError
from analysis.questions import Question

# An answer is for people; whoever wants more rows asks a narrower question.
MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """At most MAX_ROWS rows; is_cut if there were more."""

    table: pa.Table
    is_cut: bool


def answer_to(question: Question, reports: DataFrame, criteria: Criteria) -> Answer:
    """Ask Spark. Raises one of FAILURES."""
    frame = question.answer(reports, criteria)
    twice = sorted({name for name in frame.columns if frame.columns.count(name) > 1})
    if twice:
        raise QueryError(f"two columns are called {twice[0]}: give each a name of its own")
    table = frame.limit(MAX_ROWS + 1).toArrow()
    return Answer(table.slice(0, MAX_ROWS), table.num_rows > MAX_ROWS)
