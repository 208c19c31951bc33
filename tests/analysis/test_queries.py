"""SQL from a file: any question, and nothing but questions."""

from pathlib import Path

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from analysis.answers import MAX_ROWS, answer_to
from analysis.criteria import Criteria
from analysis.failures import QueryError, reason
from analysis.queries import query_name, sql_answer
from analysis.questions import sql_question
from analysis.views import register_views
from tests.analysis.conftest import FrameOf
from tests.analysis.rows import people


@pytest.fixture
def views(reports_of: FrameOf) -> DataFrame:
    """Two reports behind the views, three citizens and two words around them."""
    reports = reports_of(
        {"citizens": people(0.05, 0.9), "words": ["peace", "rain"]},
        {"citizens": people(0.5), "location": {"latitude": 1.0, "longitude": 2.0, "place": "P"}},
    )
    register_views(reports)
    return reports


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT count(*) FROM reports", [(2,)]),
        ("SELECT report_id, name FROM citizens WHERE score < 0.1;", [("r0", "Person 0")]),
        ("SELECT location.place FROM citizens WHERE location IS NOT NULL", [("P",)]),
        ("SELECT word FROM words ORDER BY word", [("peace",), ("rain",)]),
        ("WITH w AS (SELECT * FROM words) SELECT count(*) FROM w", [(2,)]),
        ("-- a comment\nVALUES (1), (2)", [(1,), (2,)]),
        ("SELECT '${env:HOME}'", [("${env:HOME}",)]),
    ],
)
def test_a_query_is_answered(
    spark: SparkSession, views: DataFrame, query: str, expected: list[tuple[object, ...]]
) -> None:
    assert [tuple(row) for row in sql_answer(spark, query).collect()] == expected


@pytest.mark.parametrize(
    "statement",
    [
        "DROP VIEW reports",
        "CREATE TABLE t AS SELECT 1",
        "CREATE OR REPLACE TEMP VIEW reports AS SELECT 1",
        "INSERT OVERWRITE DIRECTORY '{folder}' USING parquet SELECT 1",
        "WITH w AS (SELECT 1) INSERT INTO t SELECT * FROM w",
        "FROM reports INSERT INTO t SELECT report_id",
        "SELECT 1; DROP VIEW reports",
        "BEGIN DROP VIEW reports; END",
        "EXPLAIN SELECT 1",
        "SET spark.sql.runSQLOnFiles=true",
        "ADD JAR '/tmp/x.jar'",
        "",
    ],
)
def test_what_is_no_query_is_refused_and_does_nothing(
    spark: SparkSession, views: DataFrame, tmp_path: Path, statement: str
) -> None:
    with pytest.raises(QueryError, match=r"^only a query \(SELECT \.\.\.\) can be answered: \["):
        sql_answer(spark, statement.format(folder=tmp_path))
    assert spark.table("reports").count() == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT reflect('java.lang.System', 'getenv', 'HOME')",
        "SELECT (SELECT java_method('java.lang.System', 'getenv', 'HOME')) FROM reports",
        "SELECT try_reflect('java.lang.System', 'getenv', 'HOME')",
        "SELECT TRANSFORM(report_id) USING 'cat' AS (x) FROM reports",
        "SELECT * FROM reports WHERE report_id IN"
        " (SELECT x FROM (SELECT TRANSFORM(report_id) USING 'cat' AS (x) FROM reports))",
    ],
)
def test_a_query_that_steps_outside_spark_is_refused(
    spark: SparkSession, views: DataFrame, query: str
) -> None:
    with pytest.raises(QueryError, match="a query may not step outside Spark"):
        sql_answer(spark, query)


def test_a_query_reads_no_other_file(spark: SparkSession, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with pytest.raises(AnalysisException):
        sql_answer(spark, f"SELECT * FROM text.`{secret}`")


def test_a_wrong_query_says_why_in_one_line(spark: SparkSession, views: DataFrame) -> None:
    with pytest.raises(AnalysisException) as raised:
        sql_answer(spark, "SELECT nope FROM words")
    said = reason(raised.value)
    assert "`nope` cannot be resolved" in said
    assert "\n" not in said


def test_an_answer_is_cut_and_says_so(views: DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "many.sql"
    file.write_text("SELECT id FROM range(2000) ORDER BY id")
    answer = answer_to(sql_question(file), views, Criteria())
    assert answer.is_cut
    assert answer.table["id"].to_pylist() == list(range(MAX_ROWS))


def test_two_columns_of_one_name_are_refused(views: DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "twice.sql"
    file.write_text("SELECT 1 AS a, 2 AS a")
    with pytest.raises(QueryError, match="two columns are called a"):
        answer_to(sql_question(file), views, Criteria())


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [("busy days.sql", "sql-busy-days"), ("Élan_2.SQL", "sql-lan-2"), ("x.y.sql", "sql-x-y")],
)
def test_a_query_is_named_after_its_file(file_name: str, expected: str) -> None:
    assert query_name(Path(file_name)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("-- Who?\nSELECT 1", "Who?"), ("SELECT 1 -- no", "q.sql")]
)
def test_a_comment_in_the_first_line_is_the_title(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "q.sql"
    file.write_text(text)
    assert sql_question(file).title == expected
