"""What an empty queue is (Q-08): no member counts as there, by the rule of the queue.

`State.refresh` keeps for each line with such a rule who counts as there, so that the question is
answered without looking at the members. What follows from it is in `leaving` and `visits`.

* Logged out never counts as there; unregistered, paused and in use do not where the rule says so. A
  queue without members is empty.
* In use is a phone that is rung by Usher, talks, or is otherwise in use. A phone that Usher is only
  letting go, and an agent in wrap-up, are as good as free again.
* After a start and after a connection to an Asterisk is back, it takes a moment until all
  registrations are known again. For `SETTLING_MS` nobody is taken for unregistered.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from engine.core.ids import AgentId
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.waiting import EmptyRule

SETTLING_MS: Final = 15_000
"""For so long registrations may be incomplete."""

EVERYBODY: Final = ""
"""Whose timer `TimerKind.SETTLED` is."""


def may_not_join(state: State, line: Line) -> bool:
    """Tells whether a caller finds the queue empty, and must not join it."""
    return _is_empty(state, line, line.policy.join_empty, line.there_to_join)


def may_not_stay(state: State, line: Line) -> bool:
    """Tells whether the queue is empty for those who wait in it, and they must leave."""
    return _is_empty(state, line, line.policy.leave_empty, line.there_to_stay)


def settle(state: State) -> None:
    """Registrations may be incomplete from now on, for a moment."""
    for line in state.lines.values():
        for rule in (line.policy.join_empty, line.policy.leave_empty):
            if rule is not None and rule.unregistered:
                due_ms = state.now_ms + SETTLING_MS
                state.timers.set(TimerKind.SETTLED, EVERYBODY, due_ms)
                return


def settled(state: State) -> None:
    """Registrations are believed again: looks at the lines anew."""
    for line in state.lines.values():
        if line.policy.leave_empty is not None:
            state.leaving[line.queue_id] = None


def _is_empty(state: State, line: Line, rule: EmptyRule | None, there: dict[AgentId, None]) -> bool:
    if rule is None or there:
        return False
    if not rule.unregistered or not state.timers.is_set(TimerKind.SETTLED, EVERYBODY):
        return True
    lenient = dataclasses.replace(rule, unregistered=False)
    return not any(
        state.counts_as_there(state.agents[agent_id], line, lenient) for agent_id in line.members
    )
