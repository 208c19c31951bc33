from bench.garbage import Span
from bench.latency import latency_rows, shares_text
from bench.listening import SeenAlert, SeenCanary
from bench.pipeline import Observed


def alert(detected_ms: int, published_ms: int, read_ms: int) -> SeenAlert:
    """An alert of a report that came at second 1."""
    ms = (1000, 1000 + detected_ms, 1000 + published_ms, 1000 + read_ms)
    return SeenAlert(*(1000 * at for at in ms))


def test_an_alerts_way_is_told_whole_and_in_parts_beside_the_canarys() -> None:
    alerts = [alert(4, 6, 9), alert(8, 20, 40)]
    found = Observed(alerts, [SeenCanary(0, 2000), SeenCanary(0, 5000)], {}, 4000.0)
    rows = {str(row["what"]).strip(): row for row in latency_rows(found)}
    assert (rows["alert readable (ours)"]["p50 ms"], rows["report to detected"]["p99 ms"]) == (9, 8)
    assert rows["detected to alert in Kafka"]["max ms"] == 12
    assert rows["alert in Kafka to read"]["max ms"] == 20
    assert rows["canary, sent to read"]["ratio p50 ms"] == 4.5


def test_alerts_of_reports_that_came_amid_garbage_are_a_row_of_their_own() -> None:
    found = Observed(
        [alert(4, 6, 9), SeenAlert(3_000_000, 3_001_000, 3_002_000, 3_050_000)],
        [SeenCanary(0, 2000)],
        {},
        4000.0,
        Span(2_000_000, 12_000_000),
        200_000,
    )
    [amid] = [row for row in latency_rows(found) if "garbage" in str(row["what"])]
    assert (amid["records"], amid["p99 ms"]) == (1, 50)


def test_cpu_shares_are_of_one_core() -> None:
    assert shares_text({"kafka": 0.5, "alerting": 0.071}) == (
        "CPU, of one core: kafka 50%, alerting 7%."
    )
