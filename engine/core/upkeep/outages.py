"""A node that cannot be reached: its calls live on as we know them, but not for ever.

While a node is away nobody knows what becomes of its calls, so nothing is decided for them. One that
does not come back in time has lost them: they end in the record, as lost with a cause of their own, and
their agents are free for others once they have wrapped up. If it does come back later, what it still has
of these calls is ended there too, so that no caller sits in a call that the record does not know.

They end in the record when their node was seen last, for that is all that is known of them; and nobody
learns from them how long callers wait or agents talk. What their phones said of themselves is forgotten with
them, as with every call that ends (`offers.part_from_agents`, `parting.free_own_phone`); of all other phones
what the node said last counts on, as while any node is away: phones are told of by another connection,
which may be there, and tells changes only.
"""

from __future__ import annotations

from engine.core.causes import NETWORK_OUT_OF_ORDER
from engine.core.facts import CallEnd
from engine.core.ids import CallId, NodeId
from engine.core.model.call import Call
from engine.core.model.state import Ended, Node, State
from engine.core.model.timers import TimerKind
from engine.core.queueing.offers import want_again
from engine.core.supervision import recording
from engine.core.talking.legs import leg_ended
from engine.core.talking.talks import caller_hung_up

_OF_CALLBACKS = (
    TimerKind.MAX_WAIT,
    TimerKind.CALLBACK,
    TimerKind.ATTEMPT,
    TimerKind.RETRY,
    TimerKind.RELAX,
)
"""Timers that a callback without a channel can have."""


def watch(state: State, node: Node) -> None:
    """Begins to count, or counts anew by another limit, how long a node is away."""
    state.timers.cancel(TimerKind.LOST_NODE, node.node)
    limit_ms = state.policy.settings.lost_node_ms
    if node.down_ms is not None and limit_ms > 0:
        state.timers.set(TimerKind.LOST_NODE, node.node, node.down_ms + limit_ms)


def is_away(state: State, node: Node) -> None:
    """A node is away from this moment on, as far as this process can tell."""
    if node.seen_ms is None:
        node.seen_ms = state.now_ms if node.down_ms is None else node.down_ms
    node.down_ms = state.now_ms
    watch(state, node)


def is_lost(state: State, node_id: NodeId) -> None:
    """A node has been away for too long."""
    node = state.nodes.get(node_id)
    if node is None or node.up:
        return
    for call in state.calls.values():
        if call.node == node_id and not call.absent:
            node.lost[call.call_id] = None
    for leg in state.legs.values():
        if leg.node == node_id:
            node.lost[leg.leg_id] = None
    lose_calls(state, node, NETWORK_OUT_OF_ORDER, "the node did not come back")
    callbacks_want_again(state)


def lose_calls(state: State, node: Node, cause: int, why: str) -> None:
    """Ends all calls of a node and all that rings, talks or is recorded there, as of when it was seen last.

    Callbacks without a channel wait on. `why` is for recordings.
    """
    state.lost_ms = node.seen_ms
    for call in [each for each in state.calls.values() if each.node == node.node]:
        if call.call_id in state.calls:
            caller_hung_up(state, call, CallEnd.LOST, cause)
    for leg in [each for each in state.legs.values() if each.node == node.node]:
        if leg.leg_id in state.legs:
            leg_ended(state, leg.leg_id, cause, lost=True)
    recording.node_lost(state, node.node, why)
    state.lost_ms = None


def is_back(state: State, node: Node, *, restarted: bool) -> None:
    """A node is here again: what it lost has ended, whatever it still has of it."""
    node.down_ms = node.seen_ms = None
    state.timers.cancel(TimerKind.LOST_NODE, node.node)
    if not restarted:
        for channel_id in node.lost:
            state.ended[CallId(channel_id)] = Ended(node.node, state.now_ms)
    node.lost.clear()


def callbacks_want_again(state: State) -> None:
    """Lets callbacks ask for agents, at an Asterisk that can be reached.

    They need none of their own; but one for whom a phone rings waits for that phone's.
    """
    up = [node.node for node in state.nodes.values() if node.up]
    for call in absent_calls(state):
        assert call.visit is not None
        state.leaving[call.visit.queue_id] = None  # It may have become empty, or closed.
        if call.node in up:
            want_again(state, call)
        elif up and not call.visit.offers:
            move(state, call, up[0])


def absent_calls(state: State) -> list[Call]:
    """Returns the callbacks that wait without a channel."""
    calls = [state.calls[call_id] for call_id in state.callbacks.values()]
    return [call for call in calls if call.absent]


def move(state: State, call: Call, node: NodeId) -> None:
    """Lets a callback wait at that node. What was put off until the other was back is due."""
    call.node = node
    for kind in _OF_CALLBACKS:
        if state.timers.is_set(kind, call.call_id) and not state.timers.due_ms(kind, call.call_id):
            state.timers.set(kind, call.call_id, state.now_ms)
    want_again(state, call)
