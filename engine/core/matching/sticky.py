"""What a queue learns from each talk: who served which caller last, and how long agents talked.

The same caller number in the same queue returns to who served last, if that was not too long ago
(R-08, `StickyPolicy`). It counts from the end of the talk; of one that was lost with its node nothing
is remembered. A number is the same however it is
spelled, as far as the numbering plan tells (`engine.core.model.numbers`).
"""

from __future__ import annotations

from engine.core.ids import AgentId
from engine.core.model.call import Call
from engine.core.model.leg import Leg
from engine.core.model.line import Line
from engine.core.model.numbers import line_known_by
from engine.core.model.state import State

SERVED_MAX = 10_000
"""So many callers one queue remembers; the ones served longest ago are forgotten first."""

_NOBODY = ("", "anonymous", "unknown", "unavailable", "private", "restricted", "withheld")
"""What stands in the place of a number that is not shown: these are many callers, not one."""


def count_talk(state: State, call: Call, leg: Leg, talk_ms: int) -> None:
    """Takes notice of a queue's talk that ends now, for least talk and for the caller's return.

    It counts for `talk_ms`: none where nobody knows how long it was.
    """
    assert leg.queue_id is not None
    assert leg.agent_id is not None
    membership = state.membership(leg.agent_id, leg.queue_id)
    if membership is not None and membership.login_id is not None:
        membership.talk_ms += talk_ms
    if state.lost_ms is not None:
        return
    line = state.lines.get(leg.queue_id)
    if line is not None and line.policy.sticky is not None and _is_one(call.caller_number):
        _remember(line, _known_by(state, call), leg.agent_id, state.now_ms)


def served_last(state: State, line: Line, call: Call) -> AgentId | None:
    """Returns who served this caller last, if that is remembered and not the caller."""
    sticky = line.policy.sticky
    if sticky is None:
        return None
    at_ms, agent_id = line.served.get(_known_by(state, call), (0, call.agent_id))
    if agent_id == call.agent_id or at_ms + sticky.memory_ms <= state.now_ms:
        return None
    return agent_id


def remember_anew(state: State) -> None:
    """Another numbering plan: callers who were served are known by what it makes of their numbers."""
    plan = state.policy.settings.numbering
    for line in state.lines.values():
        before = dict(line.served)
        line.served.clear()
        for number, service in before.items():
            known_by = line_known_by(plan, number) or number
            line.served.pop(known_by, None)
            line.served[known_by] = service


def _known_by(state: State, call: Call) -> str:
    """Returns what a caller's number is compared by; a phone of the house has one spelling."""
    if call.endpoint in state.extensions:
        return call.caller_number
    return line_known_by(state.policy.settings.numbering, call.caller_number) or call.caller_number


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
