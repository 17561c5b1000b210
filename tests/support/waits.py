"""A queue with a past, for tests of the estimated wait."""

from __future__ import annotations

from engine.core.estimate.forecast import wait_ms
from engine.core.estimate.handling import learn_talk
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.inputs import TimePassed
from engine.core.model.line import Line
from engine.core.policy import Member, QueuePolicy
from engine.core.router import RoutingCore
from tests.support.centre import Centre, queue, static

AGENTS = tuple(str(1001 + index) for index in range(9))
TALK_MS = 200_000


def house(*queues: QueuePolicy, talks: int = 50, talk_ms: int = TALK_MS) -> Centre:
    """A centre whose first queue has had so many talks, all equally long."""
    centre = Centre(*(queues or (one_queue(),)))
    for _ in range(talks):
        learn_talk(centre.core.state, line_of(centre), talk_ms)
    return centre


def one_queue(*agents: str, **options: object) -> QueuePolicy:
    """Queue 6400 with these static agents, three by default."""
    members: tuple[Member, ...] = static(*(agents or AGENTS[:3]))
    return queue("6400", *members, **options)


def line_of(centre: Centre, number: str = "6400") -> Line:
    """That queue's line."""
    return centre.core.state.lines[QueueId(number)]


def busy(centre: Centre, *agents: str, dialled: str = "6400") -> None:
    """Callers come and these agents, who must be free, talk to them."""
    for _ in agents:
        centre.call(dialled)
    for agent in agents:
        centre.answer(agent)
        centre.obey()


def wait_of(centre: Centre, call_id: CallId) -> int | None:
    """What is predicted for a waiting caller."""
    return wait_in(centre.core, call_id)


def wait_in(core: RoutingCore, call_id: CallId) -> int | None:
    """The same, of any core."""
    state = core.state
    visit = state.calls[call_id].visit
    assert visit is not None
    return wait_ms(state, state.lines[visit.queue_id], visit)


def later(centre: Centre, duration_ms: int) -> None:
    """Lets time pass, and the core know it."""
    centre.wait(duration_ms)
    centre.give(TimePassed())


def known_wait(centre: Centre, call_id: CallId) -> int:
    """What is predicted for a waiting caller, where something is."""
    predicted = wait_of(centre, call_id)
    assert predicted is not None
    return predicted


def comes_back(core: RoutingCore, agent: str, number: str = "6400") -> None:
    """An agent's pause is over, without anything following from it yet."""
    known = core.state.agents[AgentId(agent)]
    membership = known.memberships[QueueId(number)]
    membership.pause_id = None
    core.state.at_work_changes(known, membership)
