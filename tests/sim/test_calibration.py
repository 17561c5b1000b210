"""The estimated wait is nearer the truth than app_queue's moving average, on the same traffic (P-10)."""

from __future__ import annotations

import json

import pytest

from engine.sim.calibration import Calibration, MovingAverage, calibrate
from engine.sim.calibration_scenes import scenes
from engine.sim.calibration_table import to_figures, to_text
from tests.sim.test_command import run

pytestmark = [pytest.mark.sim, pytest.mark.row("P-10")]

SEED = 1


def calibrated(name: str) -> Calibration:
    return next(calibrate(scene, [SEED]) for scene in scenes() if scene.name == name)


@pytest.mark.parametrize("name", [scene.name for scene in scenes()])
def test_better_than_the_moving_average(name: str) -> None:
    found = calibrated(name)
    assert len(found.waits_ms) > 200
    for ours, theirs in ((found.ours, found.theirs), (found.ours_later, found.theirs_later)):
        for share in (0.5, 0.9):
            mine, average = ours.quantile_ms(share), theirs.quantile_ms(share)
            assert mine is not None
            assert average is not None
            assert mine < 0.8 * average, (share, mine, average)
        assert ours.told_less_share is not None
        assert theirs.told_less_share is not None
        assert ours.told_less_share < theirs.told_less_share


def test_the_table_has_a_scene_twice() -> None:
    found = calibrated("agents leave at noon")
    assert to_text([found]).count("agents leave at noon ") == 2
    figures = json.loads(json.dumps(to_figures(found)))
    assert figures["entry"]["usher"]["asked"] == found.ours.asked > 0


def test_the_moving_average_is_app_queues() -> None:
    average = MovingAverage()
    for waited_s in (100, 100, 0):
        average.answered(waited_s * 1000 + 999)
    assert average.held_s == (3 * ((3 * 25 + 100) // 4) + 0) // 4 == 32
    assert average.left_ms(30_000) == 2_000
    assert average.left_ms(40_000) == 0
    assert [average.said_minutes(waited_s * 1000) for waited_s in (0, 3, 90, 182)] == [1, 0, 0, 2]


def test_the_command_refuses_what_it_would_not_heed() -> None:
    code, _, complained = run("--calibrate", "--swarm")
    assert code == 2
    assert complained == "usher simulate: --calibrate has scenes of its own: leave out --swarm\n"


def test_the_command_prints_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sim.calibration_table.scenes", lambda: scenes()[2:3])
    code, said, _ = run("--calibrate", "--runs", 1)
    assert code == 0
    assert "morning ramp" in said
    code, said, _ = run("--calibrate", "--runs", 1, "--json")
    assert code == 0
    assert json.loads(said)["scene"] == "morning ramp"
