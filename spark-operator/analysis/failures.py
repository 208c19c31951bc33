"""How a question can fail while the others are still answered, and how to say why."""

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException


class QueryError(Exception):
    """The text is no query that can be answered; the message says why, in one line."""


FAILURES = (QueryError, PySparkException, Py4JError, pa.ArrowException)


def reason(error: BaseException) -> str:
    """Why it failed, in one line: the first one that Spark wrote."""
    # Py4J's own text begins with which call it was, and says nothing of why.
    text = error.java_exception.getMessage() if isinstance(error, Py4JJavaError) else str(error)
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[0].rstrip(";:") if lines else type(error).__name__
