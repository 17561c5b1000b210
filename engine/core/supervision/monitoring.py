"""Supervisors on agents' talks: listen, whisper, barge (S-02).

One `Monitor` is one spell in one mode; pressing a key ends it and begins the next. What is heard is
ended before anything new is begun, so nobody ever hears more than the mode allows: a few ms of
silence are the price. When something goes wrong the supervisor is let go, never left in a talk.

A supervisor leaves no trace in a talk: it is the same before, during and after. The talk's end ends
all its monitoring; the supervisors hear a goodbye.
"""

from __future__ import annotations

from typing import Final

from engine.core.agents.rights import may
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import (
    DestroyBridge,
    JoinTalk,
    LeaveTalk,
    StartMonitor,
    StopMonitor,
)
from engine.core.directions import ToMonitor
from engine.core.facts import ActionRefused, MonitorEnded, MonitorStarted
from engine.core.ids import (
    BRIDGE_PREFIX,
    SPY_PREFIX,
    BridgeId,
    CallId,
    LegId,
    MonitorId,
    NodeId,
    bridge_id_of,
    monitor_bridge_id_of,
    monitor_id_of,
)
from engine.core.inputs import SeenChannel
from engine.core.model.call import Call, CallEvent, CallState
from engine.core.model.ears import Monitor
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.places import HangUp, PlayThenHangUp
from engine.core.policy import MonitorMode, Right
from engine.core.prompting.hearing import answer_call, stop_waiting_sound
from engine.core.refusals import NO_QUEUE, NO_TALK, NOT_ALLOWED, OTHER_NODE, OWN_CALL, Refusal
from engine.core.routing.sending import follow
from engine.core.speech.spoken import refusal_media

NOT_FOUND: Final = 404

OVER: Final = ("sound:vm-goodbye",)
"""What a supervisor hears when the talk is over."""


_SUPERVISORS: Final = (CallState.MONITORING, CallState.ROUTING, CallState.LISTENING)
"""Where a call is that monitors, or has monitored and is being let go."""


def monitored_leg(state: State, by: str, call_id: CallId) -> Leg:
    """Returns the agent's leg of a talk that the person at the extension `by` may monitor.

    Raises:
        Refusal: no such talk runs, it is no queue's, or it is not for them.
    """
    call = state.calls.get(call_id)
    leg = None if call is None or call.leg_id is None else state.legs.get(call.leg_id)
    if call is None or call.state is not CallState.TALKING or leg is None:
        raise Refusal(NO_TALK)
    if leg.queue_id is None or leg.agent_id is None:
        raise Refusal(NO_QUEUE)
    if by in (leg.agent_id, leg.endpoint, call.endpoint):
        raise Refusal(OWN_CALL)
    if not may(state, by, leg.queue_id, Right.MONITOR):
        raise Refusal(NOT_ALLOWED)
    return leg


def start_monitoring(state: State, call: Call, wanted: ToMonitor) -> None:
    """Lets a supervisor's call listen, whisper or barge; or says why not, and ends it."""
    try:
        leg = _leg_for(state, call, wanted.call_id)
    except Refusal as refusal:
        _refuse(state, call, wanted, str(refusal))
        return
    stop_waiting_sound(state, call)
    if not call.answered:
        answer_call(state, call)
    call.advance(CallEvent.MONITORED)
    _begin(state, call, leg, wanted.mode, has_bridge=False)


def _leg_for(state: State, call: Call, call_id: CallId) -> Leg:
    leg = monitored_leg(state, _supervisor(call), call_id)
    if call.endpoint in (leg.endpoint, state.calls[call_id].endpoint):
        raise Refusal(OWN_CALL)
    if leg.node != call.node:
        raise Refusal(OTHER_NODE)
    return leg


def _supervisor(call: Call) -> str:
    return call.by or call.endpoint


def _refuse(state: State, call: Call, wanted: ToMonitor, why: str) -> None:
    talk = state.calls.get(wanted.call_id)
    leg = None if talk is None or talk.leg_id is None else state.legs.get(talk.leg_id)
    state.note(
        ActionRefused,
        agent_id="" if leg is None else leg.agent_id or "",
        queue_id="" if leg is None else leg.queue_id or "",
        action=wanted.mode.value,
        why=why,
        by=_supervisor(call),
        call_id=wanted.call_id,
    )
    follow(state, call, PlayThenHangUp(refusal_media(why)))


