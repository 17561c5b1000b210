"""Out of a line, and out of the system: what callers and callbacks have in common."""

from __future__ import annotations

from engine.core.commands import HangUpCall
from engine.core.facts import CallEnd, CallEnded
from engine.core.model.call import Call, CallEvent
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.queueing.offers import HANG_UP_MS_MAX

_EVERYBODYS = (TimerKind.MAX_WAIT, TimerKind.RING, TimerKind.RETRY, TimerKind.ANNOUNCE)
_SOMEBODYS = (TimerKind.STEP, TimerKind.RELAX, TimerKind.CALLBACK_OFFER)
_CALLBACKS = (TimerKind.CALLBACK, TimerKind.ATTEMPT)


def take_out(state: State, call: Call, visit: Visit) -> int:
    """Takes a visit out of its line, and its timers with it; returns the place that it had."""
    line = state.lines[visit.queue_id]
    position = line.position(visit)
    line.remove(visit)
    call.visit = None
    kinds = _EVERYBODYS + _SOMEBODYS if visit.more_timers else _EVERYBODYS
    for kind in kinds if call.callback is None else kinds + _CALLBACKS:
        state.timers.cancel(kind, call.call_id)
    return position


def let_go(state: State, call: Call, ended_by: CallEnd, cause: int, *, exists: bool) -> None:
    """Ends the call that a callback was, out of its line. `exists`: its channel has to be ended."""
    assert call.callback is None
    assert call.visit is None
    call.advance(CallEvent.LEFT_QUEUE)
    call.advance(CallEvent.LET_GO)
    state.note_end(CallEnded, call.call_id, ended_by, cause)
    if exists:
        hang_up_call(state, call, cause)
    else:
        state.bury(call)
        free_own_phone(state, call)


def hang_up_call(state: State, call: Call, cause: int) -> None:
    """Tells Asterisk to end the caller's channel."""
    call.counts.hang_ups += 1
    state.tell(HangUpCall(call.node, call.call_id, cause))
    state.timers.set(TimerKind.HANG_UP, call.call_id, state.now_ms + HANG_UP_MS_MAX)


def free_own_phone(state: State, call: Call) -> None:
    """Frees the agent's phone on which this call was, whose channel is gone."""
    agent = None if call.agent_id is None else state.agents.get(call.agent_id)
    if agent is not None:
        agent.own_calls.pop(call.call_id, None)
        agent.devices.pop(call.node, None)
        state.refresh(agent)
