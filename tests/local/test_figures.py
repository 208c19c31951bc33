import pytest

from local.figures import Figures, figure_lines, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([7], 0.5, 7), ([7], 0.99, 7), ([3, 1, 2], 0.5, 2), (range(1, 101), 0.99, 99), ([1, 9], 1, 9)],
)
def test_a_percentile_is_a_value_that_was_measured(values, share, expected):
    assert percentile(values, share) == expected


def test_the_figures_read_well():
    notices = {"mails": [1, 2], "webhooks": [1] * 3, "shown": 3}
    figures = Figures(2_000, 4.0, 3, 120_000, [10, 20, 400], **notices)
    assert figure_lines(figures) == [
        "Reports  2,000 acknowledged in 4.0 s: 500 reports/s",
        "Archive  3 objects, 0.1 MB: 60.0 bytes/report",
        "Alerts   3 published; from report acknowledged to alert published:"
        " p50 20 ms, p99 400 ms, max 400 ms",
        "Mails    2, of which 1 digests, with 3 alerts",
        "Webhooks 3, of which 0 digests, with 3 alerts",
        "Website  3 alerts",
    ]


def test_history_is_counted_beside_the_drones_and_in_the_archive():
    _, history, archive, *_ = figure_lines(Figures(2_000, 4.0, 3, 120_000, [7], 900, 100))
    assert history == "History  900 of 1,000 rows loaded; 100 set aside"
    assert archive == "Archive  3 objects, 0.1 MB: 41.4 bytes/report"


def test_a_run_without_alerts_or_reports_has_figures_too():
    assert figure_lines(Figures(0, 0.0, 0, 0, []))[2] == "Alerts   0 published; no latency to tell"
