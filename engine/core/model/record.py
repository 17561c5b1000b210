"""What the record says of a call that enters: the one place that knows which of its fields are told."""

from __future__ import annotations

from engine.core.facts import CallStarted
from engine.core.ids import CallId
from engine.core.model.call import Call
from engine.core.model.state import State


def note_start(state: State, call: Call, parent_id: CallId | None = None) -> None:
    """Notes that a call entered, as it is now; it is among `state.calls` already.

    Args:
        state: the core's.
        call: the call.
        parent_id: the call of which it is the rest, or whose place it takes; None: it is a new one.
    """
    state.note(
        CallStarted,
        call_id=call.call_id,
        node=call.node,
        source=call.source,
        endpoint=call.endpoint,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        dialled=call.dialled,
        arrived_ms=call.arrived_ms,
        parent_id=parent_id,
        by=call.by,
    )
