"""Reports into Parquet objects: every acknowledged record exactly once."""
