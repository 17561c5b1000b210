"""The only door of the brain: `RoutingCore.handle(now, input) -> outputs`.

One method per input; after each, the joint rules run to a fixed point: calls that were sent
somewhere go there, free agents are offered to waiting callers, and callers leave whom a queue sends
away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core.agents.shifts import wrapup_expired
from engine.core.callers import groups
from engine.core.callers.calls import call_arrived
from engine.core.callers.dialplan import away_too_long, came_back
from engine.core.callers.keys import digit_pressed, silence
from engine.core.callers.parking import parked_too_long
from engine.core.causes import NO_ANSWER
from engine.core.desk.agent_actions import service_action
from engine.core.desk.presence import presence_requested
from engine.core.facts import CallEnd, InputIgnored
from engine.core.ids import PLAYBACK_PREFIX, AgentId, CallId, LegId, NodeId, RecordingId
from engine.core.inputs import (
    AgentActionRequested,
    CallActionRequested,
    CallAgentRequested,
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    EngineStarted,
    HoldChanged,
    HoursChanged,
    HoursOverrideRequested,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    PhoneDevice,
    PhoneReachable,
    PlaybackEnded,
    PolicyApplied,
    PresenceRequested,
    RecordingFinished,
    SpyEnded,
    TimePassed,
    TransferRequested,
)
from engine.core.model.call import Call, CallState
from engine.core.model.state import Output, State
from engine.core.model.timers import TimerKind
from engine.core.queueing.announcing import announce
from engine.core.queueing.attempts import customer_timed_out
from engine.core.queueing.callbacks import offer_is_due
from engine.core.queueing.dispatch import dispatch
from engine.core.queueing.empties import settle, settled
from engine.core.queueing.leaving import look_at_lines
from engine.core.queueing.visits import (
    rest_is_over,
    ring_timed_out,
    step_is_due,
    terms_change,
    waited_too_long,
)
from engine.core.routing import hours
from engine.core.supervision import monitoring, recording
from engine.core.talking.actions import call_action, call_agent
from engine.core.talking.legs import (
    agent_prompt_is_over,
    customer_answered,
    dial_timed_out,
    leg_answered,
    leg_ended,
    leg_ringing,
    phone_is_gone,
    phone_vanished,
)
from engine.core.talking.onward import go_on
from engine.core.talking.prompted import playback_ended, prompt_timed_out
from engine.core.talking.summons import came, failed_to_come
from engine.core.talking.talks import bridge_again, caller_hung_up, hold_changed
from engine.core.talking.transfers import transfer_requested
from engine.core.upkeep import saving
from engine.core.upkeep.failures import command_failed, hang_up_again
from engine.core.upkeep.invariants import check
from engine.core.upkeep.outages import is_lost
from engine.core.upkeep.policies import apply_policy
from engine.core.upkeep.reconcile import engine_started, node_connected, node_disconnected

Ignored = str | None
"""Why an input meant nothing, or None if it was acted upon."""

NO_CHANNEL = "the callback has no channel"


class RoutingCore:
    """Queues, agents, calls and offers, as a function of (time, input).

    Args:
        epoch: names this history; with a fact's `seq` it is the fact's id.
        seed: for the random strategy.
    """

    __slots__ = ("_handlers", "_state")

    def __init__(self, epoch: str, seed: int) -> None:
        """Makes an empty core; feed it `PolicyApplied` first."""
        self._state = State(epoch, seed)
        self._handlers = _handlers()

    @property
    def epoch(self) -> str:
        """The name of this history."""
        return self._state.epoch

    @property
    def fact_seq(self) -> int:
        """`seq` of the last fact given out."""
        return self._state.fact_seq

    @property
    def now_ms(self) -> int:
        """The time of the last input, epoch milliseconds."""
        return self._state.now_ms

    @property
    def state(self) -> State:
        """What the core knows: to look at, never to touch."""
        return self._state

    def handle(self, now_ms: int, happened: Input) -> list[Output]:
        """Takes one input at epoch milliseconds `now_ms`; returns what follows, in order.

        Never raises for an outside cause: a meaningless input gives the fact `InputIgnored`. A
        `now_ms` before that of the last input counts as that one.
        """
        state = self._state
        state.now_ms = max(state.now_ms, now_ms)
        state.out = []
        ignored = self._handlers[type(happened)](state, happened)
        if ignored is not None:
            state.note(InputIgnored, type(happened).__name__, ignored)
        while state.following or state.dirty or state.leaving:
            while state.following:
                call_id = next(iter(state.following))
                del state.following[call_id]
                go_on(state, state.calls[call_id])
            if state.dirty:
                dispatch(state)
            if state.leaving:
                look_at_lines(state)
        state.tell_now()
        return state.out

    def next_deadline(self) -> int | None:
        """Returns when `TimePassed` is wanted (epoch ms; maybe in the past), or None."""
        return self._state.timers.next_ms()

    def snapshot(self) -> dict[str, Any]:
        """Returns the whole state as a JSON value; `restore` makes an equal core from it."""
        return saving.save(self._state)

    @classmethod
    def restore(cls, snapshot: dict[str, Any]) -> RoutingCore:
        """Makes a core from a snapshot. Raises `CodecError` if it is none, or too old or new."""
        core = cls("", 0)
        core._state = saving.load(snapshot)
        return core

    def check(self) -> None:
        """Raises AssertionError, naming the invariant, if the state breaks one. O(everything)."""
        check(self._state)


def _policy_applied(state: State, happened: PolicyApplied) -> Ignored:
    before = hours.all_now(state)
    state.hours = {each.schedule: each for each in happened.hours}
    apply_policy(state, happened.policy)
    hours.note_turns(state, before)
    return None


def _hours_changed(state: State, happened: HoursChanged) -> Ignored:
    hours.hours_changed(state, happened.hours)
    return None


def _hours_override_requested(state: State, happened: HoursOverrideRequested) -> Ignored:
    hours.override_requested(state, happened)
    return None


def _call_came_back(state: State, happened: CallCameBack) -> Ignored:
    call = state.calls.get(happened.call_id)
    return "unknown call" if call is None else came_back(state, call, happened.dialled)


def _engine_started(state: State, _happened: EngineStarted) -> Ignored:
    engine_started(state)
    settle(state)
    return None


def _time_passed(state: State, _happened: TimePassed) -> Ignored:
    while (due := state.timers.pop_due(state.now_ms)) is not None:
        kind, owner = due
        _fire(state, kind, owner)
    return None


def _fire(state: State, kind: TimerKind, owner: str) -> None:
    """Acts on a timer. A late one may find that its reason is gone: then nothing happens."""
    call, leg = state.calls.get(CallId(owner)), state.legs.get(LegId(owner))
    taken = state.recordings.get(RecordingId(owner))
    whose = call or leg or taken
    if whose is not None and not state.node_up(whose.node):
        state.timers.put_off(kind, owner, whose.node)
        return
    _TIMERS[kind](state, owner)


def _of_call(does: Callable[[State, Call], None]) -> Callable[[State, str], None]:
    """Makes a timer's act of one on its call, if that is still there."""

    def fire(state: State, owner: str) -> None:
        call = state.calls.get(CallId(owner))
        if call is not None:
            does(state, call)

    return fire


