"""The peer's Spark job: a topic to Parquet, as someone would write it. For bench.archiving.

Runs under the peer's own interpreter (bench.spark), which has PySpark and nothing of ours. Reads
everything that the topic holds, then ends. Prints `started` and `ended` around the query.
"""

import json
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everyone writes it

REPORT = """
    report_id STRING, drone_id STRING, source STRING, time TIMESTAMP,
    location STRUCT<latitude: DOUBLE, longitude: DOUBLE, place: STRING>,
    violation STRUCT<code: STRING, image_id: STRING>,
    citizens ARRAY<STRUCT<name: STRING, score: DOUBLE>>,
    words ARRAY<STRING>,
    telemetry STRUCT<battery: DOUBLE, motor_temperature_celsius: DOUBLE, vibration_g: DOUBLE,
                     flight_hours: DOUBLE, signal_dbm: DOUBLE>
"""
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.hadoop.parquet.compression.codec.zstd.level": "1",
    # One micro-batch reads it all: statistics of its progress are not needed.
    "spark.sql.streaming.numRecentProgressUpdates": "1",
}


def main() -> None:
    """Settings come as one JSON object: Spark's own, and bootstrap_servers, topic, output."""
    given = json.loads(sys.argv[1])
    spark = session({**SETTINGS, **{k: v for k, v in given.items() if k.startswith("spark.")}})
    query = rows(records(spark, given)).writeStream.format("parquet")
    query = query.option("path", f"{given['output']}/parquet")
    query = query.option("checkpointLocation", f"{given['output']}/checkpoint")
    print("started", flush=True)
    query.trigger(availableNow=True).start().awaitTermination()
    print("ended", flush=True)
    spark.stop()


def session(settings: dict[str, str]) -> SparkSession:
    """Spark with these settings."""
    builder = SparkSession.builder.appName("peer")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def records(spark: SparkSession, given: dict[str, str]) -> DataFrame:
    """The topic from its beginning."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", given["bootstrap_servers"])
        .option("subscribe", given["topic"])
        .option("startingOffsets", "earliest")
        .load()
    )


def rows(kafka: DataFrame) -> DataFrame:
    """The archive's columns; what from_json cannot read keeps its bytes."""
    parsed = kafka.withColumn("report", F.from_json(F.col("value").cast("string"), REPORT))
    is_rejected = F.col("report.report_id").isNull()
    return parsed.select(
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        F.col("timestamp").alias("kafka_timestamp"),
        "report.*",
        F.when(is_rejected, F.col("value")).alias("rejected_value"),
        F.when(is_rejected, F.lit("not a report")).alias("rejected_reason"),
    )


if __name__ == "__main__":
    main()
