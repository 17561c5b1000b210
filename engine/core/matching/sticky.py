"""What a queue learns from each talk: who served which caller last, and how long agents talked.

The same caller number in the same queue returns to who served last, if that was not too long ago
(R-08, `StickyPolicy`). It counts from the end of the talk; of one that was lost with its node nothing
is remembered. A number is the same however it is spelled, as far as the numbering plan tells
(`engine.core.model.numbers`).
"""

from __future__ import annotations

from typing import Final

from engine.core.ids import AgentId
from engine.core.model.call import Call
from engine.core.model.leg import Leg
from engine.core.model.line import Line, Service
from engine.core.model.numbers import line_known_by
from engine.core.model.state import State

SERVED_MAX = 10_000
"""So many callers one queue remembers; the ones served longest ago are forgotten first."""

_HOUSE: Final = "extension "
"""Before the number of a phone of the house, in what it is known by."""

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
        service = Service(state.now_ms, leg.agent_id, call.caller_number)
        _remember(line, _known_by(state, call), service)


def served_last(state: State, line: Line, call: Call) -> AgentId | None:
    """Returns who served this caller last, if that is remembered and not the caller."""
    sticky = line.policy.sticky
    if sticky is None:
        return None
    service = line.served.get(_known_by(state, call))
    if service is None or service.agent_id == call.agent_id:
        return None
    return service.agent_id if state.now_ms < service.at_ms + sticky.memory_ms else None


def remember_anew(state: State) -> None:
    """Another numbering plan: callers who were served are known by what it makes of their numbers."""
    for line in state.lines.values():
        before = dict(line.served)
        line.served.clear()
        for known_by, service in before.items():
            now = known_by if known_by.startswith(_HOUSE) else _outside(state, service.number)
            line.served.pop(now, None)
            line.served[now] = service


def _known_by(state: State, call: Call) -> str:
    """Returns what a caller is compared by. A phone of the house has one spelling, and is nobody outside."""
    if call.endpoint in state.extensions:
        return _HOUSE + call.caller_number
    return _outside(state, call.caller_number)


def _outside(state: State, number: str) -> str:
    return line_known_by(state.policy.settings.numbering, number) or number


def _remember(line: Line, known_by: str, service: Service) -> None:
    """Notes a service. The memory is in the order of time, so what is out of date is at its front."""
    assert line.policy.sticky is not None
    served = line.served
    served.pop(known_by, None)
    served[known_by] = service
    oldest_ms = service.at_ms - line.policy.sticky.memory_ms
    while len(served) > SERVED_MAX or next(iter(served.values())).at_ms <= oldest_ms:
        del served[next(iter(served))]
        if not served:
            return


def _is_one(number: str) -> bool:
    return number.lower() not in _NOBODY
