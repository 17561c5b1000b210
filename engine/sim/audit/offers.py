"""Laws of offers: only to who may take one, one at a time, and each ends once and for a reason."""

from __future__ import annotations

from engine.core.facts import OfferEnded, OfferMade, OfferOutcome, OfferReason
from engine.core.inputs import PickUp
from engine.core.policy import Strategy
from engine.sim.audit.agents import AgentLaws
from engine.sim.audit.availability import in_use, may_take, wants
from engine.sim.audit.books import AgentBook, Books, LegBook, VisitBook
from engine.sim.audit.due import Dues, ring_over
from engine.sim.audit.journeys import NEVER_MS
from engine.sim.audit.order import check_agent, check_caller, remember
from engine.sim.audit.step import Step
from engine.sim.audit.terms import Answer


class OfferLaws:
    """Takes the facts of offers."""

    def __init__(self, books: Books, dues: Dues, agents: AgentLaws, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._agents = agents
        self._step = step
        self.check_order = True
        """Whether the next offer is judged for who comes first, the costly question."""

    def made(self, fact: OfferMade) -> None:
        """An offer goes to a free agent, for a caller who wants one."""
        books = self._books
        leg = books.legs.get(fact.offer_id)
        if leg is None or leg.offered_ms != NEVER_MS:
            raise books.fail("truth", f"{fact.offer_id} was offered, but no phone was rung for it")
        visit = leg.call.visit
        agent = leg.agent
        if visit is None or visit.visit_id != fact.visit_id:
            raise books.fail("one place", f"{fact.offer_id} is for a visit that is not open")
        if self._step.forwarded.get(leg.call.call_id) == fact.agent_id:
            self._forwarded(fact, leg, visit)
            return
        if agent is None or agent.agent_id != fact.agent_id:
            raise books.fail("truth", f"{fact.offer_id} rang another phone than its agent's")
        if self._is_directed(fact, leg):
            self._directed(fact, leg, visit, agent)
            return
        member = visit.queue.members.get(agent.agent_id)
        if member is None:
            raise books.fail("truth", f"{fact.agent_id} is no member of {fact.queue_id}")
        if fact.attempt != visit.attempts + 1:
            raise books.fail("truth", f"{fact.offer_id} is called attempt {fact.attempt}")

        if leg.alert_info != visit.queue.policy.alert_info:
            raise books.fail("truth", f"{fact.offer_id} rings with alert {leg.alert_info}")

        del agent.legs[leg.leg_id]  # As it was before this offer.
        if agent.offers or may_take(books, member) is Answer.NO:
            raise books.fail("one call", f"{fact.agent_id} was offered {fact.offer_id}, not free")
        if wants(books, visit, member) is Answer.NO:
            raise books.fail("order", f"{fact.offer_id} is for a caller who wants nobody now")
        if self.check_order:
            check_caller(books, visit, member)
            check_agent(books, visit, member)
        agent.legs[leg.leg_id] = leg
        agent.offers += 1
        remember(books, member)
        leg.queue_id = fact.queue_id
        leg.level = member.level
        self._begun(visit, leg, agent)

    def _is_directed(self, fact: OfferMade, leg: LegBook) -> bool:
        """Tells an offer to somebody who asked for this very call from one by the queue."""
        asked = self._step.asked
        if asked is None or not isinstance(asked.action, PickUp):
            return False
        return asked.call_id == leg.call.call_id and asked.by == fact.agent_id

    def _directed(self, fact: OfferMade, leg: LegBook, visit: VisitBook, agent: AgentBook) -> None:
        """Who asks for a call is rung, alone, if the phone is free."""
        books = self._books
        del agent.legs[leg.leg_id]
        if agent.offers or in_use(agent) is Answer.YES or visit.offers:
            raise books.fail("one call", f"{fact.agent_id} was offered {fact.offer_id}, not free")
        agent.legs[leg.leg_id] = leg
        agent.offers += 1
        member = visit.queue.members.get(agent.agent_id)
        if member is None:
            books.orders += 1
            agent.last_offer = books.orders
        else:
            remember(books, member)
        leg.queue_id = fact.queue_id
        leg.level = 1 if member is None else member.level
        visit.rests_until_ms = visit.doubt_until_ms = NEVER_MS
        tried = dict(visit.tried)
        self._begun(visit, leg, agent)
        visit.tried.update(tried)  # It begins no round of the queue's own.
        visit.directed = leg

    def _forwarded(self, fact: OfferMade, leg: LegBook, visit: VisitBook) -> None:
        """An offer rings elsewhere because its phone wished so, for no longer than it would have."""
        books = self._books
        agent = books.agents[fact.agent_id]
        if not visit.queue.policy.follow_forward:
            raise books.fail("truth", f"{fact.offer_id} follows a forward, which is not allowed")
        if leg.phone is not None and leg.phone is not agent and leg.phone.offers:
            raise books.fail("one call", f"{leg.leg_id} rings a phone that rings already")
        due_ms = visit.ring_due_ms
        leg.agent = agent
        agent.legs[leg.leg_id] = leg
        agent.offers += 1
        leg.queue_id = fact.queue_id
        member = visit.queue.members.get(agent.agent_id)
        leg.level = 1 if member is None else member.level
        alone = visit.ring_since_ms == NEVER_MS
        self._begun(visit, leg, agent, chance=False)
        if alone:
            visit.ring_due_ms = due_ms
            self._dues.expect(max(due_ms, books.now_ms), ring_over, (visit, books.now_ms))
        leg.ring_ms_min = 0

    def _begun(
        self, visit: VisitBook, leg: LegBook, agent: AgentBook, *, chance: bool = True
    ) -> None:
        """Books an offer that was rightly made."""
        books = self._books
        at_ms = books.now_ms
        ring_all = visit.queue.policy.strategy is Strategy.RING_ALL
        if chance and not ring_all and agent.agent_id in visit.tried:
            visit.tried.clear()
            for other in visit.offers.values():
                assert other.agent is not None
                visit.tried[other.agent.agent_id] = None
        visit.tried[agent.agent_id] = None
        visit.rings_many = ring_all or visit.queue.policy.strategy is Strategy.PROGRESSIVE
        visit.attempts += 1
        visit.offers[leg.leg_id] = leg
        visit.doubt_until_ms = NEVER_MS
        leg.visit = visit
        leg.offer = True
        leg.offered_ms = at_ms
        if visit.ring_since_ms == NEVER_MS:
            visit.ring_since_ms = at_ms
            visit.ring_due_ms = at_ms + visit.queue.policy.ring_timeout_ms
            if chance:
                self._dues.expect(visit.ring_due_ms, ring_over, (visit, at_ms))
        leg.ring_ms_min = visit.ring_due_ms - visit.ring_since_ms
        policy = visit.queue.policy
        if policy.strategy is Strategy.PROGRESSIVE:
            waited_for = visit.step_due_ms <= books.fired_ms  # Or a place was empty.
            if chance or not waited_for:  # A forward does not make the next one wait again.
                visit.step_due_ms = at_ms + policy.progressive_step_ms
            if at_ms > visit.ring_since_ms:
                leg.ring_ms_min = min(leg.ring_ms_min, policy.progressive_step_ms)

    def ended(self, fact: OfferEnded) -> None:
        """An offer ends once; what it rang for is what it says."""
        books = self._books
        leg = books.legs.get(fact.offer_id) or self._step.gone.get(fact.offer_id)
        if leg is None or not leg.offer or leg.visit is None or leg.agent is None:
            raise books.fail("one end", f"{fact.offer_id} ended, but was no live offer")
        visit = leg.visit
        rang_until_ms = fact.at_ms if leg.answered_ms == NEVER_MS else leg.answered_ms
        if fact.ring_ms != rang_until_ms - leg.offered_ms:
            raise books.fail("money", f"{fact.offer_id} rang {fact.ring_ms} ms")
        leg.offer = False
        leg.agent.offers -= 1
        visit.offers.pop(leg.leg_id, None)
        if not _followed(fact):
            visit.step_due_ms = NEVER_MS  # Whoever is next takes the empty place at once.
        if fact.outcome is OfferOutcome.ANSWERED:
            self._answered(fact, leg, visit)
            return
        if fact.reason is OfferReason.NO_ANSWER and fact.ring_ms < leg.ring_ms_min:
            raise books.fail("timers", f"{fact.offer_id} rang in vain for {fact.ring_ms} ms only")
        if visit.chosen is leg:
            visit.chosen = None
        directed = _no_more_directed(visit, leg, fact)
        if not visit.offers:
            stop_ring_clock(visit, fact.at_ms)
        leg.elsewhere = (
            fact.reason in (OfferReason.ANSWERED_ELSEWHERE, OfferReason.PICKED_UP)
            and visit.queue.policy.answered_elsewhere
        )
        leg.in_vain = fact.reason is OfferReason.CUSTOMER_NOT_REACHED
        self._step.unwanted.append(leg)
        self._step.attention = True
        if fact.outcome is OfferOutcome.MISSED:
            pause_ms = books.policy.settings.failed_offer_pause_ms
            if fact.reason is not OfferReason.NO_ANSWER and pause_ms > 0:
                leg.agent.back_off_until_ms = fact.at_ms + pause_ms
            self._agents.missed(leg, fact.reason)
        elif fact.reason is not OfferReason.FORWARDED:
            visit.tried.pop(leg.agent.agent_id, None)  # Not the agent's doing, so it was no chance.
        self._rest(fact, visit, unsure=directed or leg.answered_ms != NEVER_MS)

    def _answered(self, fact: OfferEnded, leg: LegBook, visit: VisitBook) -> None:
        if visit.open or visit.chosen is not leg:
            raise self._books.fail("truth", f"{fact.offer_id} was answered by another or nobody")
        member = visit.queue.members.get(fact.agent_id)
        if member is not None:
            member.answered += 1
            member.missed = 0

    def _rest(self, fact: OfferEnded, visit: VisitBook, *, unsure: bool) -> None:
        """After a vain ringing the caller rests; so it is for ring-all when all have refused."""
        if visit.offers or _followed(fact):
            return
        policy = visit.queue.policy
        ring_all = policy.strategy is Strategy.RING_ALL
        if ring_all:
            visit.tried.clear()
        if policy.retry_interval_ms == 0:
            return
        until_ms = fact.at_ms + policy.retry_interval_ms
        if fact.reason in (OfferReason.NO_ANSWER, OfferReason.RANG_SHORTLY):
            visit.rests_until_ms = until_ms
        elif ring_all and (unsure or fact.reason is OfferReason.LOST):
            visit.doubt_until_ms = until_ms  # Whether that counts as a vain ringing is open.
        elif ring_all and fact.outcome is OfferOutcome.MISSED:
            visit.rests_until_ms = until_ms


def _followed(fact: OfferEnded) -> bool:
    """Tells whether an offer ended because it rings elsewhere now: its ringing goes on."""
    return fact.reason is OfferReason.FORWARDED and fact.outcome is OfferOutcome.CANCELLED


def _no_more_directed(visit: VisitBook, leg: LegBook, fact: OfferEnded) -> bool:
    """Returns whether this was the offer to who had asked for it; nobody has to be that any more."""
    if fact.outcome is OfferOutcome.MISSED and visit.kept_for == fact.agent_id:
        visit.kept_for = None
    if visit.directed is not leg:
        return False
    visit.directed = None
    return True


def stop_ring_clock(visit: VisitBook, at_ms: int) -> None:
    """No phone rings for this visit any more."""
    if visit.ring_since_ms != NEVER_MS:
        visit.ring_ms += at_ms - visit.ring_since_ms
        visit.ring_since_ms = NEVER_MS
