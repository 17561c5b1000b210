"""Believed state against what Asterisk says exists: after a restart, a cut connection, a crash.

While a node is out of reach nothing of its calls is decided: no offers, and timers that come due
wait. On reconnection the missed events are worked out, what must be said again is said, and the
late timers run. Saying something twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.core.callers.calls import call_arrived
from engine.core.callers.dialplan import seen_again
from engine.core.callers.parking import play_music
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import DestroyBridge, HangUpCall, HangUpLeg, StopMonitor
from engine.core.facts import CallEnd, VisitOutcome, VisitReason
from engine.core.ids import (
    BRIDGE_PREFIX,
    MONITOR_BRIDGE_PREFIX,
    BridgeId,
    CallId,
    LegId,
    MonitorId,
    NodeId,
    bridge_id_of,
    is_ear,
    is_leg,
    is_own,
)
from engine.core.inputs import CallArrived, NodeConnected, SeenChannel
from engine.core.model.call import Call, CallState
from engine.core.model.leg import Leg, LegState
from engine.core.model.state import Node, State
from engine.core.model.timers import TimerKind
from engine.core.prompting.hearing import answer_call, hears_prompt, no_sound, play_again
from engine.core.prompting.questions import ask_again
from engine.core.queueing.announcing import catch_up
from engine.core.queueing.attempts import let_agent_hear_ringing
from engine.core.queueing.offers import hang_up_leg, want_again
from engine.core.queueing.parting import hang_up_call
from engine.core.queueing.visits import leave_queue, start_waiting_sound
from engine.core.supervision import monitoring, recording
from engine.core.talking.legs import (
    agent_prompt_is_over,
    customer_answered,
    leg_answered,
    leg_ended,
)
from engine.core.talking.summons import came
from engine.core.talking.talks import bridge, caller_hung_up
from engine.core.upkeep.outages import (
    absent_calls,
    callbacks_want_again,
    is_away,
    is_back,
    lose_calls,
    move,
)


def node_disconnected(state: State, node_id: NodeId) -> str | None:
    """Stops deciding for this node's calls. Returns why that means nothing, or None."""
    node = state.nodes.get(node_id)
    if node is None or not node.up:
        return "node was not connected"
    node.up = False
    is_away(state, node)
    for call in state.calls.values():
        if call.node == node_id and call.visit is not None:
            state.lines[call.visit.queue_id].rest(call.visit)
    callbacks_want_again(state)
    return None


def engine_started(state: State) -> None:
    """A new process holds the old state: nothing is connected, and missed offers count anew (Q-06)."""
    for node in list(state.nodes.values()):
        if node.up:
            node_disconnected(state, node.node)
        else:
            is_away(state, node)  # Nobody was there to see it come back.
    for agent in state.agents.values():
        agent.devices.clear()
        for membership in agent.memberships.values():
            membership.missed_in_row = 0
        state.refresh(agent)


def node_removed(state: State, node_id: NodeId) -> None:
    """A node is configured no more: its calls are lost to us, and its view of phones counts no more."""
    state.timers.cancel(TimerKind.LOST_NODE, node_id)
    lose_calls(state, state.nodes[node_id], 0, "the node was removed")
    _move_callbacks(state, node_id)
    for agent in state.agents.values():
        agent.reachable_at.pop(node_id, None)
        agent.devices.pop(node_id, None)
    del state.nodes[node_id]


def _move_callbacks(state: State, node_id: NodeId) -> None:
    """Lets the callbacks of a removed node wait at another; where there is none they are lost."""
    others = [each for each in state.policy.nodes if each != node_id]
    up = [each for each in others if state.node_up(each)]
    for call in absent_calls(state):
        if call.node != node_id:
            continue
        if others:
            move(state, call, (up or others)[0])
        else:
            leave_queue(state, call, VisitOutcome.MISSED, VisitReason.LOST)


