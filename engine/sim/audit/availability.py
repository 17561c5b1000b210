"""Who may take a call and which call wants somebody: yes, no, or not certain from outside.

The auditor does not see which events are still on the wire or which timer the core has heard of, so
some questions have no certain answer for a moment. A law that demands something applies to what is
certain; a law that forbids something applies to what is certainly forbidden.
"""

from __future__ import annotations

from engine.core.inputs import DeviceState
from engine.core.policy import Strategy
from engine.sim.audit.books import AgentBook, Books, MemberBook, VisitBook
from engine.sim.audit.terms import Answer, suits

BUSY = {
    DeviceState.INUSE: True,
    DeviceState.BUSY: True,
    DeviceState.RINGING: True,
    DeviceState.RINGINUSE: True,
    DeviceState.ONHOLD: True,
}
_ABSENT = {DeviceState.UNAVAILABLE: True, DeviceState.INVALID: True}


def may_take(books: Books, member: MemberBook) -> Answer:
    """Tells whether this agent may be rung for this queue now."""
    agent = member.agent
    if member.login_spell is None or member.pause_spell is not None or member.removed:
        return Answer.NO
    if member.wrapup is not None or not agent.reachable:
        return Answer.NO
    if books.policy.settings.shared_wrapup and any(
        other.wrapup is not None for other in agent.members.values()
    ):
        return Answer.NO
    answer = _backed_off(books, agent)
    if answer is Answer.NO:
        return answer
    if not agent.legs and not agent.own_calls and not agent.devices:
        return answer
    used = in_use(agent)
    if used is Answer.NO:
        return min(answer, _believed_there(agent))
    if member.queue.policy.ring_in_use:
        return Answer.NO if agent.offers else min(answer, _believed_there(agent))
    return Answer.NO if used is Answer.YES else min(answer, Answer.MAYBE)


def _backed_off(books: Books, agent: AgentBook) -> Answer:
    until_ms = agent.back_off_until_ms
    if until_ms <= books.fired_ms:
        return Answer.YES
    return Answer.NO if books.now_ms < until_ms else Answer.MAYBE


def in_use(agent: AgentBook) -> Answer:
    """Tells whether this phone is in use."""
    if any(device in BUSY for device in agent.devices.values()):
        return Answer.YES
    answer = Answer.NO
    for leg in agent.legs.values():
        if not leg.doubtful:
            return Answer.YES
        answer = Answer.MAYBE
    for call in agent.own_calls.values():
        if call is None or not call.doubtful:
            return Answer.YES
        answer = Answer.MAYBE
    return answer


def _believed_there(agent: AgentBook) -> Answer:
    """A device state that contradicts the registration excuses, but does not forbid."""
    absent = any(device in _ABSENT for device in agent.devices.values())
    return Answer.MAYBE if absent else Answer.YES


def wants_somebody(books: Books, visit: VisitBook) -> Answer:
    """Tells whether an agent should be rung for this visit now."""
    if visit.directed is not None:
        return Answer.NO  # Somebody asked for this very call.
    if visit.chosen is not None or visit.call.gone or not books.within_reach(visit):
        return Answer.NO
    if visit.offers and visit.queue.policy.strategy is Strategy.PROGRESSIVE:
        if visit.step_due_ms > books.fired_ms:
            return Answer.NO if books.now_ms < visit.step_due_ms else Answer.MAYBE
    elif visit.offers and visit.queue.policy.strategy is not Strategy.RING_ALL:
        return Answer.NO
    if visit.joins_until_ms > books.fired_ms:
        return Answer.NO if books.now_ms < visit.joins_until_ms else Answer.MAYBE
    if visit.rests_until_ms > books.fired_ms:
        return Answer.NO if books.now_ms < visit.rests_until_ms else Answer.MAYBE
    if visit.doubt_until_ms > books.fired_ms or visit.call.doubtful:
        return Answer.MAYBE
    return Answer.YES


def wants(books: Books, visit: VisitBook, member: MemberBook) -> Answer:
    """Tells whether this agent should be rung for this visit, were the agent free."""
    if visit.call.owner is member.agent:
        return Answer.NO  # Nobody is rung for a call of one's own.
    answer = min(wants_somebody(books, visit), suits(books, visit, member))
    ring_all = visit.queue.policy.strategy is Strategy.RING_ALL
    if answer is not Answer.NO and visit.offers and ring_all:  # Others ring already.
        if member.agent.agent_id in visit.tried:
            return Answer.NO
        if visit.queue.policy.skill_based:
            best = min(leg.level for leg in visit.offers.values())
            if member.level > best:
                return Answer.NO
    return answer