def _of_visit(does: Callable[[State, Call], None]) -> Callable[[State, str], None]:
    """Makes a timer's act of one on its call, if that still waits."""

    def fire(state: State, owner: str) -> None:
        call = state.calls.get(CallId(owner))
        if call is not None and call.visit is not None:
            does(state, call)

    return fire


def _back_off_is_over(state: State, owner: str) -> None:
    agent = state.agents[AgentId(owner)]
    agent.backing_off = False
    state.refresh(agent)


def _rang_too_long(state: State, call: Call) -> None:
    if call.state is CallState.SUMMONED:
        failed_to_come(state, call, NO_ANSWER)
    elif call.ringing_group is not None:
        groups.rang_too_long(state, call)
    elif call.state is CallState.DIALLING:
        if call.leg_id is not None and call.leg_id in state.legs:
            dial_timed_out(state, call.leg_id)
    elif call.callback is not None and call.callback.present:
        customer_timed_out(state, call)
    elif call.visit is not None and call.visit.offers and call.visit.chosen is None:
        ring_timed_out(state, call)


def _parked(state: State, call: Call) -> None:
    if call.state is CallState.PARKED:
        parked_too_long(state, call)


def _agent_prompt(state: State, owner: str) -> None:
    agent_prompt_is_over(state, LegId(owner))


