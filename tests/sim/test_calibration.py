"""The estimated wait is nearer the truth than app_queue's moving average, on the same traffic (P-10)."""

from __future__ import annotations

import json

import pytest

from engine.sim.calibration import Calibration, MovingAverage, calibrate
from engine.sim.calibration_scenes import scenes
from engine.sim.calibration_table import to_figures, to_text
from tests.sim.test_command import run

pytestmark = [pytest.mark.sim, pytest.mark.row("P-10")]

SEEDS = range(1, 3)


@pytest.fixture(scope="module")
def calibrations() -> dict[str, Calibration]:
    return {scene.name: calibrate(scene, SEEDS) for scene in scenes()}


@pytest.mark.parametrize("name", [scene.name for scene in scenes()])
def test_better_than_the_moving_average(calibrations: dict[str, Calibration], name: str) -> None:
    found = calibrations[name]
    assert len(found.waits_ms) > 250
    for ours, theirs in (
        (found.ours, found.theirs),
        (found.ours_later, found.theirs_later),
    ):
        for share, ratio in ((0.5, 0.8), (0.9, 0.8)):
            mine, average = ours.quantile_ms(share), theirs.quantile_ms(share)
            assert mine is not None
            assert average is not None
            assert mine < ratio * average, (share, mine, average)
        assert ours.told_less_share is not None
        assert theirs.told_less_share is not None
        assert ours.told_less_share < theirs.told_less_share


def test_the_table_has_every_scene_twice(calibrations: dict[str, Calibration]) -> None:
    text = to_text(list(calibrations.values()))
    assert all(text.count(name + " ") >= 2 for name in calibrations)
    for each in calibrations.values():
        figures = json.loads(json.dumps(to_figures(each)))
        assert figures["entry"]["usher"]["asked"] == each.ours.asked > 0


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
