import pytest

from cluster.scaling.values import before, by_hand, load, planned_rate, settings

SIMULATOR = {
    "mission": "both",
    "drones": 300,
    "intervalSeconds": 60,
    "speed": "1",
    "rate": 0,
    "seed": 7,
}


@pytest.mark.parametrize(
    ("changed", "rate"),
    [
        ({}, 10),
        ({"mission": "prestacop"}, 5),
        ({"speed": "60"}, 600),
        ({"speed": "60", "rate": 100}, 100),
        ({"speed": "max", "rate": 4_000}, 4_000),
        ({"speed": "max"}, None),
    ],
)
def test_the_planned_rate_follows_from_the_fleet(changed, rate):
    assert planned_rate(SIMULATOR | changed) == rate


@pytest.mark.parametrize("mission", ["both", "peacewatch"])
@pytest.mark.parametrize("changed", [{}, {"speed": "max"}, {"rate": 5}])
def test_the_load_is_as_high_as_asked_for_whatever_was_before(mission, changed):
    simulator = SIMULATOR | changed | {"mission": mission}
    assert planned_rate(simulator | load(simulator, 8_000)) == 8_000


def test_the_load_is_sent_in_real_time():
    assert load(SIMULATOR | {"speed": "max"}, 8_000)["speed"] == "1"
    assert "speed" not in load(SIMULATOR, 8_000)


def test_what_the_load_changed_goes_back():
    changes = load(SIMULATOR, 8_000)
    loaded = SIMULATOR | changes
    assert loaded != SIMULATOR
    assert loaded | before(SIMULATOR, changes) == SIMULATOR


@pytest.mark.parametrize(
    ("enabled", "by_lag", "off"),
    [
        (False, False, set()),
        (True, False, {"--set=alerting.autoscaling.enabled=false"}),
        (
            True,
            True,
            {
                "--set=alerting.autoscaling.enabled=false",
                "--set=alerting.autoscaling.lag.enabled=false",
            },
        ),
    ],
)
def test_replicas_by_hand_turn_off_what_would_move_them(enabled, by_lag, off):
    autoscaling = {"enabled": enabled, "lag": {"enabled": by_lag}}
    arguments = settings(by_hand({"alerting": {"autoscaling": autoscaling}}, {"alerting": 3}))
    assert set(arguments) == {"--set=alerting.replicas=3", *off}


def test_text_stays_text_for_helm():
    assert settings({"simulator": {"speed": "1", "drones": 4_000, "intervalSeconds": 0.5}}) == (
        "--set-string=simulator.speed=1",
        "--set=simulator.drones=4000",
        "--set=simulator.intervalSeconds=0.5",
    )
