from io import BytesIO

import matplotlib.image as mpl_image

from cluster.scaling.chart import chart, rows
from cluster.scaling.replicas import Look, Part


def look(minutes, ready, wanted, rate=None):
    return Look(minutes * 60, rate, (Part("alerting", wanted, ready, None),))


def coloured(looks):
    """Share of the picture that is neither white nor grey."""
    pixels = mpl_image.imread(BytesIO(chart(looks, "by hand")), format="png")[:, :, :3]
    return float((pixels.max(axis=2) - pixels.min(axis=2) > 0.3).mean())


def test_the_picture_is_of_each_looks_load_and_replicas():
    assert rows([look(0, 1, 1), look(0.5, 1, 3, 8_000.0)]) == [
        {"minutes": 0, "reports_per_second": None, "alerting": (1, 1)},
        {"minutes": 0.5, "reports_per_second": 8_000.0, "alerting": (1, 3)},
    ]


def test_more_replicas_fill_more_of_the_picture():
    few = [look(0, 4, 4), look(1, 1, 1), look(9, 1, 1)]
    many = [look(0, 4, 4), look(8, 1, 1), look(9, 1, 1)]
    assert coloured(many) > 1.5 * coloured(few) > 0


def test_a_load_that_nobody_could_read_is_left_open():
    assert coloured([look(0, 1, 1), look(1, 1, 1)]) > 0
