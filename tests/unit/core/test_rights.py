"""The matrix of rights: every right, for every role, granted and not (S-01)."""

from __future__ import annotations

import pytest

from engine.core.agents.rights import GRANTABLE, Role, may
from engine.core.ids import QueueId
from engine.core.inputs import BY_SYSTEM
from engine.core.policy import Right
from tests.support.centre import Centre, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("S-01")]

MANAGER, AGENT, BOTH, STRANGER = "1008", "1001", "1002", "1003"

MATRIX = {
    Right.WALLBOARD: (True, True),
    Right.PANEL: (True, True),
    Right.CHANGE_STATE: (True, False),
    Right.DISTRIBUTE: (True, True),
    Right.PICK_UP: (True, True),
    Right.MONITOR: (True, False),
    Right.PARK: (True, True),
    Right.RECORD: (True, False),
    Right.CONTACT_MATCH: (True, True),
    Right.SEE_MISSED: (True, False),
    Right.DELETE_MISSED: (True, False),
    Right.QUEUE_LOG: (False, True),
}
"""The specification's words: manager, agent; what may be granted."""

NUMBER = QueueId("6400")


def centre(manager: tuple[Right, ...] = (), agent: tuple[Right, ...] = ()) -> Centre:
    """1008 manages, 1001 is an agent, 1002 both; 1003 is an agent of another queue only."""
    return Centre(
        queue(
            NUMBER,
            *static(AGENT, BOTH),
            managers=(MANAGER, BOTH),
            manager_rights=manager,
            agent_rights=agent,
        ),
        queue("6401", *static(STRANGER), managers=(STRANGER,), manager_rights=tuple(Right)),
    )


def holders(of: Centre, right: Right) -> list[str]:
    """Who has this right in the queue."""
    people = (MANAGER, AGENT, BOTH, STRANGER, "nobody", "")
    return [each for each in people if may(of.core.state, each, NUMBER, right)]


def test_every_right_is_in_the_matrix() -> None:
    assert list(MATRIX) == list(Right)


@pytest.mark.parametrize("right", list(Right))
def test_what_may_be_granted(right: Right) -> None:
    manager, agent = MATRIX[right]
    assert (right in GRANTABLE[Role.MANAGER]) is manager
    assert (right in GRANTABLE[Role.AGENT]) is agent


@pytest.mark.parametrize("right", list(Right))
def test_granted_to_managers(right: Right) -> None:
    """What can never be granted is not had even if it is written down."""
    expected = [MANAGER, BOTH] if MATRIX[right][0] else []
    assert holders(centre(manager=(right,)), right) == expected


@pytest.mark.parametrize("right", list(Right))
def test_granted_to_agents(right: Right) -> None:
    expected = [AGENT, BOTH] if MATRIX[right][1] else []
    assert holders(centre(agent=(right,)), right) == expected


@pytest.mark.parametrize("right", list(Right))
def test_all_granted_to_both(right: Right) -> None:
    """Who is both has the rights of both, though one of the roles can never have this one."""
    manager, agent = MATRIX[right]
    expected = [
        *([MANAGER] if manager else []),
        *([AGENT] if agent else []),
        BOTH,
    ]
    assert holders(centre(tuple(Right), tuple(Right)), right) == expected


@pytest.mark.parametrize("right", list(Right))
def test_not_granted(right: Right) -> None:
    others = tuple(each for each in Right if each is not right)
    assert holders(centre(others, others), right) == []


@pytest.mark.parametrize("right", list(Right))
def test_the_system_may_everything_and_people_nothing_outside_of_queues(right: Right) -> None:
    state = centre(tuple(Right), tuple(Right)).core.state
    for queue_id in (NUMBER, QueueId("6499"), None):
        assert may(state, BY_SYSTEM, queue_id, right)
    for person in (MANAGER, AGENT, BOTH):
        assert not may(state, person, None, right)
        assert not may(state, person, QueueId("6499"), right)


def test_rights_follow_a_reload() -> None:
    before = centre(manager=(Right.MONITOR,))
    assert holders(before, Right.MONITOR) == [MANAGER, BOTH]
    before.apply(queue(NUMBER, *static(AGENT), managers=(AGENT,), manager_rights=(Right.MONITOR,)))
    assert holders(before, Right.MONITOR) == [AGENT]
