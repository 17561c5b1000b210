"""Laws of callbacks (C-01 to C-05): the place kept, the agent first, one call of the phone an attempt.

A callback stands in line as a visit of its own, with the entry and the order of the caller whom it
replaces; that it is served in its turn, and by whom, follows from the laws for all visits. The call
that waits has no channel until an agent is there; each attempt is a call of its own.
"""

from __future__ import annotations

from typing import Final

from engine.core.commands import RingPhone
from engine.core.facts import (
    CallbackAttempted,
    CallbackEnded,
    CallbackOutcome,
    CallbackReason,
    CallbackRequested,
    CallStarted,
)
from engine.core.ids import CallId, EndpointName, NodeId
from engine.core.inputs import CallActionRequested, HangUpNow, Input, LegEnded, Redirect
from engine.core.policy import Policy
from engine.core.waiting import CallbackPolicy
from engine.sim.audit.books import Books, CallbackBook, CallBook, VisitBook
from engine.sim.audit.due import Dues, wait_over
from engine.sim.audit.hours import is_closed
from engine.sim.audit.journeys import NEVER_MS
from engine.sim.audit.presence import nobody_there
from engine.sim.audit.spelling import same_line
from engine.sim.audit.step import Step
from engine.sim.audit.terms import Answer, like_pattern

_NO_SUCH_NUMBER: Final = (1, 22, 28)
"""Q.850: the network knows no such number."""
_NO_ANSWER_FITS: Final = (CallbackReason.CUSTOMER_NO_ANSWER, CallbackReason.AGENT_HUNG_UP)


def way_to(policy: Policy, terms: CallbackPolicy, number: str) -> tuple[EndpointName, str] | None:
    """Returns by which trunk a number is called, and what is dialled there; None: not permitted."""
    dialled = terms.prefix + number
    routes = {route.name: route for route in policy.outbound_routes}
    for name in terms.outbound_routes:
        route = routes.get(name)
        if route is not None and like_pattern(route.pattern, dialled):
            return route.trunk, route.prepend + dialled[route.strip :]
    return None


