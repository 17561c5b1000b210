"""What a queue learns from each talk: who served which caller last, and how long agents talked.

The same caller number in the same queue returns to who served last, if that was not too long ago
(R-08, `StickyPolicy`). It counts from the end of the talk.
"""

from __future__ import annotations

from engine.core.ids import AgentId
from engine.core.model.call import Call
from engine.core.model.leg import Leg
from engine.core.model.line import Line
from engine.core.model.state import State

SERVED_MAX = 10_000
"""So many callers one queue remembers; the ones served longest ago are forgotten first."""

_NOBODY = ("", "anonymous", "unknown", "unavailable", "private", "restricted", "withheld")
"""What stands in the place of a number that is not shown: these are many callers, not one."""


def count_talk(state: State, call: Call, leg: Leg) -> None:
    """Takes notice of a queue's talk that ends now, for least talk and for the caller's return."""
    assert leg.queue_id is not None
    assert leg.agent_id is not None
    assert leg.talk_ms is not None
    membership = state.membership(leg.agent_id, leg.queue_id)
    if membership is not None and membership.login_id is not None:
        membership.talk_ms += state.now_ms - leg.talk_ms
    line = state.lines.get(leg.queue_id)
    if line is not None and line.policy.sticky is not None and _is_one(call.caller_number):
        _remember(line, call.caller_number, leg.agent_id, state.now_ms)


def served_last(line: Line, call: Call, now_ms: int) -> AgentId | None:
    """Returns who served this caller last, if that is remembered and not the caller."""
    sticky = line.policy.sticky
    if sticky is None:
        return None
    at_ms, agent_id = line.served.get(call.caller_number, (0, call.agent_id))
    if agent_id == call.agent_id or at_ms + sticky.memory_ms <= now_ms:
        return None
    return agent_id


def _remember(line: Line, number: str, agent_id: AgentId, now_ms: int) -> None:
    """Notes a service. The memory is in the order of time, so what is out of date is at its front."""
    assert line.policy.sticky is not None
    served = line.served
    served.pop(number, None)
    served[number] = (now_ms, agent_id)
    oldest_ms = now_ms - line.policy.sticky.memory_ms
    while len(served) > SERVED_MAX or next(iter(served.values()))[0] <= oldest_ms:
        del served[next(iter(served))]
        if not served:
            return


def _is_one(number: str) -> bool:
    return number.lower() not in _NOBODY