_TIMERS: dict[TimerKind, Callable[[State, str], None]] = {
    TimerKind.WRAPUP: wrapup_expired,
    TimerKind.BACK_OFF: _back_off_is_over,
    TimerKind.HANG_UP: hang_up_again,
    TimerKind.RECORDING: lambda state, owner: recording.stop_timed_out(state, RecordingId(owner)),
    TimerKind.CONNECT: lambda state, owner: bridge_again(state, LegId(owner)),
    TimerKind.AGENT_PROMPT: _agent_prompt,
    TimerKind.VANISHED: lambda state, owner: phone_vanished(state, LegId(owner)),
    TimerKind.CALL_PROMPT: lambda state, owner: prompt_timed_out(state, CallId(owner)),
    TimerKind.INPUT: lambda state, owner: silence(state, CallId(owner)),
    TimerKind.PARKED: _of_call(_parked),
    TimerKind.RING: _of_call(_rang_too_long),
    TimerKind.RETRY: _of_visit(rest_is_over),
    TimerKind.MAX_WAIT: _of_visit(waited_too_long),
    TimerKind.STEP: _of_visit(step_is_due),
    TimerKind.RELAX: _of_visit(terms_change),
    TimerKind.CALLBACK_OFFER: _of_visit(offer_is_due),
    TimerKind.CALLBACK: _of_visit(waited_too_long),
    TimerKind.ATTEMPT: _of_visit(rest_is_over),
    TimerKind.ANNOUNCE: _of_visit(announce),
    TimerKind.AWAY: _of_call(away_too_long),
    TimerKind.LOST_NODE: lambda state, owner: is_lost(state, NodeId(owner)),
    TimerKind.SETTLED: lambda state, _: settled(state),
}
"""What each kind of timer does; beside it whose it is."""


def _call_arrived(state: State, happened: CallArrived) -> Ignored:
    return None if call_arrived(state, happened) else "call is or was known"


def _caller_hung_up(state: State, happened: CallerHungUp) -> Ignored:
    call = state.calls.get(happened.call_id)
    if call is None:  # Perhaps a caller who has become another call's leg.
        ignored = leg_ended(state, LegId(happened.call_id), happened.cause)
        return None if ignored is None else "unknown call"
    if call.absent:
        return NO_CHANNEL
    caller_hung_up(state, call, CallEnd.CALLER, happened.cause)
    return None


def _leg_ringing(state: State, happened: LegRinging) -> Ignored:
    own = state.calls.get(CallId(happened.leg_id))
    if own is not None and (own.state is CallState.SUMMONED or _is_called(own)):
        return None
    return leg_ringing(state, happened.leg_id)


def _leg_answered(state: State, happened: LegAnswered) -> Ignored:
    own = state.calls.get(CallId(happened.leg_id))
    if own is None:
        return leg_answered(state, happened.leg_id)
    if not _is_called(own):
        return came(state, own)
    customer_answered(state, own)
    return None


def _is_called(call: Call) -> bool:
    """Tells whether the customer's phone is called, for a callback."""
    return call.callback is not None and call.callback.present


def _leg_ended(state: State, happened: LegEnded) -> Ignored:
    own = state.calls.get(CallId(happened.leg_id))
    if own is None:
        return leg_ended(state, happened.leg_id, happened.cause, forward_to=happened.forward_to)
    if own.absent:
        return NO_CHANNEL
    caller_hung_up(state, own, CallEnd.CALLER, happened.cause)
    return None


