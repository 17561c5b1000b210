"""Laws of calls and visits: one place at a time, one end each, and every second accounted for."""

from __future__ import annotations

from engine.core.facts import (
    CallEnd,
    CallEnded,
    CallStarted,
    HoldEnded,
    HoldStarted,
    SourceKind,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
)
from engine.core.ids import CallId, LegId
from engine.core.inputs import HangUpNow
from engine.sim.audit.books import Books, CallBook, LegBook, VisitBook
from engine.sim.audit.due import Dues
from engine.sim.audit.journeys import NEVER_MS, WayBook
from engine.sim.audit.step import Step
from engine.sim.audit.terms import keeper, route_terms, served


def _has_survey(books: Books, leg: LegBook) -> bool:
    """Tells whether the caller of this talk may be asked something after it (P-12)."""
    queue = None if leg.queue_id is None else books.queues.get(leg.queue_id)
    return queue is not None and queue.policy.survey is not None


class CallLaws:
    """Takes the facts of calls."""

    def __init__(self, books: Books, dues: Dues, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._step = step
        self.exact_places = True
        """Places in line are counted, which takes time in proportion to the line."""

    def call_started(self, fact: CallStarted) -> None:
        """A call begins once."""
        books = self._books
        if fact.call_id in books.calls_seen:
            raise books.fail("one life", f"call {fact.call_id} started twice")
        if fact.arrived_ms > fact.at_ms:
            raise books.fail("time", f"call {fact.call_id} arrived after it started")
        books.calls_seen.add(fact.call_id)
        call = CallBook(fact.call_id, fact.node, fact.arrived_ms)
        call.endpoint, call.number = fact.endpoint, fact.caller_number
        books.calls[fact.call_id] = call
        if fact.source is SourceKind.CALLBACK:
            return
        if fact.parent_id is not None:
            self._party_goes_on(call, fact.parent_id)
            return
        if fact.source is SourceKind.TRUNK:
            route_terms(books.policy, call, fact.dialled)
        agent = books.agents.get(fact.endpoint)  # type: ignore[call-overload]
        if agent is not None and fact.source is SourceKind.USHER:
            agent.own_calls[fact.call_id] = call
        if agent is not None and fact.call_id in agent.own_calls:
            call.owner = agent
            agent.own_calls[fact.call_id] = call

    def _party_goes_on(self, call: CallBook, parent_id: CallId) -> None:
        """The other party of a talk whose caller leaves becomes a caller."""
        books = self._books
        leg = books.legs.get(LegId(call.call_id))
        if leg is None or leg.call.call_id != parent_id or leg.answered_ms == NEVER_MS:
            raise books.fail("truth", f"call {call.call_id} is the rest of nothing")
        if leg.call.talk is leg:
            raise books.fail("one place", f"call {call.call_id} began inside another's talk")
        self._step.handed_on[parent_id] = None
        books.becomes_call(leg, call)
        self._step.moved.append(call)
        self._step.attention = True

    def call_ended(self, fact: CallEnded) -> None:
        """It ends once, and nothing of it goes on."""
        books = self._books
        call = self._call(fact.call_id)
        if call.visit is not None:
            raise books.fail("one place", f"call {fact.call_id} ended inside a visit")
        if call.talk is not None:
            raise books.fail("one place", f"call {fact.call_id} ended inside a talk")
        if call.settled and fact.at_ms != call.mark_ms:
            raise books.fail(
                "money",
                f"call {fact.call_id} ended {fact.at_ms - call.mark_ms} ms after all of it did",
            )
        if fact.ended_by in (CallEnd.CALLER, CallEnd.LOST) and not call.gone:
            if not call.doubtful and not self._hung_up_by_service(call):
                raise books.fail(
                    "truth", f"call {fact.call_id} was ended by nobody: its caller is there"
                )
            if call.doubtful:
                books.call_is_gone(call)
        if call.parked is not None or call.monitor is not None:
            raise books.fail("one place", f"call {fact.call_id} ended parked or monitoring")
        if fact.ended_by is CallEnd.TRANSFERRED:
            self._step.transferred.append(call)
        call.ended = True
        if call.absent:
            books.call_is_gone(call)
        self._step.calls_over.append(call)
        self._step.attention = True
        if call.gone:
            books.calls.pop(call.call_id, None)

    def _hung_up_by_service(self, call: CallBook) -> bool:
        """The caller asked for that by a click."""
        asked = self._step.asked
        if asked is None or not isinstance(asked.action, HangUpNow):
            return False
        return asked.call_id == call.call_id and asked.by == call.endpoint

    def visit_started(self, fact: VisitStarted) -> None:
        """A visit begins where the call's last account ended."""
        books = self._books
        call = self._call(fact.call_id)
        queue = books.queues.get(fact.queue_id)
        if queue is None or queue.removed:
            raise books.fail("one place", f"{fact.visit_id} is in no queue of the configuration")
        if call.visit is not None or call.talk is not None or call.parked is not None:
            raise books.fail("one place", f"{fact.visit_id} began while the call was elsewhere")
        expected_ms = call.arrived_ms if call.fresh else books.now_ms
        call.fresh = False
        if fact.at_ms != expected_ms:
            raise books.fail("money", f"{fact.visit_id} counts from {fact.at_ms}")
        call.visits += 1
        books.visits_seen += 1
        visit = VisitBook(fact.visit_id, call, queue, fact.at_ms, books.visits_seen)
        if self.exact_places:
            mine = (-call.priority, visit.entered_ms)
            place = 1 + sum(
                (-other.call.priority, other.entered_ms) <= mine for other in queue.waiting.values()
            )
            if fact.position != place:
                raise books.fail("place", f"{fact.visit_id} has place {fact.position}, not {place}")
        if 0 < queue.policy.waiting_max <= len(queue.waiting):
            self._step.turned_away.append(visit)
            self._step.attention = True
        call.visit = visit
        visit.kept_for = keeper(books, visit)
        queue.waiting[fact.visit_id] = visit
        self._dues.limit_wait(visit, queue.policy.wait_ms_max)
        if call.owner is not None:  # Who places a queue call starts to count anew.
            for member in call.owner.members.values():
                member.missed = 0

    def visit_ended(self, fact: VisitEnded) -> None:
        """A visit ends once, with the figures that its offers add up to."""
        books = self._books
        call = self._call(fact.call_id)
        visit = call.visit
        if visit is None or visit.visit_id != fact.visit_id:
            raise books.fail("one end", f"{fact.visit_id} ended, but was not open")
        if fact.queue_id != visit.queue.policy.queue_id:
            raise books.fail("one place", f"{fact.visit_id} ended in queue {fact.queue_id}")
        if fact.wait_ms != fact.at_ms - visit.entered_ms or fact.at_ms != books.now_ms:
            raise books.fail("money", f"{fact.visit_id} waited {fact.wait_ms} ms")
        if fact.ring_ms != visit.ring_ms or fact.ring_ms > fact.wait_ms:
            raise books.fail(
                "money", f"{fact.visit_id} rang {fact.ring_ms} ms, not {visit.ring_ms}"
            )
        self._check_outcome(fact, visit)
        visit.open = False
        call.visit = None
        call.mark_ms = fact.at_ms
        call.settled = fact.outcome is VisitOutcome.ABANDONED or fact.reason is VisitReason.LOST
        if not call.settled:
            self._step.moved.append(call)
            self._step.attention = True
        del visit.queue.waiting[visit.visit_id]

    def _check_outcome(self, fact: VisitEnded, visit: VisitBook) -> None:
        books = self._books
        limit = visit.queue.policy.waiting_max
        if fact.outcome is VisitOutcome.ANSWERED:
            chosen = visit.chosen
            if fact.reason is not VisitReason.CONNECTED or chosen is None:
                raise books.fail("truth", f"{fact.visit_id} was answered by nobody")
            if list(visit.offers) != [chosen.leg_id]:
                raise books.fail("one end", f"{fact.visit_id} was answered, others still ring")
            agent = chosen.agent
            if agent is None or fact.agent_id != agent.agent_id:
                raise books.fail("truth", f"{fact.visit_id} was not answered by {fact.agent_id}")
            return
        if visit.offers:
            raise books.fail("one end", f"{fact.visit_id} ended, but its phones ring on")
        if (fact.outcome is VisitOutcome.ABANDONED) != (fact.reason is VisitReason.CALLER_HUNG_UP):
            raise books.fail("truth", f"{fact.visit_id} is {fact.outcome} by {fact.reason}")
        gone = visit.call.gone or visit.call.doubtful
        if fact.outcome is VisitOutcome.ABANDONED and not gone:
            raise books.fail("truth", f"{fact.visit_id} abandoned, but the caller is there")
        if fact.reason is VisitReason.QUEUE_FULL and not 0 < limit < len(visit.queue.waiting):
            raise books.fail("capacity", f"{fact.visit_id} was refused though there was room")
        if fact.reason is VisitReason.MAX_WAIT and (
            visit.wait_due_ms != NEVER_MS and fact.at_ms < visit.wait_due_ms
        ):
            raise books.fail("timers", f"{fact.visit_id} was sent away too early")

    def talk_started(self, fact: TalkStarted) -> None:
        """A talk begins when the visit ends, with the phone that answered."""
        books = self._books
        call = self._call(fact.call_id)
        if call.visit is not None or call.talk is not None or call.parked is not None:
            raise books.fail("one place", f"call {fact.call_id} talks while it is elsewhere")
        leg = books.leg_of_talk(fact.talk_id)
        if leg is None or leg.call is not call:
            raise books.fail("truth", f"call {fact.call_id} talks to a phone that never rang")
        if leg.answered_ms == NEVER_MS:
            raise books.fail("truth", f"{fact.talk_id} talks without an answer")
        if fact.visit_id is not None and not leg.talks and fact.at_ms != call.mark_ms:
            raise books.fail("money", f"{fact.talk_id} talks later than its visit ended")
        if leg.offer:
            raise books.fail("one end", f"{fact.talk_id} talks while it is still an offer")
        call.talk = leg
        call.fresh = False
        call.way = WayBook()
        leg.talks += 1
        leg.talk_id = fact.talk_id
        leg.talk_ms = fact.at_ms
        if leg.agent is not None and fact.queue_id is not None:
            leg.agent.talks += 1
            queue = books.queues.get(fact.queue_id)
            # With ring-in-use the next call may be picked up before the last one's end is heard.
            if leg.agent.talks > 1 and queue is not None and not queue.policy.ring_in_use:
                raise books.fail("one call", f"agent {leg.agent.agent_id} talks to two callers")
        self._step.talks_begun.append(leg)
        self._step.attention = True

    def talk_ended(self, fact: TalkEnded) -> None:
        """A talk lasts from its beginning to its end, no more and no less."""
        books = self._books
        call = self._call(fact.call_id)
        leg = call.talk
        if leg is None or leg.talk_id != fact.talk_id:
            raise books.fail("one end", f"{fact.talk_id} ended, but nobody talked")
        if fact.talk_ms != fact.at_ms - leg.talk_ms:
            raise books.fail("money", f"{fact.talk_id} talked {fact.talk_ms} ms")
        if leg.hold_id is not None:
            raise books.fail("one end", f"{fact.talk_id} ended on hold")
        if leg.recording is not None and not leg.recording.stopped:
            self._step.recorders.setdefault(leg.recording.recording_id, [])
        call.talk = None
        leg.talk_id = None
        call.mark_ms = fact.at_ms
        asked = fact.ended_by is CallEnd.AGENT and _has_survey(books, leg)
        call.settled = fact.ended_by is not CallEnd.TRANSFERRED and not asked
        if not call.settled:
            self._step.moved.append(call)
        if leg.agent is not None and leg.queue_id is not None:
            leg.agent.talks -= 1
            member = leg.agent.members.get(leg.queue_id)
            known = fact.ended_by is not CallEnd.LOST
            if known and member is not None and member.login_spell is not None:
                member.talk_ms += fact.talk_ms
            served(books, call, leg.queue_id, leg.agent.agent_id)
        if leg.call is call:
            self._step.talks_over.append(leg)  # Else it goes straight into its next talk.
        self._step.attention = True

    def hold_started(self, fact: HoldStarted) -> None:
        """A hold is inside a talk, one at a time."""
        leg = self._call(fact.call_id).talk
        if leg is None or leg.talk_id != fact.talk_id or leg.hold_id is not None:
            raise self._books.fail("one place", f"{fact.hold_id} is in no talk, or in another hold")
        leg.hold_id = fact.hold_id
        leg.hold_ms = fact.at_ms

    def hold_ended(self, fact: HoldEnded) -> None:
        """It ends once, and lasted as long as it did."""
        leg = self._call(fact.call_id).talk
        if leg is None or leg.hold_id != fact.hold_id:
            raise self._books.fail("one end", f"{fact.hold_id} ended, but did not run")
        if fact.hold_ms != fact.at_ms - leg.hold_ms:
            raise self._books.fail("money", f"{fact.hold_id} lasted {fact.hold_ms} ms")
        leg.hold_id = None

    def _call(self, call_id: CallId) -> CallBook:
        call = self._books.calls.get(call_id)
        if call is None or call.ended:
            raise self._books.fail("one life", f"call {call_id} is spoken of, but does not live")
        return call
