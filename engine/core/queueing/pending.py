"""Callbacks in line: they stand there like the callers whom they replace, without a channel (C-02).

A callback's place is its caller's: the same priority, time and order of entry, the same terms. It
ends by a talk (`talks.connect_offer`), or here: in vain.
"""

from __future__ import annotations

from typing import Final

from engine.core.causes import NORMAL_CLEARING
from engine.core.facts import (
    CallbackEnded,
    CallbackOutcome,
    CallbackReason,
    CallEnd,
    SourceKind,
    VisitReason,
)
from engine.core.ids import AgentId, CallId, EndpointName, own_call_id_of
from engine.core.matching.conditions import agree_terms
from engine.core.model.call import Call, CallState, Counts
from engine.core.model.dialogue import Callback
from engine.core.model.line import Line
from engine.core.model.record import note_start
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.queueing.offers import want_again
from engine.core.queueing.parting import let_go, take_out
from engine.core.waiting import CallbackPolicy

_BY_HAND: Final = (VisitReason.HUNG_UP_BY_MANAGER, VisitReason.REDIRECTED)


def terms_of(state: State, call: Call) -> CallbackPolicy:
    """Returns what counts for this callback: its queue's terms, or those of its request."""
    assert call.visit is not None
    assert call.callback is not None
    now = state.lines[call.visit.queue_id].policy.callback
    return now or call.callback.terms or CallbackPolicy()


def limit_of(state: State, call: Call, line: Line) -> tuple[TimerKind, int] | None:
    """Returns until when a call may wait (epoch ms), and which timer says so; None: for ever."""
    visit = call.visit
    assert visit is not None
    if call.callback is not None:
        timeout_ms = terms_of(state, call).timeout_ms
        if timeout_ms is not None:
            return TimerKind.CALLBACK, call.callback.requested_ms + timeout_ms
    if line.policy.wait_ms_max > 0:
        return TimerKind.MAX_WAIT, visit.entered_ms + line.policy.wait_ms_max
    return None


def limit_wait(state: State, call: Call, line: Line) -> None:
    """Sets the timer of how long a call may wait as things are now (Q-02, C-04)."""
    state.timers.cancel(TimerKind.MAX_WAIT, call.call_id)
    if call.callback is not None:
        state.timers.cancel(TimerKind.CALLBACK, call.call_id)
    limit = limit_of(state, call, line)
    if limit is not None:
        kind, due_ms = limit
        state.timers.set(kind, call.call_id, due_ms)


def set_offer(state: State, call: Call, line: Line) -> None:
    """Sets when a waiting caller is offered a callback, if that is to be (C-01)."""
    visit = call.visit
    assert visit is not None
    policy = line.policy.callback
    if visit.callback_offered or call.callback is not None:
        return
    if policy is not None and policy.offer_after_ms > 0:
        visit.more_timers = True
        due_ms = visit.entered_ms + policy.offer_after_ms
        state.timers.set(TimerKind.CALLBACK_OFFER, call.call_id, max(state.now_ms, due_ms))


def replace(
    state: State,
    parent: Call,
    call_id: CallId,
    endpoint: EndpointName,
    agent_id: AgentId | None,
    number: str,
    name: str,
) -> Call:
    """Makes the call that waits instead of its parent: a caller, or an attempt that failed."""
    call = Call(
        call_id=call_id,
        node=parent.node,
        source=SourceKind.CALLBACK,
        endpoint=endpoint,
        caller_number=number,
        caller_name=name,
        dialled=parent.dialled,
        arrived_ms=state.now_ms,
        language=parent.language,
        state=CallState.WAITING,
        agent_id=agent_id,
        counts=Counts(visits=1),
        hops=1,
        priority=parent.priority,
        required_skills=parent.required_skills,
    )
    state.calls[call_id] = call
    note_start(state, call, parent.call_id)
    return call


def next_call_id(state: State) -> CallId:
    """Returns the id of one more call of our own."""
    state.own_calls += 1
    return own_call_id_of(state.epoch, state.own_calls)


def stand_in(
    state: State, call: Call, callback: Callback, visit: Visit, rest: tuple[TimerKind, int] | None
) -> None:
    """Puts a callback in line, in the place that its visit says, to rest first for so long."""
    line = state.lines[visit.queue_id]
    call.callback, call.visit, call.last_queue = callback, visit, visit.queue_id
    state.callbacks[visit.queue_id, callback.callback_id] = call.call_id
    line.add(call, visit)
    limit_wait(state, call, line)
    state.leaving[line.queue_id] = None  # Who has just come may not stay in an empty queue.
    if line.selective or call.required_skills or visit.terms is not None:
        agree_terms(state, call, line)
    if rest is None:
        want_again(state, call)
        return
    kind, until_ms = rest
    visit.resting = True
    state.timers.set(kind, call.call_id, until_ms)


def try_again(state: State, call: Call, *, exists: bool, cause: int) -> None:
    """Ends the call that was an attempt; the callback rests in its place, as a new call."""
    visit, callback = call.visit, call.callback
    assert visit is not None
    assert callback is not None
    spacing_ms = terms_of(state, call).spacing_ms
    take_out(state, call, visit)
    call.callback = None
    successor = replace(
        state,
        call,
        next_call_id(state),
        call.endpoint,
        call.agent_id,
        call.caller_number,
        call.caller_name,
    )
    let_go(state, call, CallEnd.FAILED, cause, exists=exists)
    callback.present = False
    rest = (TimerKind.ATTEMPT, state.now_ms + spacing_ms) if spacing_ms > 0 else None
    stand_in(state, successor, callback, visit, rest)


def note_end(state: State, call: Call, visit: Visit, reason: CallbackReason) -> None:
    """Notes that a callback is over; the call is one no more."""
    callback = call.callback
    assert callback is not None
    talked = reason is CallbackReason.TALKED
    call.callback = None
    del state.callbacks[visit.queue_id, callback.callback_id]
    state.note_end(
        CallbackEnded,
        callback.callback_id,
        call.call_id,
        visit.queue_id,
        CallbackOutcome.SUCCEEDED if talked else CallbackOutcome.FAILED,
        reason,
        callback.agent_id,
        callback.attempts,
        state.ends_ms - visit.entered_ms,
    )


def give_up(
    state: State,
    call: Call,
    reason: CallbackReason,
    *,
    ended_by: CallEnd = CallEnd.SYSTEM,
    cause: int = NORMAL_CLEARING,
    gone: bool = False,
) -> None:
    """Ends a callback in vain, whose offers have ended. `gone`: its channel exists no more."""
    visit, callback = call.visit, call.callback
    assert visit is not None
    assert callback is not None
    exists = callback.present and not gone
    take_out(state, call, visit)
    note_end(state, call, visit, reason)
    let_go(state, call, ended_by, cause, exists=exists)


def leave(state: State, call: Call, why: VisitReason) -> None:
    """Ends a callback for what would end a caller's visit.

    One that already reached out in vain and rests has failed for that; the time that is over is not
    the agents' fault then.
    """
    visit, callback = call.visit, call.callback
    assert visit is not None
    assert callback is not None
    reason = CallbackReason.NO_AGENT
    if why in _BY_HAND:
        reason = CallbackReason.CANCELLED
    elif why is VisitReason.MAX_WAIT and visit.resting and callback.failed is not None:
        reason = callback.failed
    give_up(state, call, reason)
