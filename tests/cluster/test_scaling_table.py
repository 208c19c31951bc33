import subprocess

from cluster.scaling.replicas import Autoscaler, Look, Part
from cluster.scaling.table import clock, command_lines, heading, is_news, row, summary

SCALER = Autoscaler(maximum=6, scale_down_seconds=60, cpu_percent=243)


def look(seconds, ready=1, wanted=1, rate=None):
    return Look(seconds, rate, (Part("alerting", wanted, ready, SCALER),))


def test_a_line_tells_time_rate_replicas_and_cpu_below_their_names():
    seen = Look(65.9, 7_912.4, (Part("alerting", 4, 1, SCALER), Part("archiving", 3, 3, None)))
    assert heading(seen) == "   time  reports/s    alerting     CPU   archiving     CPU"
    assert row(seen) == "   1:05      7,912         1→4   243 %           3       -"


def test_a_rate_that_is_not_known_is_left_open():
    assert row(look(0)).split() == ["0:00", "-", "1", "243", "%"]


def test_minutes_go_on_after_an_hour():
    assert clock(3_661) == "61:01"


def test_a_change_of_replicas_is_news_at_once_and_all_else_after_a_while():
    told = look(10, rate=10)
    assert is_news(told, None)
    assert not is_news(look(24, rate=8_000), told)
    assert is_news(look(25), told)
    assert is_news(look(11, wanted=2), told)
    assert is_news(look(11, ready=0), told)


def test_in_short_it_is_how_many_there_were_and_when():
    course = [look(0, 1), look(60, 3), look(70, 4), look(90, 4), look(180, 2), look(210, 1)]
    [_, alerting] = summary([*course, look(220, 1)])
    assert " ".join(alerting.split()) == "alerting 1 4 from 1:10 on 1 from 3:30 on"


def test_in_short_the_highest_rate_is_told_if_any_was_seen():
    assert summary([look(0, rate=10), look(3, rate=8_012.3), look(6)])[-1].endswith("8,012")
    assert len(summary([look(0), look(3)])) == 2


def test_replicas_that_never_changed_were_there_from_the_beginning():
    [_, alerting] = summary([look(2), look(5)])
    assert " ".join(alerting.split()) == "alerting 1 1 from 0:02 on 1 from 0:02 on"


def test_a_long_command_is_told_in_lines_that_a_shell_takes_for_one_command():
    words = [*(f"--set=alerting.autoscaling.n={n}" for n in range(9)), "a 'b' $c"]
    first, *rest = command_lines(["printf", "%s.", *words])
    assert rest
    assert max(map(len, [first, *rest])) <= 100
    typed = "\n".join([first.removeprefix("    $"), *rest])
    ran = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True)
    assert ran.stdout == "".join(f"{word}." for word in words)
