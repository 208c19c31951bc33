"""Parquet objects without rows: fences and decisions."""

import io

import pyarrow.parquet as pq

from services.archiving.footer import Footer, footer_metadata
from services.archiving.rows import ROW_SCHEMA


def empty_object(footer: Footer) -> bytes:
    """A Parquet file of ROW_SCHEMA with no rows and this footer."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, ROW_SCHEMA) as writer:
        writer.add_key_value_metadata(footer_metadata(footer))
    return sink.getvalue()
