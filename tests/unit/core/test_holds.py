"""Holds: inside a talk, one after the other, whoever holds whom."""

from __future__ import annotations

import pytest

from engine.core.facts import HoldEnded, HoldStarted, InputIgnored, TalkEnded
from engine.core.ids import CallId, LegId
from engine.core.inputs import HoldChanged
from tests.support.centre import Centre, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("A-07")]


@pytest.fixture
def talk() -> tuple[Centre, CallId, LegId]:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    return centre, call_id, centre.answer("1001")


Talk = tuple[Centre, CallId, LegId]


def holds(centre: Centre) -> list[tuple[bool, int]]:
    """Who held, and for how long, of each hold that is over."""
    by = {fact.hold_id: fact.by_caller for fact in centre.of(HoldStarted)}
    return [(by[fact.hold_id], fact.hold_ms) for fact in centre.of(HoldEnded)]


def test_one_side_holds_and_takes_back(talk: Talk) -> None:
    centre, _, leg_id = talk
    centre.give(HoldChanged(leg_id, held=True))
    centre.wait(700)
    centre.give(HoldChanged(leg_id, held=False))
    assert holds(centre) == [(False, 700)]


def test_if_both_hold_the_second_hold_begins_when_the_first_ends(talk: Talk) -> None:
    """So that the sum of the holds is how long the two could not talk."""
    centre, call_id, leg_id = talk
    centre.give(HoldChanged(leg_id, held=True))
    centre.wait(700)
    centre.give(HoldChanged(call_id, held=True))
    centre.wait(50)
    centre.give(HoldChanged(leg_id, held=False))
    assert holds(centre) == [(False, 750)]
    centre.wait(300)
    centre.give(HoldChanged(call_id, held=False))
    assert holds(centre) == [(False, 750), (True, 300)]


def test_a_second_hold_that_ends_within_the_first_is_part_of_it(talk: Talk) -> None:
    centre, call_id, leg_id = talk
    centre.give(HoldChanged(call_id, held=True))
    centre.give(HoldChanged(leg_id, held=True))
    centre.wait(100)
    centre.give(HoldChanged(leg_id, held=False))
    centre.wait(100)
    centre.give(HoldChanged(call_id, held=False))
    assert holds(centre) == [(True, 200)]


def test_what_is_said_twice_changes_nothing(talk: Talk) -> None:
    centre, call_id, leg_id = talk
    centre.give(HoldChanged(call_id, held=False))
    assert centre.told(InputIgnored)
    for channel in (leg_id, call_id):
        centre.give(HoldChanged(channel, held=True))
        centre.give(HoldChanged(channel, held=True))
        assert centre.told(InputIgnored)
    centre.wait(10)
    centre.hang_up(call_id)
    assert holds(centre) == [(False, 10)]
    (ended,) = centre.of(TalkEnded)
    assert ended.talk_ms == 10
