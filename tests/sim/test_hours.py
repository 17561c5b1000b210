"""Opening hours in the simulation: a house closes when its schedules say so (row Q-04)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import load, to_policy, to_schedules
from engine.core.inputs import HoursChanged, PolicyApplied
from engine.core.waiting import HoursKind
from engine.sim.options import HOUR_MS, START_MS, Faults, Options
from engine.sim.run import Simulation
from tests.sim.test_command import run
from tests.support.config_files import BASE, changed, write
from tests.support.hours import MINUTE_MS

pytestmark = [pytest.mark.sim, pytest.mark.row("Q-04")]

# The simulation begins on a Monday at 08:00 UTC: 09:00 in Paris.
TEXT = changed(
    BASE,
    "    name: Sales\n",
    "    name: Sales\n    hours: {schedule: office, closed: {hang_up: 17}}\n",
)
TEXT += """\
inbound_routes:
  sales: {pattern: "5550", destination: {queue: "6400"}}
hours:
  office: {time_zone: Europe/Paris, weekly: {mon: ["09:30-11:00", "11:15-12:00"]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, TEXT)


def told(simulation: Simulation) -> list[tuple[int, bool, HoursKind]]:
    """When the core was told what, and whether with a configuration."""
    journal = simulation.world.process.journal
    assert journal is not None
    return [
        (now_ms - START_MS, isinstance(happened, PolicyApplied), each.kind)
        for now_ms, happened in journal.entries
        if isinstance(happened, PolicyApplied | HoursChanged)
        for each in happened.hours
    ]


def test_a_house_opens_and_closes_by_its_own_hours(folder):
    configuration = load(folder)
    simulation = Simulation(
        to_policy(configuration),
        Options(1, 4 * HOUR_MS, journal=True),
        schedules=to_schedules(configuration),
    )
    simulation.run()
    assert told(simulation) == [
        (0, True, HoursKind.CLOSED),
        (30 * MINUTE_MS, False, HoursKind.OPEN),
        (120 * MINUTE_MS, False, HoursKind.CLOSED),
        (135 * MINUTE_MS, False, HoursKind.OPEN),
        (180 * MINUTE_MS, False, HoursKind.CLOSED),
        (240 * MINUTE_MS, True, HoursKind.CLOSED),  # The end: everything is mended,
        (240 * MINUTE_MS, False, HoursKind.OPEN),  # and whoever is there shall be served.
    ]


def test_a_process_that_comes_back_is_told_what_counts_by_then(folder):
    configuration = load(folder)
    options = Options(1, 4 * HOUR_MS, journal=True)
    options = replace(
        options, faults=Faults(engine_crashes_per_hour=20.0, engine_down_ms_max=30 * MINUTE_MS)
    )
    simulation = Simulation(
        to_policy(configuration), options, schedules=to_schedules(configuration)
    )
    simulation.run()
    kinds = told(simulation)
    starts = [(when_ms, kind) for when_ms, applied, kind in kinds if applied]
    assert len(starts) > 5
    for when_ms, kind in starts:
        if when_ms < 240 * MINUTE_MS:
            minute = when_ms / MINUTE_MS
            is_open = 30 <= minute < 120 or 135 <= minute < 180
            assert kind is (HoursKind.OPEN if is_open else HoursKind.CLOSED)
    assert {kind for _, kind in starts} == {HoursKind.OPEN, HoursKind.CLOSED}


def test_the_command_takes_the_hours_of_its_configuration(folder):
    by_hours = run("--config", folder, "--seed", 1, "--hours", 2)
    assert by_hours[0] == 0
    assert run("--config", folder, "--seed", 1, "--hours", 2) == by_hours
    text = TEXT.replace("09:30-11:00", "09:00-11:00")
    assert run("--config", write(folder, text), "--seed", 1, "--hours", 2) != by_hours
