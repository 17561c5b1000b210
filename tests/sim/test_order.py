"""The auditor's own arithmetic, apart from the core's."""

from __future__ import annotations

import pytest

from engine.core.ids import AgentId, CallId, NodeId, QueueId, VisitId
from engine.core.inputs import DeviceState
from engine.core.policy import Member, QueuePolicy
from engine.sim.audit.availability import Answer, may_take, wants
from engine.sim.audit.books import AgentBook, Books, CallBook, MemberBook, QueueBook, VisitBook
from engine.sim.audit.due import Dues
from engine.sim.audit.order import effective_weight
from engine.sim.failure import AuditFailure

pytestmark = pytest.mark.unit

NODE = NodeId("node1")
QUEUE = QueueId("6400")


@pytest.mark.row("W-02")
@pytest.mark.parametrize(
    ("waited_ms", "weight"),
    [(0, 1), (29_999, 1), (30_000, 2), (89_999, 2), (90_000, 3), (120_000, 3), (3_600_000, 61)],
)
def test_weight_grows_by_half_up(waited_ms, weight):
    """The manual's example: a Support call (weight 1, 60 s) that has waited 120 s beats VIP's 2."""
    support = QueuePolicy(QUEUE, "Support", weight=1, accelerate_ms=60_000)
    assert effective_weight(support, waited_ms) == weight
    assert effective_weight(QueuePolicy(QUEUE, "VIP", weight=2), waited_ms) == 2


def member_of(books: Books, **queue: object) -> MemberBook:
    """Returns an agent who is logged in and there, member of one queue."""
    policy = QueuePolicy(QUEUE, "Queue", members=(Member(AgentId("1001")),), **queue)
    book = QueueBook(policy)
    agent = AgentBook(AgentId("1001"))
    member = MemberBook(agent, book)
    member.login_spell = "spell"
    agent.reachable[NODE] = None
    agent.members[QUEUE] = book.members[agent.agent_id] = member
    books.queues[QUEUE] = book
    books.agents[agent.agent_id] = agent
    books.up_since_ms[NODE] = 0
    return member


def test_who_may_take_a_call():
    books = Books()
    member = member_of(books)
    agent = member.agent
    assert may_take(books, member) is Answer.YES
    for name, value in (("login_spell", None), ("pause_spell", "p"), ("wrapup", "w")):
        before = getattr(member, name)
        setattr(member, name, value)
        assert may_take(books, member) is Answer.NO
        setattr(member, name, before)
    agent.devices[NODE] = DeviceState.INUSE
    assert may_take(books, member) is Answer.NO
    agent.devices[NODE] = DeviceState.UNAVAILABLE
    assert may_take(books, member) is Answer.MAYBE
    agent.devices.clear()
    agent.own_calls[CallId("c")] = None
    assert may_take(books, member) is Answer.NO
    agent.own_calls.clear()
    agent.reachable.clear()
    assert may_take(books, member) is Answer.NO


def test_a_timer_due_now_leaves_the_answer_open_until_it_has_fired():
    books = Books()
    member = member_of(books)
    member.agent.back_off_until_ms = 1_000
    books.now_ms = 999
    assert may_take(books, member) is Answer.NO
    books.now_ms = 1_000
    assert may_take(books, member) is Answer.MAYBE
    books.fired_ms = 1_000
    assert may_take(books, member) is Answer.YES


def waiting(books: Books, member: MemberBook) -> VisitBook:
    call = CallBook(CallId("c"), NODE, 0)
    visit = VisitBook(VisitId("c-v1"), call, member.queue, 0, 1)
    call.visit = member.queue.waiting[visit.visit_id] = visit
    return visit


def test_who_wants_somebody():
    books = Books()
    member = member_of(books)
    visit = waiting(books, member)
    assert wants(books, visit, member) is Answer.YES
    visit.rests_until_ms = 500
    assert wants(books, visit, member) is Answer.NO
    books.fired_ms = books.now_ms = 500
    assert wants(books, visit, member) is Answer.YES
    del books.up_since_ms[NODE]
    assert wants(books, visit, member) is Answer.NO


def test_what_is_due_while_nobody_could_act_is_due_afterwards():
    books = Books()
    visit = waiting(books, member_of(books))
    dues = Dues(books, late_ms=0)
    dues.limit_wait(visit, 1_000)
    del books.up_since_ms[NODE]
    books.now_ms = 5_000
    dues.check()
    books.up_since_ms[NODE] = books.now_ms = 6_000
    dues.check()
    books.now_ms = 6_001
    with pytest.raises(AuditFailure, match="the longest wait of c-v1 was due at 1000"):
        dues.check()


def test_only_the_last_limit_of_a_wait_counts():
    """Found by a run: a limit that was changed and changed back was expected twice."""
    books = Books()
    visit = waiting(books, member_of(books))
    dues = Dues(books, late_ms=0)
    dues.limit_wait(visit, 1_000)
    books.now_ms = 500
    dues.limit_wait(visit, 0)
    books.now_ms = 2_000
    dues.check()
    dues.limit_wait(visit, 1_000)
    dues.check()
    books.now_ms = 2_001
    with pytest.raises(AuditFailure, match="the longest wait"):
        dues.check()


def test_nobody_is_rung_for_a_call_of_ones_own():
    books = Books()
    member = member_of(books, ring_in_use=True)
    visit = waiting(books, member)
    visit.call.owner = member.agent
    assert wants(books, visit, member) is Answer.NO
