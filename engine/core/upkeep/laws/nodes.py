"""What must be true of nodes."""

from __future__ import annotations

from engine.core.model.state import Node, State
from engine.core.model.timers import TimerKind


def check_nodes(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    assert state.lost_ms is None, "what ends now is taken for what a node lost"
    for node_id, node in state.nodes.items():
        assert node.node == node_id, "a node is in another's place"
        if node.up:
            _check_up(state, node)
        elif node.down_ms is not None:
            _check_away(state, node, node.down_ms)
        else:
            assert not _is_counted(state, node), "a node is missed that never was there"


def _check_up(state: State, node: Node) -> None:
    assert node.down_ms is None, "a node is there and away"
    assert node.seen_ms is None, "a node is there and was seen last before"
    assert not node.lost, "a node is there and what it lost is not dealt with"
    assert not _is_counted(state, node), "a node is there and is missed"


def _check_away(state: State, node: Node, down_ms: int) -> None:
    assert node.seen_ms is not None, "nobody knows when a node was seen last"
    assert max(node.seen_ms, down_ms) <= state.now_ms, "a node is seen that is yet to come"
    if state.policy.settings.lost_node_ms == 0:
        assert not _is_counted(state, node), "a node is missed, and nothing comes of it"
    elif not _is_counted(state, node):
        assert not _has_calls(state, node), "calls of a node that is away have no end"


def _is_counted(state: State, node: Node) -> bool:
    return state.timers.is_set(TimerKind.LOST_NODE, node.node)


def _has_calls(state: State, node: Node) -> bool:
    """Tells whether something is thought to be there; a callback without a channel is nowhere."""
    if any(call.node == node.node and not call.absent for call in state.calls.values()):
        return True
    if any(leg.node == node.node for leg in state.legs.values()):
        return True
    return any(each.node == node.node for each in state.recordings.values())
