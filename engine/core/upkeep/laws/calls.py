"""What must be true of a call, whatever place it is in."""

from __future__ import annotations

from engine.core.model.call import Call, CallState
from engine.core.model.dialogue import CallbackDialogue, Purpose
from engine.core.model.grouped import GroupRinging
from engine.core.model.leg import LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.upkeep.laws.visits import check_visit

_ENDS = {
    CallState.DIALLING: TimerKind.RING,
    CallState.LISTENING: TimerKind.CALL_PROMPT,
    CallState.SUMMONED: TimerKind.RING,
    CallState.PARKED: TimerKind.PARKED,
    CallState.ENDING: TimerKind.HANG_UP,
}
"""What bounds each state of a call that is not a wait or a talk."""


def check_call(state: State, call: Call) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    if call.state is CallState.ROUTING:
        assert call.then is not None, "a caller is nowhere"
        assert not state.node_up(call.node), "a caller is sent somewhere and does not go"
    assert (call.state is CallState.WAITING) == (call.visit is not None), "waiting without a visit"
    if call.visit is not None:
        check_visit(state, call, call.visit)
    for call_state, kind in _ENDS.items():
        if call.state is call_state:
            assert state.timers.is_set(kind, call.call_id), f"{call_state} without an end"
    _check_dialogue(state, call)
    if call.state is CallState.AWAY:
        assert call.sound is None, "a caller is away and hears us"
        assert call.trip is not None, "a caller is away who was never sent"
        assert not call.absent, "nobody is away"
        limited = call.trip.flow is not None
        timed = state.timers.is_set(TimerKind.AWAY, call.call_id)
        assert limited == timed, "a call flow keeps a caller for ever, or none has a limit"
    else:
        assert call.trip is None or call.trip.flow is None, "a call flow has who is here"
        assert call.trip is None or call.trip.sent is None, "who is here is on the way elsewhere"
    if call.ringing_group is not None:
        _check_group(state, call, call.ringing_group)
    if call.state is CallState.SUMMONED:
        assert call.then is not None, "somebody is called for nothing"
    parked = call.parked is not None
    assert parked == (call.state is CallState.PARKED), (
        "who is parked has no slot, or who is not has"
    )
    if call.parked is not None:
        assert state.parked.get(call.parked.slot) == call.call_id, "two callers are in one slot"
    _check_prompt(call)
    if call.state is CallState.TALKING:
        assert call.leg_id is not None
        leg = state.legs.get(call.leg_id)
        assert leg is not None, "a caller talks to nobody"
        assert leg.state is LegState.TALKING, "a caller talks to a phone that does not"


def _check_prompt(call: Call) -> None:
    purpose = None if call.prompt is None else call.prompt.purpose
    onward = call.prompt is not None and call.prompt.after is not None
    assert onward == (purpose is Purpose.BEFORE), "a prompt leads nowhere, or where it should not"
    if call.state is CallState.LISTENING:
        assert purpose in (Purpose.CLOSING, Purpose.BEFORE), "nothing follows what a caller hears"
    if call.state is CallState.DECIDING:
        assert purpose is Purpose.QUESTION, "a caller who decides hears no question"


def _check_dialogue(state: State, call: Call) -> None:
    dialogue = call.dialogue
    if dialogue is None:
        assert call.state is not CallState.DECIDING, "a caller is asked nothing"
        assert not state.timers.is_set(TimerKind.INPUT, call.call_id), "a key answers nothing"
        return
    if isinstance(dialogue, CallbackDialogue):
        assert call.state is CallState.WAITING, "a callback is arranged with who does not wait"
    else:
        assert call.state is CallState.DECIDING, "a caller is asked who is elsewhere"
    asked = state.timers.is_set(TimerKind.CALL_PROMPT, call.call_id)
    waits = state.timers.is_set(TimerKind.INPUT, call.call_id)
    assert asked or waits, "a question without an end"


def _check_group(state: State, call: Call, ringing: GroupRinging) -> None:
    assert call.state is CallState.DIALLING, "a group rings for a caller who is elsewhere"
    assert call.leg_id is None, "a caller is rung for directly, and in a group"
    assert ringing.legs, "a group rings without a phone"
    for leg_id in ringing.legs:
        leg = state.legs[leg_id]
        assert leg.rings, "a phone of a group does not ring"
        assert leg.call_id == call.call_id, "a phone of a group rings for another"
