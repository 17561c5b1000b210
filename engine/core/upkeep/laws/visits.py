"""What must be true of a caller who waits."""

from __future__ import annotations

from engine.core.model.call import Call
from engine.core.model.dialogue import Purpose
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.terms import terms_at
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.policy import Strategy
from engine.core.prompting.hearing import hears_prompt, prompt_of
from engine.core.queueing.pending import limit_of

_WHILE_WAITING = (Purpose.JOIN, Purpose.ANNOUNCEMENT, Purpose.QUESTION)


def check_visit(state: State, call: Call, visit: Visit) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    assert visit.queue_id in state.lines, "a caller waits in a queue that does not exist"
    engaged = visit.wanting or visit.offers or visit.resting or visit.joining
    assert engaged or not state.node_up(call.node), "a waiting caller is forgotten"
    for leg_id in visit.offers:
        assert leg_id in state.legs, "an offer without a phone"
    _check_terms(state, call, visit, state.lines[visit.queue_id])
    strategy = state.lines[visit.queue_id].policy.strategy
    if strategy is Strategy.RING_ALL and not visit.offers:
        assert not visit.tried, "a new ringing of all leaves somebody out"
    if visit.offers and visit.chosen is None:
        assert state.timers.is_set(TimerKind.RING, call.call_id), "ringing without an end"
    if visit.directed is not None:
        assert list(visit.offers) == [visit.directed], "picked up, and others still ring"
        assert not visit.wanting, "picked up, and others are wanted"
    if visit.resting:
        retries = state.timers.is_set(TimerKind.RETRY, call.call_id)
        assert retries or state.timers.is_set(TimerKind.ATTEMPT, call.call_id), (
            "resting without an end"
        )
    if visit.joining:
        assert hears_prompt(state, call), "a join prompt that keeps agents away does not play"
        assert prompt_of(call).purpose is Purpose.JOIN, "another prompt keeps agents away"
    if hears_prompt(state, call):
        purpose = prompt_of(call).purpose
        assert purpose in _WHILE_WAITING, f"who waits hears a prompt {purpose}"
    announces = visit.queue_due_ms > 0 or visit.progress_due_ms > 0
    planned = state.timers.is_set(TimerKind.ANNOUNCE, call.call_id)
    assert announces == planned, "announcements without a moment, or the other way round"
    limit = limit_of(state, call, state.lines[visit.queue_id])
    for kind in (TimerKind.MAX_WAIT, TimerKind.CALLBACK):
        limited = limit is not None and limit[0] is kind
        waits = state.timers.is_set(kind, call.call_id)
        assert not waits or limited, "a longest wait runs that nobody set"
        if visit.chosen is None and call.dialogue is None:
            assert waits or not limited, "a longest wait never ends"
    if visit.chosen is not None:
        called = call.callback is not None and call.callback.present
        prompted = state.timers.is_set(TimerKind.AGENT_PROMPT, visit.chosen)
        assert prompted != called, "a prompt without an end"
        assert list(visit.offers) == [visit.chosen], "answered, and others still ring"


def _check_terms(state: State, call: Call, visit: Visit, line: Line) -> None:
    """Terms hold no longer than they were set for, and end by themselves if they ever do."""
    _, change_ms = terms_at(
        line.policy, call.required_skills, visit.kept_for, state.now_ms - visit.entered_ms
    )
    if change_ms is not None and (line.selective or call.required_skills):
        assert state.timers.is_set(TimerKind.RELAX, call.call_id), "terms without an end"
    if line.policy.strategy is Strategy.PROGRESSIVE and visit.offers and visit.chosen is None:
        stepping = state.timers.is_set(TimerKind.STEP, call.call_id)
        excused = visit.wanting or visit.directed is not None or not state.node_up(call.node)
        assert stepping or excused, "the last step"