class CallbackLaws:
    """Takes the facts of callbacks, and the commands that call customers."""

    def __init__(self, books: Books, dues: Dues, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._step = step
        self._happened: Input | None = None
        self._registered: dict[CallId, tuple[CallbackRequested, VisitBook]] = {}
        """Requested in this step, by the call that is to wait; the visit is the caller's."""
        self._left: list[CallbackBook] = []
        """Over in this step."""

    def begins(self, happened: Input) -> None:
        """A step begins."""
        self._happened = happened

    # --- request ------------------------------------------------------------------------------

    def requested(self, fact: CallbackRequested) -> None:
        """A caller who waits asks, for a number that nobody in this queue has asked for."""
        books = self._books
        call = books.calls.get(fact.call_id)
        visit = None if call is None else call.visit
        if call is None or visit is None or visit.visit_id != fact.visit_id:
            raise books.fail("callback", f"{fact.callback_id} is for a visit that is not open")
        if call.callback is not None or call.gone:
            raise books.fail("callback", f"{fact.callback_id} was asked for by nobody")
        terms = visit.queue.policy.callback
        if terms is None or fact.queue_id != visit.queue.policy.queue_id:
            raise books.fail("callback", f"{fact.callback_id} is not offered in {fact.queue_id}")
        plan = books.policy.settings.numbering
        inside = fact.number == call.endpoint and fact.number in books.extensions
        for other in books.callbacks.values():
            if other.visit.queue.policy.queue_id != fact.queue_id or other.inside != inside:
                continue  # A phone of the house is nobody outside.
            if same_line(None if inside else plan, other.number, fact.number):
                raise books.fail("callback", f"two callbacks for one number in {fact.queue_id}")
        if fact.entered_ms != visit.entered_ms:
            raise books.fail("callback", f"{fact.callback_id} counts from {fact.entered_ms}")
        if not inside and way_to(books.policy, terms, fact.number) is None:
            raise books.fail("callback", f"{fact.callback_id} may not be called")
        if visit.called_back:
            raise books.fail("callback", f"{fact.visit_id} asks for two callbacks")
        if visit.chosen is not None:
            raise books.fail("callback", f"{fact.callback_id}: an agent is there already")
        self._registered[fact.waiting_call_id] = (fact, visit)
        visit.called_back = True
        self._step.attention = True

    def call_started(self, fact: CallStarted) -> None:
        """The call that waits instead of a caller, or instead of an attempt that failed."""
        books = self._books
        call = books.calls[fact.call_id]
        call.fresh = False
        call.number = fact.caller_number
        self._step.attention = True
        registered = self._registered.pop(fact.call_id, None)
        if registered is not None:
            self._first(call, *registered)
            return
        parent = None if fact.parent_id is None else books.calls.get(fact.parent_id)
        callback = None if parent is None else parent.callback
        if parent is None or callback is None:
            raise books.fail("callback", f"call {fact.call_id} is a callback of nobody")
        self._again(call, parent, callback)

    def _first(self, call: CallBook, fact: CallbackRequested, before: VisitBook) -> None:
        books = self._books
        if before.open:
            raise books.fail("callback", f"{fact.callback_id} waits beside its caller")
        visit = VisitBook(fact.callback_id, call, before.queue, before.entered_ms, before.order)
        visit.kept_for, visit.tried = before.kept_for, dict(before.tried)
        visit.rests_until_ms, visit.doubt_until_ms = before.rests_until_ms, before.doubt_until_ms
        visit.away_ms, visit.step_due_ms = before.away_ms, before.step_due_ms
        callback = CallbackBook(visit, fact.number, books.now_ms, before.queue.policy.callback)
        callback.inside = fact.number == before.call.endpoint and fact.number in books.extensions
        parent = before.call
        call.priority, call.required = parent.priority, parent.required
        call.owner = parent.owner if callback.inside else None
        visit.callback = call.callback = callback
        call.visit = visit
        books.callbacks[visit.visit_id] = callback
        before.queue.waiting[visit.visit_id] = visit
        self._limit(callback)

    def _again(self, call: CallBook, parent: CallBook, callback: CallbackBook) -> None:
        """An attempt failed: the callback rests, in its place, for as long as its queue says."""
        books, visit = self._books, callback.visit
        if callback.called is not parent:
            raise books.fail("callback", f"call {call.call_id} follows no attempt")
        if visit.offers:
            raise books.fail("callback", f"{visit.visit_id} rests, but its agent is still there")
        terms = callback.terms()
        if callback.attempts >= terms.attempts:
            raise books.fail("callback", f"{visit.visit_id} may not be called again")
        self._check_rang_long_enough(callback, parent)
        call.priority, call.required = parent.priority, parent.required
        call.owner = parent.owner
        call.callback, call.visit, visit.call = callback, visit, call
        parent.callback = parent.visit = None
        parent.mark_ms, parent.settled = books.now_ms, True
        callback.called = None
        callback.failed = True
        visit.chosen = None
        if terms.spacing_ms > 0:
            visit.rests_until_ms = books.now_ms + terms.spacing_ms
        self._limit(callback)

    def _check_rang_long_enough(self, callback: CallbackBook, called: CallBook) -> None:
        """The customer's phone rings as long as it may, unless something else ends that."""
        rung_ms = self._books.now_ms - callback.attempt_ms
        if called.gone or called.doubtful or callback.agent_left:
            return
        if rung_ms < callback.terms().ring_timeout_ms:
            raise self._books.fail(
                "timers", f"{callback.visit.visit_id} rang its customer for {rung_ms} ms only"
            )

    # --- attempts -------------------------------------------------------------------------------

    def attempted(self, fact: CallbackAttempted) -> None:
        """The customer is called once an agent is there: once, and as often as allowed in all."""
        books = self._books
        callback = books.callbacks.get(fact.callback_id)
        if callback is None or callback.visit.call.call_id != fact.call_id:
            raise books.fail("callback", f"{fact.callback_id} does not wait as {fact.call_id}")
        visit, leg = callback.visit, callback.visit.chosen
        if leg is None or leg.gone or leg.hung_up or leg.answered_ms == NEVER_MS:
            raise books.fail("callback", f"{fact.callback_id} is called, but no agent is there")
        if leg.agent is None or leg.agent.agent_id != fact.agent_id:
            raise books.fail("callback", f"{fact.agent_id} is not who is there")
        if callback.called is not None:
            raise books.fail("callback", f"{fact.callback_id} is called twice at once")
        if fact.attempt != callback.attempts + 1 or fact.attempt > callback.terms().attempts:
            raise books.fail("callback", f"{fact.callback_id} had attempt {fact.attempt}")
        callback.attempts = fact.attempt
        callback.attempt_ms = fact.at_ms
        callback.called = visit.call
        callback.agent_id = fact.agent_id
        callback.agent_left = False
        callback.rung = False
        due_ms = fact.at_ms + callback.terms().ring_timeout_ms
        self._dues.expect(due_ms, customer_over, (callback, fact.attempt))
        self._step.attention = True

    def ring(self, command: RingPhone) -> bool:
        """The customer's phone is rung: once an attempt, by the way that is permitted.

        Returns False if it is nobody's whom a callback calls.
        """
        books = self._books
        call = books.calls.get(CallId(command.leg_id))
        callback = None if call is None else call.callback
        if call is None or callback is None:
            return False
        if callback.called is not call or callback.rung:
            raise books.fail("callback", f"{callback.visit.visit_id} is rung without an attempt")
        leg = callback.visit.chosen
        if leg is None or leg.gone or leg.hung_up:
            raise books.fail("callback", f"{callback.visit.visit_id} is rung without an agent")
        if command.node != leg.node:
            raise books.fail("truth", f"{command.leg_id} rings at another node than its agent")
        expected: tuple[EndpointName, str | None] | None
        if callback.inside:
            expected = (EndpointName(callback.number), None)
        else:
            expected = way_to(books.policy, callback.terms(), callback.number)
        if expected != (command.endpoint, command.number):
            raise books.fail("callback", f"{callback.visit.visit_id} rings another phone")
        callback.rung = True
        call.endpoint = command.endpoint
        call.summoned = True
        if call.owner is not None:
            call.owner.own_calls[call.call_id] = call
        return True

    # --- end ------------------------------------------------------------------------------------

    def ended(self, fact: CallbackEnded) -> None:
        """It ends once, for a reason that fits, with figures that add up."""
        books = self._books
        callback = books.callbacks.get(fact.callback_id)
        if callback is None or callback.visit.call.call_id != fact.call_id:
            raise books.fail("callback", f"{fact.callback_id} ended, but did not wait")
        visit, call = callback.visit, callback.visit.call
        if fact.queue_id != visit.queue.policy.queue_id:
            raise books.fail("callback", f"{fact.callback_id} ended in queue {fact.queue_id}")
        if fact.wait_ms != fact.at_ms - visit.entered_ms or fact.attempts != callback.attempts:
            raise books.fail("money", f"{fact.callback_id} waited {fact.wait_ms} ms")
        if (fact.outcome is CallbackOutcome.SUCCEEDED) != (fact.reason is CallbackReason.TALKED):
            raise books.fail("callback", f"{fact.callback_id} is {fact.outcome}: {fact.reason}")
        if fact.reason is CallbackReason.TALKED:
            self._talked(fact, callback)
        else:
            if visit.offers:
                raise books.fail("one end", f"{fact.callback_id} ended, but its phones ring on")
            self._check_reason(fact, callback)
        visit.open = False
        call.visit = call.callback = None
        call.mark_ms = fact.at_ms
        call.settled = fact.outcome is CallbackOutcome.FAILED
        callback.over = True
        self._left.append(callback)
        del books.callbacks[fact.callback_id]
        del visit.queue.waiting[visit.visit_id]
        if callback.called is None:
            call.absent = True
        self._step.attention = True

    def _talked(self, fact: CallbackEnded, callback: CallbackBook) -> None:
        books, chosen = self._books, callback.visit.chosen
        called = callback.called
        if called is None or called.summoned or not called.answered or chosen is None:
            raise books.fail("callback", f"{fact.callback_id} talked to nobody")
        if list(callback.visit.offers) != [chosen.leg_id]:
            raise books.fail("one end", f"{fact.callback_id} talks, others still ring")
        if chosen.agent is None or fact.agent_id != chosen.agent.agent_id:
            raise books.fail("truth", f"{fact.callback_id} did not talk to {fact.agent_id}")

    def _check_reason(self, fact: CallbackEnded, callback: CallbackBook) -> None:
        books, visit = self._books, callback.visit
        terms, called = callback.terms(), callback.called
        last = callback.attempts >= terms.attempts
        fits = False
        match fact.reason:
            case CallbackReason.CUSTOMER_NO_ANSWER | CallbackReason.AGENT_HUNG_UP:
                if called is not None:
                    fits = last
                    if fact.reason is CallbackReason.CUSTOMER_NO_ANSWER:
                        self._check_rang_long_enough(callback, called)
                    else:
                        fits = fits and callback.agent_left
                else:
                    fits = callback.failed and self._time_is_over(visit)
            case CallbackReason.INVALID_NUMBER:
                happened = self._happened
                fits = (
                    called is not None
                    and isinstance(happened, LegEnded)
                    and called.call_id == CallId(happened.leg_id)
                    and happened.cause in _NO_SUCH_NUMBER
                )
            case CallbackReason.NO_AGENT:
                queue = visit.queue
                fits = (
                    queue.removed
                    or self._time_is_over(visit)
                    or is_closed(books, queue)
                    or nobody_there(books, queue, queue.policy.leave_empty) is not Answer.NO
                )
            case CallbackReason.NOT_PERMITTED:
                inside = callback.inside and callback.number in books.extensions
                fits = not inside and way_to(books.policy, terms, callback.number) is None
            case CallbackReason.CANCELLED:
                asked = self._happened
                fits = (
                    isinstance(asked, CallActionRequested)
                    and asked.call_id == fact.call_id
                    and isinstance(asked.action, HangUpNow | Redirect)
                )
            case _:
                fits = False
        if not fits:
            raise books.fail("callback", f"{fact.callback_id} did not end by {fact.reason}")

    def _time_is_over(self, visit: VisitBook) -> bool:
        return visit.wait_due_ms != NEVER_MS and self._books.now_ms >= visit.wait_due_ms

    # --- limits ---------------------------------------------------------------------------------

    def policy_changed(self) -> None:
        """Limits count anew under another configuration."""
        for callback in self._books.callbacks.values():
            self._limit(callback)

    def _limit(self, callback: CallbackBook) -> None:
        visit, terms = callback.visit, callback.terms()
        visit.wait_limits += 1
        visit.wait_due_ms = NEVER_MS
        if terms.timeout_ms is not None:
            visit.wait_due_ms = callback.requested_ms + terms.timeout_ms
        elif visit.queue.policy.wait_ms_max > 0:
            visit.wait_due_ms = visit.entered_ms + visit.queue.policy.wait_ms_max
        if visit.wait_due_ms != NEVER_MS:
            due_ms = max(visit.wait_due_ms, self._books.now_ms)
            self._dues.expect(due_ms, wait_over, (visit, visit.wait_limits))

    # --- the step -------------------------------------------------------------------------------

    def step_ends(self) -> None:
        """Whoever is called has an agent there, and was rung; who picked up talks."""
        books = self._books
        for registered, _ in self._registered.values():
            raise books.fail("callback", f"{registered.callback_id} waits in no line")
        self._left.clear()
        for callback in books.callbacks.values():
            called, leg = callback.called, callback.visit.chosen
            if called is None:
                continue
            what = callback.visit.visit_id
            if leg is None or leg.gone or leg.hung_up:
                raise books.fail("callback", f"{what} is called, and the agent is gone")
            if not callback.rung:
                raise books.fail("commands", f"{what} was not rung")
            if called.gone:
                raise books.fail("callback", f"{what} goes on, though its customer is gone")
            if not called.summoned:
                raise books.fail("answer", f"{what} was answered and not connected")

    def finish(self) -> None:
        """All callbacks have ended."""
        for callback_id in self._books.callbacks:
            raise self._books.fail("liveness", f"{callback_id} never ended")


def customer_over(attempt: tuple[CallbackBook, int]) -> tuple[str, NodeId | None] | None:
    """The ringing of a customer's phone."""
    callback, ordinal = attempt
    if callback.over or callback.called is None or callback.attempts != ordinal:
        return None
    return f"the call of the customer of {callback.visit.visit_id}", callback.called.node
