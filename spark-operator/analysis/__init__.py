"""Questions about the archive, answered with Spark: tables, charts, files. DataFrames only."""
