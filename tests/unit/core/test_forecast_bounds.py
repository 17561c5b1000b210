"""A question about the wait looks at few agents of many, and says nearly the same (P-10)."""

from __future__ import annotations

import json

import pytest

from engine.core.estimate import crews
from engine.core.estimate.crews import LOOKED_AT, Watch, crew_of, spread
from engine.core.estimate.handling import costs_of
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import AgentAction
from engine.core.policy import QueuePolicy
from engine.core.router import RoutingCore
from tests.support.centre import Centre, queue, static
from tests.support.waits import AGENTS, house, known_wait, later, line_of, one_queue, wait_in

pytestmark = [pytest.mark.unit, pytest.mark.row("P-10")]

MANY = tuple(str(2001 + index) for index in range(170))


def _staggered(*queues: QueuePolicy) -> Centre:
    """Everybody talks, since different times; then some wrap up."""
    centre = house(*queues, talks=100)
    for agent in MANY:
        centre.reach(agent)
    for _ in MANY:
        centre.call("6400")
        centre.answer(next(iter(centre.ringing())))
        later(centre, 1_000)
    for leg_id in list(centre.core.state.legs)[::9]:
        centre.end_leg(leg_id)
        centre.obey()
    return centre


@pytest.mark.parametrize("shared", [False, True])
def test_who_is_looked_at_stands_for_the_others(
    monkeypatch: pytest.MonkeyPatch, *, shared: bool
) -> None:
    members = static(*MANY)
    more = (queue("6401", *members[40:], *static(*AGENTS)),) if shared else ()
    centre = _staggered(queue("6400", *members, wrapup_ms=60_000), *more)
    for dialled in ("6401",) * 30 if shared else ():
        centre.call(dialled)
    callers = [centre.call("6400") for _ in range(200)]
    some = [known_wait(centre, each) for each in callers]
    assert some == sorted(some)
    monkeypatch.setattr(crews, "spread", lambda among, _most=0: among)
    everybody = [known_wait(centre, each) for each in callers]
    assert some != everybody
    assert some == pytest.approx(everybody, rel=0.05, abs=5_000)


def test_no_more_are_looked_at() -> None:
    centre = _staggered(
        queue("6400", *static(*MANY), wrapup_ms=60_000), queue("6401", *static(*MANY, *AGENTS))
    )
    state, line = centre.core.state, line_of(centre)
    costs = costs_of(state, line)
    assert costs is not None
    watch, crew = Watch(state, line, costs), crew_of(state, line)
    hands = watch.hands(crew)
    assert len(hands) <= 2 * LOOKED_AT
    assert sum(hand.weight for hand in hands) == pytest.approx(len(MANY))
    assert len(watch.more_hands(crew, [QueueId("6401")])) <= LOOKED_AT


def test_those_of_other_queues_count_once_each() -> None:
    outer = static("1003", "1004", "1005")
    centre = house(one_queue("1001", "1002"), queue("6401", *outer), queue("6402", *outer[1:]))
    state, line = centre.core.state, line_of(centre)
    costs = costs_of(state, line)
    assert costs is not None
    more = Watch(state, line, costs).more_hands(
        crew_of(state, line), [QueueId("6401"), QueueId("6402")]
    )
    assert sum(hand.weight for hand in more) == pytest.approx(3)


def test_a_spread_is_even() -> None:
    assert spread([1, 2, 3], 3) == [1, 2, 3]
    assert spread(list(range(10)), 5) == [0, 2, 4, 6, 8]


def test_the_crew_follows_who_comes_and_goes() -> None:
    centre = house()
    state, line = centre.core.state, line_of(centre)

    def at_work() -> list[AgentId]:
        centre.core.check()
        return [agent.agent_id for agent, _ in crew_of(state, line).people]

    assert at_work() == ["1001", "1002", "1003"]
    centre.act("1002", "6400", AgentAction.PAUSE)
    assert at_work() == ["1001", "1003"]
    centre.reach("1001", reachable=False)
    assert at_work() == ["1003"]
    centre.act("1002", "6400", AgentAction.RESUME)
    centre.reach("1001", reachable=True)
    assert at_work() == ["1001", "1002", "1003"]


def test_who_was_asked_before_and_who_was_not_say_the_same() -> None:
    centre = _staggered(queue("6400", *static(*MANY), wrapup_ms=60_000))
    callers = [centre.call("6400") for _ in range(20)]
    known_wait(centre, callers[-1])
    centre.act(MANY[3], "6400", AgentAction.PAUSE)
    centre.act(MANY[3], "6400", AgentAction.RESUME)
    centre.act(MANY[5], "6400", AgentAction.PAUSE)
    again = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    in_line = [each for each in callers if centre.core.state.calls[each].visit is not None]
    assert [wait_in(again, each) for each in in_line] == [
        wait_in(centre.core, each) for each in in_line
    ]
    again.check()