def node_connected(state: State, seen: NodeConnected) -> None:
    """Brings belief and Asterisk together."""
    node = state.nodes.setdefault(seen.node, Node(seen.node))
    restarted = "" != node.boot_id != seen.boot_id != ""
    node.boot_id = seen.boot_id or node.boot_id
    node.up = True
    channels = {channel.channel_id: channel for channel in seen.channels}
    calls = [call for call in state.calls.values() if call.node == seen.node]
    legs = [leg for leg in state.legs.values() if leg.node == seen.node]
    calls_told = {call.call_id: None for call in calls if call.state is CallState.ENDING}
    legs_told = {leg.leg_id: None for leg in legs if leg.state is LegState.ENDING}
    talking = [leg for leg in legs if leg.state is LegState.TALKING]
    recordings = recording.of_node(state, seen.node)
    for call in calls:
        if not call.absent and (restarted or call.call_id not in channels):
            caller_hung_up(state, call, CallEnd.LOST if restarted else CallEnd.CALLER, 0)
    if restarted:  # Its channels' ids begin anew, in the same second even with the same numbers.
        state.forget_ended(seen.node)
    is_back(state, node, restarted=restarted)
    for leg in legs:
        channel = channels.get(leg.leg_id)
        if restarted or channel is None:
            # How a ringing ended unseen, nobody knows: not the agent's fault.
            lost = restarted or leg.state is not LegState.TALKING
            leg_ended(state, leg.leg_id, 0, lost=lost)
        elif leg.leg_id in legs_told:
            hang_up_leg(state, leg)
        else:
            _catch_up_leg(state, leg, channel)
    _remove_bridges_of_talks(state, seen)
    for call in calls:
        channel = channels.get(call.call_id)
        if channel is None or call.call_id not in state.calls:
            continue
        if call.call_id in calls_told:
            hang_up_call(state, call, NORMAL_CLEARING)
        else:
            _catch_up_call(state, call, channel)
    callbacks_want_again(state)
    for leg in talking:  # Now that their callers have been answered.
        _catch_up_talk(state, leg, channels)
    monitoring.compare(state, seen.node, channels)
    recording.compare(state, recordings, channels, restarted=restarted)
    _meet_strangers(state, seen)
    state.timers.resume(node.node, state.now_ms)


def _catch_up_leg(state: State, leg: Leg, channel: SeenChannel) -> None:
    if leg.rings and channel.up:
        leg_answered(state, leg.leg_id)
    elif leg.state is LegState.ANSWERED:
        # Whether the agent prompt was heard to its end is unknown; waiting longer helps nobody.
        agent_prompt_is_over(state, leg.leg_id)


def _catch_up_talk(state: State, leg: Leg, channels: dict[str, SeenChannel]) -> None:
    channel, caller = channels.get(leg.leg_id), channels.get(leg.call_id)
    if leg.leg_id not in state.legs or leg.state is not LegState.TALKING:
        return
    expected = bridge_id_of(leg.leg_id)
    if channel is None or caller is None or channel.bridge_id == caller.bridge_id == expected:
        return
    leg.connects = 0
    # The connection that got lost was told together with the end of what they heard while waiting.
    for each in (caller, channel):
        if each.bridge_id is None:
            no_sound(state, leg.node, each.channel_id)
    bridge(state, state.calls[leg.call_id], leg)


def _catch_up_call(state: State, call: Call, channel: SeenChannel) -> None:
    if not channel.up:
        call.answered = False
    catches_up = _CATCHES_UP.get(call.state)
    if call.callback is not None:
        _catch_up_customer(state, call, channel)
    elif catches_up is not None:
        catches_up(state, call, channel)


def _catch_up_summoned(state: State, call: Call, channel: SeenChannel) -> None:
    if channel.up:
        came(state, call)


def _catch_up_routing(state: State, call: Call, _channel: SeenChannel) -> None:
    state.following[call.call_id] = None  # Sent somewhere while nobody could be told.


def _answer(state: State, call: Call, _channel: SeenChannel) -> None:
    if not call.answered:
        answer_call(state, call)


def _catch_up_listening(state: State, call: Call, _channel: SeenChannel) -> None:
    if hears_prompt(state, call):
        play_again(state, call)


def _catch_up_deciding(state: State, call: Call, _channel: SeenChannel) -> None:
    ask_again(state, call)


def _catch_up_parked(state: State, call: Call, _channel: SeenChannel) -> None:
    play_music(state, call)


