"""Who comes first: callers by weight and time of entry, agents by round, skill and strategy.

Judged at the moment of each offer, with what was true just before it.
"""

from __future__ import annotations

from engine.core.policy import MemberKind, QueuePolicy, Strategy
from engine.sim.audit.availability import may_take, wants
from engine.sim.audit.books import Books, MemberBook, QueueBook, VisitBook
from engine.sim.audit.terms import Answer, suits

Key = tuple[int, ...]


def effective_weight(policy: QueuePolicy, waited_ms: int) -> int:
    """Returns W-02's weight: weight + waited / accelerate, halves rounded up."""
    if policy.accelerate_ms is None:
        return policy.weight
    whole, rest = divmod(waited_ms, policy.accelerate_ms)
    return policy.weight + whole + (1 if 2 * rest >= policy.accelerate_ms else 0)


def _rank(books: Books, visit: VisitBook) -> Key:
    """The smaller comes first."""
    weight = effective_weight(visit.queue.policy, books.now_ms - visit.entered_ms)
    return (-weight, visit.entered_ms, visit.order)


def _place(visit: VisitBook) -> Key:
    """The place in its own line."""
    return (-visit.call.priority, visit.entered_ms, visit.order)


def check_caller(books: Books, visit: VisitBook, member: MemberBook) -> None:
    """Raises if this agent should have been offered another caller first (W-01, W-02, FIFO)."""
    mine = _rank(books, visit)
    for other in member.agent.members.values():
        if not other.queue.waiting or may_take(books, other) is not Answer.YES:
            continue
        for waiting in other.queue.waiting.values():
            if waiting is visit:
                continue
            if other.queue is visit.queue:
                if _place(waiting) >= _place(visit):
                    continue
            elif _rank(books, waiting) >= mine or _others_first(books, waiting):
                continue
            if wants(books, waiting, other) is Answer.YES:
                rule = "first in, first offered" if other.queue is visit.queue else "weight"
                raise books.fail(
                    rule,
                    f"agent {member.agent.agent_id} was offered {visit.visit_id} (rank {mine})"
                    f" before {waiting.visit_id} (rank {_rank(books, waiting)})",
                )


def _others_first(books: Books, visit: VisitBook) -> bool:
    """Tells whether priority lets others stand for a line who came later (R-08)."""
    rank = _rank(books, visit)
    return any(
        _place(other) < _place(visit) and _rank(books, other) > rank
        for other in visit.queue.waiting.values()
    )


def check_agent(books: Books, visit: VisitBook, chosen: MemberBook) -> None:
    """Raises if another agent should have been offered this caller first (R-01 to R-07).

    First the skill level, then the round (who has not had a chance at this caller), then the
    strategy.
    """
    queue = visit.queue
    free = [
        member
        for member in queue.members.values()
        if member is not chosen
        and member.agent is not visit.call.owner
        and may_take(books, member) is Answer.YES
        and suits(books, visit, member) is Answer.YES
    ]
    if queue.policy.skill_based:
        _check_level(books, visit, chosen, free)
        free = [member for member in free if member.level == chosen.level]
    if queue.policy.strategy is Strategy.RING_ALL:
        return
    fresh = [member for member in free if member.agent.agent_id not in visit.tried]
    if chosen.agent.agent_id not in visit.tried:
        free = fresh
    elif fresh:
        raise books.fail(
            "rounds",
            f"{chosen.agent.agent_id} was rung again for {visit.visit_id} before"
            f" {fresh[0].agent.agent_id} had a chance",
        )
    mine = _key(queue, chosen)
    if mine is None:
        return
    for member in free:
        theirs = _key(queue, member)
        if theirs is not None and theirs < mine:
            raise books.fail(
                f"strategy {queue.policy.strategy}",
                f"{chosen.agent.agent_id} {mine} was rung for {visit.visit_id},"
                f" though {member.agent.agent_id} {theirs} comes first",
            )


def _check_level(
    books: Books, visit: VisitBook, chosen: MemberBook, free: list[MemberBook]
) -> None:
    for member in free:
        if member.level < chosen.level and wants(books, visit, member) is Answer.YES:
            raise books.fail(
                "skill",
                f"{chosen.agent.agent_id} of level {chosen.level} was rung for {visit.visit_id},"
                f" though {member.agent.agent_id} of level {member.level} is free",
            )


def _key(queue: QueueBook, member: MemberBook) -> Key | None:
    """Returns the place of an agent in the strategy's order, None where nothing is laid down."""
    match queue.policy.strategy:
        case Strategy.LINEAR | Strategy.PROGRESSIVE:
            return (member.position if queue.static_only else member.login_order,)
        case Strategy.LEAST_RECENT:
            return (member.agent.last_offer,)
        case Strategy.FEWEST_ANSWERED:
            return (member.answered, member.agent.last_offer)
        case Strategy.ROUND_ROBIN:
            if member.kind is MemberKind.STATIC:
                if not queue.memory_known:
                    return None
                return (0, member.position <= queue.last_static, member.position)
            return (1, member.login_order <= queue.last_dynamic, member.login_order)
        case Strategy.LEAST_TALK:
            return (member.talk_ms, member.agent.last_offer)
        case Strategy.RANDOM | Strategy.RING_ALL | Strategy.WEIGHTED:
            return None


def remember(books: Books, member: MemberBook) -> None:
    """Notes that this agent was rung."""
    books.orders += 1
    member.agent.last_offer = books.orders
    queue = member.queue
    if member.kind is MemberKind.STATIC:
        queue.last_static = member.position
        queue.last_static_agent = member.agent.agent_id
        queue.memory_known = True
    else:
        queue.last_dynamic = member.login_order
