import io

import pyarrow.parquet as pq

from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer, footer_bytes, footer_of
from services.archiving.rows import ROW_SCHEMA

FENCE = Footer("0123abcd", 3, 500, 700, "fence", "retention")


def test_its_footer_says_what_it_covers_and_why():
    assert footer_of(empty_object(FENCE)) == FENCE


def test_it_is_a_table_of_the_archive_without_rows():
    table = pq.read_table(io.BytesIO(empty_object(FENCE)))
    assert table.num_rows == 0
    assert table.schema.names == ROW_SCHEMA.names


def test_its_footer_fits_into_one_read_of_a_tail():
    assert footer_bytes(empty_object(FENCE)) < 16 * 1024