def _hold_changed(state: State, happened: HoldChanged) -> Ignored:
    changed = hold_changed(state, happened.channel_id, held=happened.held)
    return None if changed else "no such talk, or nothing changes"


def _digit_pressed(state: State, happened: DigitPressed) -> Ignored:
    return digit_pressed(state, happened.channel_id, happened.digit)


def _transfer_requested(state: State, happened: TransferRequested) -> Ignored:
    return transfer_requested(state, happened)


def _spy_ended(state: State, happened: SpyEnded) -> Ignored:
    return monitoring.spy_ended(state, happened.monitor_id)


def _recording_finished(state: State, happened: RecordingFinished) -> Ignored:
    return recording.recording_finished(
        state, happened.recording_id, ok=happened.ok, why=happened.why
    )


def _playback_ended(state: State, happened: PlaybackEnded) -> Ignored:
    channel_id = happened.playback_id.removeprefix(PLAYBACK_PREFIX).rpartition("-")[0]
    call = state.calls.get(CallId(channel_id))
    if call is None:
        return agent_prompt_is_over(state, LegId(channel_id))
    return playback_ended(state, call, happened.playback_id, ok=happened.ok)


def _phone_reachable(state: State, happened: PhoneReachable) -> Ignored:
    agent = state.phone(happened.endpoint)
    if happened.reachable:
        agent.reachable_at[happened.node] = None
    else:
        agent.reachable_at.pop(happened.node, None)
        if not agent.reachable_at:
            phone_is_gone(state, agent)
    for membership in agent.memberships.values():
        state.at_work_changes(agent, membership)
    state.refresh(agent)
    return None


def _phone_device(state: State, happened: PhoneDevice) -> Ignored:
    agent = state.phone(happened.endpoint)
    agent.devices[happened.node] = happened.state
    state.refresh(agent)
    return None


def _node_connected(state: State, happened: NodeConnected) -> Ignored:
    node_connected(state, happened)
    settle(state)
    return None


def _node_disconnected(state: State, happened: NodeDisconnected) -> Ignored:
    return node_disconnected(state, happened.node)


def _command_failed(state: State, happened: CommandFailed) -> Ignored:
    command_failed(state, happened)
    return None


def _action_requested(state: State, happened: AgentActionRequested) -> Ignored:
    service_action(state, happened)
    return None


def _presence_requested(state: State, happened: PresenceRequested) -> Ignored:
    presence_requested(state, happened)
    return None


def _call_action_requested(state: State, happened: CallActionRequested) -> Ignored:
    call_action(state, happened)
    return None


def _call_agent_requested(state: State, happened: CallAgentRequested) -> Ignored:
    call_agent(state, happened)
    return None


def _handlers() -> dict[type, Callable[[State, Any], Ignored]]:
    return {
        PolicyApplied: _policy_applied,
        HoursChanged: _hours_changed,
        HoursOverrideRequested: _hours_override_requested,
        CallCameBack: _call_came_back,
        EngineStarted: _engine_started,
        TimePassed: _time_passed,
        CallArrived: _call_arrived,
        CallerHungUp: _caller_hung_up,
        LegRinging: _leg_ringing,
        LegAnswered: _leg_answered,
        LegEnded: _leg_ended,
        HoldChanged: _hold_changed,
        DigitPressed: _digit_pressed,
        TransferRequested: _transfer_requested,
        SpyEnded: _spy_ended,
        RecordingFinished: _recording_finished,
        PlaybackEnded: _playback_ended,
        PhoneReachable: _phone_reachable,
        PhoneDevice: _phone_device,
        NodeConnected: _node_connected,
        NodeDisconnected: _node_disconnected,
        CommandFailed: _command_failed,
        AgentActionRequested: _action_requested,
        PresenceRequested: _presence_requested,
        CallActionRequested: _call_action_requested,
        CallAgentRequested: _call_agent_requested,
    }