def _catch_up_waiting(state: State, call: Call, _channel: SeenChannel) -> None:
    assert call.visit is not None
    line = state.lines[call.visit.queue_id]
    if call.dialogue is not None and hears_prompt(state, call):
        play_again(state, call)
    if call.dialogue is None:
        call.sound = None  # Whether it was begun, nobody knows; begun again it does no harm.
    else:
        call.sound = line.policy.waiting_sound  # It begins after the questions.
    catch_up(state, call, line)
    start_waiting_sound(state, call, line)
    want_again(state, call)
    state.leaving[line.queue_id] = None


_CATCHES_UP: dict[CallState, Callable[[State, Call, SeenChannel], None]] = {
    CallState.SUMMONED: _catch_up_summoned,
    CallState.ROUTING: _catch_up_routing,
    CallState.TALKING: _answer,
    CallState.MONITORING: _answer,
    CallState.LISTENING: _catch_up_listening,
    CallState.DECIDING: _catch_up_deciding,
    CallState.AWAY: seen_again,
    CallState.PARKED: _catch_up_parked,
    CallState.WAITING: _catch_up_waiting,
}
"""What is said again, or has happened meanwhile, by where a call is whose channel is still there."""


def _catch_up_customer(state: State, call: Call, channel: SeenChannel) -> None:
    """The phone of a callback's customer rings on, or was picked up. It is never rung again."""
    if call.absent:
        return  # A channel that nobody made.
    assert call.visit is not None
    assert call.visit.chosen is not None
    if channel.up:
        customer_answered(state, call)
    else:
        let_agent_hear_ringing(state, state.legs[call.visit.chosen])


def _meet_strangers(state: State, seen: NodeConnected) -> None:
    for channel in seen.channels:
        if not _send_away(state, seen.node, channel.channel_id):
            _take_in(state, seen.node, channel)
    _remove_bridges_of_monitors(state, seen)


def _send_away(state: State, node: NodeId, channel_id: str) -> bool:
    """Ends a channel that should not exist. Returns False if it is a caller who dialled in."""
    if is_leg(channel_id):
        if LegId(channel_id) not in state.legs and CallId(channel_id) not in state.calls:
            state.tell(HangUpLeg(node, LegId(channel_id), answered_elsewhere=False))
    elif is_ear(channel_id):
        if channel_id not in state.monitors and channel_id not in state.recordings:
            state.tell(StopMonitor(node, MonitorId(channel_id)))
    elif is_own(channel_id) or CallId(channel_id) in state.ended:
        if CallId(channel_id) not in state.calls and LegId(channel_id) not in state.legs:
            state.tell(HangUpCall(node, CallId(channel_id), NORMAL_CLEARING))
    else:
        return False
    return True


def _take_in(state: State, node: NodeId, channel: SeenChannel) -> None:
    """Lets a caller arrive who came while nobody watched."""
    if CallId(channel.channel_id) in state.calls or LegId(channel.channel_id) in state.legs:
        return
    call_arrived(
        state,
        CallArrived(
            call_id=CallId(channel.channel_id),
            node=node,
            endpoint=channel.endpoint,
            dialled=channel.dialled,
            caller_number=channel.caller_number,
            caller_name=channel.caller_name,
            created_ms=channel.created_ms,
        ),
        away=channel.away,
    )


def _remove_bridges_of_talks(state: State, seen: NodeConnected) -> None:
    """Removes the bridges of talks that are over, before who is left in one is told what comes next.

    A prompt for somebody who is still in such a bridge would end with it, and nobody would say so.
    """
    for bridge_id in seen.bridges:
        if not bridge_id.startswith(BRIDGE_PREFIX):
            continue
        leg = state.legs.get(LegId(bridge_id.removeprefix(BRIDGE_PREFIX)))
        if leg is None or leg.state is not LegState.TALKING:
            left = tuple(each.channel_id for each in seen.channels if each.bridge_id == bridge_id)
            state.tell(DestroyBridge(seen.node, BridgeId(bridge_id), left))


def _remove_bridges_of_monitors(state: State, seen: NodeConnected) -> None:
    for bridge_id in seen.bridges:
        if not bridge_id.startswith(MONITOR_BRIDGE_PREFIX):
            continue
        call = state.calls.get(CallId(bridge_id.removeprefix(MONITOR_BRIDGE_PREFIX)))
        if call is None or call.state is not CallState.MONITORING:
            state.tell(DestroyBridge(seen.node, BridgeId(bridge_id)))