def _begin(state: State, call: Call, leg: Leg, mode: MonitorMode, *, has_bridge: bool) -> None:
    assert leg.agent_id is not None
    call.counts.monitors += 1
    monitor = Monitor(
        monitor_id=monitor_id_of(call.call_id, call.counts.monitors),
        supervisor_call_id=call.call_id,
        leg_id=leg.leg_id,
        mode=mode,
        call_id=leg.call_id,
        has_bridge=has_bridge,
    )
    state.monitors[monitor.monitor_id] = monitor
    _let_hear(state, call, monitor)
    state.note(
        MonitorStarted,
        monitor.monitor_id,
        call.call_id,
        _supervisor(call),
        leg.agent_id,
        leg.call_id,
        leg.queue_id,
        mode,
    )


def _let_hear(state: State, call: Call, monitor: Monitor) -> None:
    """Tells Asterisk what this spell needs; told again it does no harm."""
    if monitor.mode is MonitorMode.BARGE:
        held_id = _held_id(state.legs[monitor.leg_id])
        state.tell(JoinTalk(call.node, bridge_id_of(monitor.leg_id), call.call_id, held_id))
        return
    monitor.has_bridge = True
    state.tell(
        StartMonitor(
            call.node,
            monitor.monitor_id,
            monitor_bridge_id_of(call.call_id),
            call.call_id,
            monitor.leg_id,
            monitor.mode is MonitorMode.WHISPER,
        )
    )


def monitor_of(state: State, call: Call) -> Monitor | None:
    """Returns the running spell of a supervisor's call."""
    return state.monitors.get(monitor_id_of(call.call_id, call.counts.monitors))


def digit_pressed(state: State, call: Call, digit: str) -> str | None:
    """Changes the mode of a supervisor's monitoring. Returns why the digit means nothing, or None."""
    digits = state.policy.settings.monitor_digits
    modes = {
        digits.listen: MonitorMode.LISTEN,
        digits.whisper: MonitorMode.WHISPER,
        digits.barge: MonitorMode.BARGE,
    }
    mode = modes.get(digit)
    monitor = monitor_of(state, call)
    assert monitor is not None
    if mode is None or mode is monitor.mode:
        return "the key changes nothing"
    _end_spell(state, call, monitor)
    _begin(state, call, state.legs[monitor.leg_id], mode, has_bridge=monitor.has_bridge)
    return None


def _end_spell(state: State, call: Call, monitor: Monitor, *, gone: bool = False) -> None:
    """Ends what the supervisor hears. `gone`: whose channel exists no more."""
    del state.monitors[monitor.monitor_id]
    if monitor.mode is not MonitorMode.BARGE:
        state.tell(StopMonitor(call.node, monitor.monitor_id))
    else:
        held_id = _hears_music_again(state, monitor)
        if held_id is not None or not gone:
            state.tell(LeaveTalk(call.node, bridge_id_of(monitor.leg_id), call.call_id, held_id))
    state.note_end(MonitorEnded, monitor.monitor_id, monitor.call_id)


def _held_id(leg: Leg) -> str | None:
    """Returns the channel that is on hold in a talk, if one is."""
    if leg.hold_id is None:
        return None
    return leg.leg_id if leg.hold_by_caller else leg.call_id


def _hears_music_again(state: State, left: Monitor) -> str | None:
    """Returns who is on hold and alone there, now that a supervisor has left the talk."""
    barging = (
        each.leg_id == left.leg_id and each.mode is MonitorMode.BARGE
        for each in state.monitors.values()
    )
    return None if any(barging) else _held_id(state.legs[left.leg_id])


def _end_session(state: State, call: Call, monitor: Monitor) -> None:
    """Ends the monitoring, and tells the supervisor, who is let go then.

    Asterisk loses a prompt for somebody whose bridge is being destroyed, and never says that it is
    over: so the supervisor leaves first.
    """
    _end_spell(state, call, monitor)
    if monitor.mode is not MonitorMode.BARGE:
        state.tell(LeaveTalk(call.node, monitor_bridge_id_of(call.call_id), call.call_id))
    _remove_bridge(state, call, monitor)
    call.advance(CallEvent.UNMONITORED)
    follow(state, call, PlayThenHangUp(OVER))


def _remove_bridge(state: State, call: Call, monitor: Monitor) -> None:
    if monitor.has_bridge:
        state.tell(DestroyBridge(call.node, monitor_bridge_id_of(call.call_id)))


def talk_ended(state: State, leg: Leg) -> None:
    """Ends all monitoring of a talk that is over, the supervisors' calls with it."""
    for monitor in [each for each in state.monitors.values() if each.leg_id == leg.leg_id]:
        _end_session(state, state.calls[monitor.supervisor_call_id], monitor)


def supervisor_left(state: State, call: Call, *, gone: bool) -> None:
    """Ends the monitoring of a supervisor whose call ends. `gone`: so has the channel already."""
    monitor = monitor_of(state, call)
    if monitor is not None:
        _end_spell(state, call, monitor, gone=gone)
        _remove_bridge(state, call, monitor)


