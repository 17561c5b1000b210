"""What must be true of callbacks."""

from __future__ import annotations

from engine.core.model.call import Call
from engine.core.model.dialogue import Callback
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.queueing.attempts import line_of
from engine.core.queueing.pending import terms_of


def check_callbacks(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    for (queue_id, callback_id), call_id in state.callbacks.items():
        pending = state.calls[call_id]
        assert pending.callback is not None, "a callback that is over waits"
        assert pending.callback.callback_id == callback_id, "a call waits as another's callback"
        assert pending.visit is not None, "a callback is in no line"
        assert pending.visit.queue_id == queue_id, "a callback is in another line"
    for call in state.calls.values():
        if call.callback is not None:
            _check_callback(state, call, call.callback)


def _check_callback(state: State, call: Call, callback: Callback) -> None:
    visit = call.visit
    assert visit is not None, "a callback waits in no line"
    assert visit.visit_id == callback.callback_id, "a callback is in another's place"
    place = (visit.queue_id, callback.callback_id)
    assert state.callbacks.get(place) == call.call_id, "a callback waits as two calls, or none"
    line = line_of(state, terms_of(state, call), callback.number, call.endpoint)
    assert callback.line == line, "a callback is known by an earlier configuration"
    assert call.dialogue is None, "nobody is asked"
    assert call.sound is None, "nobody hears"
    assert call.counts.prompts == 0, "nobody hears"
    assert call.counts.hang_ups == 0, "nobody is hung up"
    assert not call.answered, "nobody has answered"
    if callback.present:
        assert visit.chosen is not None, "a customer is called for no agent"
        assert state.timers.is_set(TimerKind.RING, call.call_id), "a customer is called without end"
        assert callback.attempts > 0, "a customer is called and nobody counts"
