"""Questions nobody thought of: any Spark SQL query over the views, and nothing but a query.

Spark's own parser decides what a query is; its plan says whether one steps outside Spark.
"""

import json
import re
from pathlib import Path
from typing import Any

from pyspark.errors import ParseException
from pyspark.sql import DataFrame, SparkSession

from analysis.failures import QueryError, reason

# A query can run programs (TRANSFORM) and call any Java method (reflect): not here.
STEPS_OUTSIDE = {"ScriptTransformation", "CallMethodViaReflection", "TryReflect"}


def sql_answer(spark: SparkSession, text: str) -> DataFrame:
    """The answer to one query; nothing runs yet.

    QueryError for what does more than ask; pyspark's AnalysisException for what is wrong.
    """
    query = text.strip().rstrip(";")
    _require_query(spark, query)
    answer = spark.sql(query)
    outside = operators_in(answer) & STEPS_OUTSIDE
    if outside:
        raise QueryError(f"a query may not step outside Spark ({', '.join(sorted(outside))})")
    return answer


def operators_in(frame: DataFrame) -> set[str]:
    """Class names, without package, of all operators and expressions in a frame's plan."""
    plan = frame._jdf.queryExecution().analyzed().toJSON()
    return {name.rpartition(".")[2] for name in _classes_in(json.loads(plan))}


def query_name(sql_file: Path) -> str:
    """The question's name: `sql-` and the file's name in lower case, letters and digits."""
    return "sql-" + re.sub(r"[^a-z0-9]+", "-", sql_file.stem.lower()).strip("-")


def _require_query(spark: SparkSession, text: str) -> None:
    # This entry of the parser knows queries alone: to it DROP, INSERT or SET is a syntax error.
    parser = spark._jsparkSession.sessionState().sqlParser()
    try:
        parser.parseQuery(text)
    except ParseException as error:
        message = f"only a query (SELECT ...) can be answered: {reason(error)}"
        raise QueryError(message) from error


def _classes_in(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for part in node for name in _classes_in(part)}
    if isinstance(node, dict):
        return {node.get("class", "")} | _classes_in(list(node.values()))
    return set()