def spy_ended(state: State, monitor_id: MonitorId) -> str | None:
    """Takes notice that a spy channel is gone. Returns why that means nothing, or None."""
    monitor = state.monitors.get(monitor_id)
    if monitor is None or monitor.mode is MonitorMode.BARGE:
        return "unknown monitoring"
    _end_session(state, state.calls[monitor.supervisor_call_id], monitor)
    return None


def talk_bridged_again(state: State, leg: Leg) -> None:
    """Lets those who barged into a talk join it again, whose bridge was made again."""
    for monitor in state.monitors.values():
        if monitor.leg_id == leg.leg_id and monitor.mode is MonitorMode.BARGE:
            _let_hear(state, state.calls[monitor.supervisor_call_id], monitor)


def rights_changed(state: State) -> None:
    """Ends the monitoring of those who may no longer, where Asterisk can be told now."""
    for monitor in list(state.monitors.values()):
        call = state.calls[monitor.supervisor_call_id]
        if state.node_up(call.node) and not _is_allowed(state, call, monitor):
            _end_session(state, call, monitor)


def _is_allowed(state: State, call: Call, monitor: Monitor) -> bool:
    queue_id = state.legs[monitor.leg_id].queue_id
    return may(state, _supervisor(call), queue_id, Right.MONITOR)


def command_failed(
    state: State, command: StartMonitor | StopMonitor | JoinTalk | LeaveTalk, status: int
) -> None:
    """Deals with a failed command: nobody must hear more than is known.

    What could not be begun ends, audibly. If an end failed, nobody knows who hears whom: the
    supervisor is hung up at once.
    """
    match command:
        case StartMonitor(monitor_id=monitor_id):
            spy_ended(state, monitor_id)
        case JoinTalk(bridge_id=bridge_id, channel_id=channel_id):
            call = state.calls.get(CallId(channel_id))
            monitor = None if call is None else monitor_of(state, call)
            if call is None or monitor is None or monitor.mode is not MonitorMode.BARGE:
                return
            if bridge_id == bridge_id_of(monitor.leg_id):
                _end_session(state, call, monitor)
        case StopMonitor(monitor_id=monitor_id):
            if status != NOT_FOUND and monitor_id.startswith(SPY_PREFIX):
                _let_go(state, monitor_id.removeprefix(SPY_PREFIX).rpartition("-")[0])
        case LeaveTalk(channel_id=channel_id):
            _let_go(state, channel_id)


def _let_go(state: State, channel_id: str) -> None:
    call = state.calls.get(CallId(channel_id))
    if call is None or call.counts.monitors == 0:
        return
    monitor = monitor_of(state, call)
    if monitor is not None:
        _end_session(state, call, monitor)
    if call.state in _SUPERVISORS:
        follow(state, call, HangUp(NORMAL_CLEARING))


def compare(state: State, node: NodeId, channels: dict[str, SeenChannel]) -> None:
    """Brings belief and Asterisk together after a reconnection.

    Takes supervisors out of talks in which they should not be, ends what is over (the spy is gone)
    or no longer allowed, and says again what is not as it should be.
    """
    for channel in channels.values():
        _take_out(state, channel)
    for monitor in list(state.monitors.values()):
        call = state.calls[monitor.supervisor_call_id]
        if call.node != node:
            continue
        barge = monitor.mode is MonitorMode.BARGE
        expected = bridge_id_of(monitor.leg_id) if barge else monitor_bridge_id_of(call.call_id)
        hears = barge or monitor.monitor_id in channels
        if not hears or not _is_allowed(state, call, monitor):
            _end_session(state, call, monitor)
        elif channels[call.call_id].bridge_id != expected:
            _let_hear(state, call, monitor)


def _take_out(state: State, channel: SeenChannel) -> None:
    """Takes a supervisor out of a talk whose command to leave was lost with the connection."""
    call = state.calls.get(CallId(channel.channel_id))
    if call is None or call.counts.monitors == 0 or call.state not in _SUPERVISORS:
        return
    bridge_id = channel.bridge_id or ""
    monitor = monitor_of(state, call)
    barges = monitor is not None and monitor.mode is MonitorMode.BARGE
    own = bridge_id_of(monitor.leg_id) if barges and monitor is not None else None
    if bridge_id.startswith(BRIDGE_PREFIX) and bridge_id != own:
        leg = state.legs.get(LegId(bridge_id.removeprefix(BRIDGE_PREFIX)))
        held_id = None if leg is None else _held_id(leg)
        state.tell(LeaveTalk(call.node, BridgeId(bridge_id), call.call_id, held_id))
