"""When a queue is empty (Q-08): who of its members counts as there, as far as that is certain."""

from __future__ import annotations

from typing import Final

from engine.core.waiting import EmptyRule
from engine.sim.audit.availability import BUSY
from engine.sim.audit.books import AgentBook, Books, MemberBook, QueueBook
from engine.sim.audit.terms import Answer

SETTLING_MS: Final = 15_000
"""After a start, or a connection, registrations may be incomplete for so long."""


def nobody_there(books: Books, queue: QueueBook, rule: EmptyRule | None) -> Answer:
    """Tells whether a queue is empty by this rule; no rule: it never is."""
    if rule is None:
        return Answer.NO
    answer = Answer.YES
    for member in queue.members.values():
        there = _there(books, member, rule)
        if there is Answer.YES:
            return Answer.NO
        if there is Answer.MAYBE:
            answer = Answer.MAYBE
    return answer


def _there(books: Books, member: MemberBook, rule: EmptyRule) -> Answer:
    if member.login_spell is None or member.removed:
        return Answer.NO
    if rule.paused and member.pause_spell is not None:
        return Answer.NO
    answer = Answer.YES
    if rule.unregistered and not member.agent.reachable:
        # The moment in which that counts again is a timer's, which may be late.
        if books.fired_ms >= books.settling_ms + SETTLING_MS:
            return Answer.NO
        answer = Answer.MAYBE
    if rule.in_use:
        engaged = _engaged(member.agent)
        if engaged is Answer.YES:
            return Answer.NO
        if engaged is Answer.MAYBE:
            answer = Answer.MAYBE
    return answer


def _engaged(agent: AgentBook) -> Answer:
    """Tells whether the phone rings or talks; one that is only being let go does not."""
    answer = Answer.NO
    for leg in agent.legs.values():
        if not leg.hung_up and not leg.last_word and not leg.doubtful:
            return Answer.YES
        answer = Answer.MAYBE
    for call in agent.own_calls.values():
        if call is None or not (call.doubtful or call.ended):
            return Answer.YES
        answer = Answer.MAYBE
    if answer is Answer.NO and any(device in BUSY for device in agent.devices.values()):
        return Answer.YES
    return answer
