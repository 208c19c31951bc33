"""Counts in numbered bins (hours of the day, steps of a score), with a zero where there is none."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812


def every_bin(counts: DataFrame, number: str, bins: int, *group: str) -> DataFrame:
    """The counts with a row for each number 0..bins-1 in each group; nothing of nothing.

    counts: the group columns, the bin's number, and counts, at most one row a bin. Needs no
    second look at what was counted, as a join with the missing bins would.
    """
    counted = [name for name in counts.columns if name not in (number, *group)]
    by_number = F.map_from_entries(F.collect_list(F.struct(number, F.struct(*counted))))
    return (
        counts.groupBy(*group)
        .agg(by_number.alias("by_number"))
        .where(F.size("by_number") > 0)
        .select("*", F.explode(F.sequence(F.lit(0), F.lit(bins - 1))).alias(number))
        .select("*", F.col("by_number")[F.col(number)].alias("found"))
        .select(
            *group,
            number,
            *(F.coalesce(F.col("found")[name], F.lit(0)).alias(name) for name in counted),
        )
    )
