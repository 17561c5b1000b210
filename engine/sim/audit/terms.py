"""Who may be rung for a call: skill steps, required skills, and who served the caller last (R-08)."""

from __future__ import annotations

from enum import IntEnum

from engine.core.ids import AgentId, QueueId
from engine.core.policy import InboundRoute, Policy
from engine.sim.audit.books import Books, CallBook, MemberBook, VisitBook
from engine.sim.audit.spelling import same_line

_HIDDEN = ("", "anonymous", "unknown", "unavailable", "private", "restricted", "withheld")


class Answer(IntEnum):
    """Certainty; the smaller of two is their conjunction."""

    NO = 0
    MAYBE = 1
    YES = 2


def route_terms(policy: Policy, call: CallBook, dialled: str) -> None:
    """Gives a call the priority and required skills of the route by which it came."""
    for route in policy.inbound_routes:
        if route.trunk in (None, call.endpoint) and _takes(route, dialled):
            call.priority, call.required = route.priority, route.required_skills
            return


def _takes(route: InboundRoute, dialled: str) -> bool:
    return like_pattern(route.pattern, dialled)


def like_pattern(pattern: str, number: str) -> bool:
    """Tells whether a number is like a dial pattern (see `policy.InboundRoute`)."""
    rest = number
    ending = pattern[-1:] if pattern[-1:] in (".", "!") else ""
    letters = pattern[: len(pattern) - len(ending)]
    if len(rest) < len(letters) + (ending == ".") or (not ending and len(rest) > len(letters)):
        return False
    first = {"X": "0", "Z": "1", "N": "2"}
    return all(
        first[letter] <= digit <= "9" if letter in first else letter == digit
        for letter, digit in zip(letters, rest, strict=False)
    )


def served(books: Books, call: CallBook, queue_id: QueueId, agent_id: AgentId) -> None:
    """Notes the end of a queue's talk, for the caller's return."""
    queue = books.queues.get(queue_id)
    if queue is not None and queue.policy.sticky and call.number.lower() not in _HIDDEN:
        queue.served[call.endpoint in books.extensions, call.number] = (books.now_ms, agent_id)


def keeper(books: Books, visit: VisitBook) -> AgentId | None:
    """Returns for whom a caller is kept at entry."""
    sticky = visit.queue.policy.sticky
    if sticky is None:
        return None
    plan, number = books.policy.settings.numbering, visit.call.number
    inside = visit.call.endpoint in books.extensions
    known = visit.queue.served.get((inside, number))
    if plan is not None and not inside:
        services = visit.queue.served.items()
        of_line = (
            service
            for (was_inside, served), service in services
            if not was_inside and same_line(plan, served, number)
        )
        known = max(of_line, default=None)
    if known is None or known[0] + sticky.memory_ms <= books.now_ms:
        return None
    own = visit.call.owner
    return None if own is not None and own.agent_id == known[1] else known[1]


def suits(books: Books, visit: VisitBook, member: MemberBook) -> Answer:
    """Tells whether an agent is whom a call waits for, by level, skills and memory."""
    policy = visit.queue.policy
    if not (policy.skill_steps or policy.sticky or visit.call.required):
        return Answer.YES
    early = 0
    if books.fired_ms >= visit.away_ms:
        early = max(0, min(books.fired_ms, books.now_ms) - visit.entered_ms)
    answers = [_suits(books, visit, member, waited) for waited in _moments(books, visit, early)]
    return Answer.YES if all(answers) else Answer.MAYBE if any(answers) else Answer.NO


def _moments(books: Books, visit: VisitBook, early_ms: int) -> tuple[int, ...]:
    """Between the last timers that are known to have fired and now, terms are not certain."""
    late_ms = books.now_ms - visit.entered_ms
    return (late_ms,) if late_ms == early_ms else (early_ms, late_ms)


def _suits(books: Books, visit: VisitBook, member: MemberBook, waited_ms: int) -> bool:
    policy = visit.queue.policy
    if not _qualified(books, visit, member, waited_ms):
        return False
    kept_for = visit.kept_for
    if kept_for is None or policy.sticky is None or waited_ms >= policy.sticky.hold_out_ms:
        return True
    other = visit.queue.members.get(kept_for)
    if other is None or other is member or other.removed:
        return True
    there = other.login_spell is not None and other.pause_spell is None and other.agent.reachable
    return not there or not _qualified(books, visit, other, waited_ms)


def _qualified(books: Books, visit: VisitBook, member: MemberBook, waited_ms: int) -> bool:
    policy = visit.queue.policy
    if policy.skill_based:
        reached = [step for step in policy.skill_steps if step.after_ms <= waited_ms]
        if reached and member.level > reached[-1].level_max:
            return False
    relaxed = 0 < policy.required_skills_ms <= waited_ms
    if not visit.call.required or relaxed:
        return True
    return set(visit.call.required) <= set(books.skills.get(member.agent.agent_id, ()))
