"""The model of a call centre, in which callers do more than wait: they are called back, asked, sent on.

A callback is told as the core tells it: the request, the calls that wait for it one after the other,
their offers, the attempts, the end, and the talk, which goes on like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random  # noqa: TID251 - given by hypothesis

from engine.core.facts import (
    CallbackReason,
    CallEnd,
    OfferOutcome,
    OfferReason,
    RouteReason,
    SurveyEnd,
    VisitReason,
)
from engine.core.waiting import HoursKind
from tests.db.model import AGENTS, QUEUES, ModelCall
from tests.db.model_people import PeopleModel

ATTEMPTS = 3
REASONS = tuple(each for each in CallbackReason if each is not CallbackReason.TALKED)
OF_AN_ATTEMPT = (CallbackReason.CUSTOMER_NO_ANSWER, CallbackReason.AGENT_HUNG_UP)


@dataclass
class _Callback:
    """`asked` is the caller's call, `waiting` the call that waits now."""

    asked: str
    waiting: str
    queue: str
    number: str
    legs: int = 0
    offered_to: str | None = None
    reaching: bool = False
    """The customer is being called."""
    attempts: int = 0


class WaitingModel(PeopleModel):
    """All that can be told."""

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.callbacks: list[_Callback] = []
        self.own = 0

    def acts(self) -> tuple[Callable[[], None], ...]:
        return (
            *super().acts(),
            *(self._new_call, self._new_call, self._enter, self._enter, self._part),
            *(self._ask_for_callback, self._ask_for_callback),
            *(self._offer_callback, self._offer_callback, self._offer_callback),
            *(self._attempt, self._attempt, self._attempt),
            *(self._fail_to_reach, self._fail_to_reach),
            self._refuse_callback,
            self._reach,
            self._give_up,
            self._send_on,
            self._open_or_close,
        )

    def _rung(self) -> set[str]:
        offered = {each.offered_to for each in self.callbacks if each.offered_to is not None}
        return super()._rung() | offered

    def _callback(self, *, offered: bool, reaching: bool = False) -> _Callback | None:
        fitting = [
            each
            for each in self.callbacks
            if (each.offered_to is not None) == offered and each.reaching == reaching
        ]
        return self.rng.choice(fitting) if fitting else None

    def _own_call(self) -> str:
        self.own += 1
        return f"own-e-{self.own}"

    def _ask_for_callback(self) -> None:
        call = self._pick(waiting=True)
        number = f"0555{self.rng.randrange(5)}"
        if call is None or call.queue is None:
            return
        if any((each.queue, each.number) == (call.queue, number) for each in self.callbacks):
            return
        callback = _Callback(call.call_id, self._own_call(), call.queue, number)
        self.callbacks.append(callback)
        story = self.story
        story.requested(call.call_id, callback.waiting, number, call.queue, n=call.visits)
        for leg in list(call.offers):
            self._end_offer(call, leg, OfferOutcome.CANCELLED, OfferReason.VISIT_ENDED)
        story.missed(call.call_id, queue=call.queue, n=call.visits, reason=VisitReason.CALLBACK)
        story.callback_call(callback.waiting, call.call_id, number)
        call.queue = None
        self._over(call, CallEnd.SYSTEM)

    def _offer_callback(self) -> None:
        callback = self._callback(offered=False)
        free = [agent for agent in AGENTS if agent not in self._rung()]
        if callback is None or not free:
            return
        callback.legs += 1
        callback.offered_to = self.rng.choice(free)
        self.story.callback_offer(
            callback.asked,
            callback.waiting,
            callback.offered_to,
            callback.legs,
            queue=callback.queue,
        )

    def _callback_offer_over(
        self, callback: _Callback, outcome: OfferOutcome, reason: OfferReason
    ) -> str:
        agent = callback.offered_to
        assert agent is not None
        callback.offered_to = None
        callback.reaching = False
        self.story.callback_offer_over(
            callback.asked,
            callback.waiting,
            agent,
            callback.legs,
            outcome,
            reason,
            queue=callback.queue,
        )
        return agent

    def _refuse_callback(self) -> None:
        callback = self._callback(offered=True)
        if callback is not None:
            self._callback_offer_over(callback, OfferOutcome.MISSED, OfferReason.REJECTED)

    def _attempt(self) -> None:
        callback = self._callback(offered=True)
        if callback is None or callback.offered_to is None:
            return
        callback.reaching = True
        callback.attempts += 1
        self.story.attempt(
            callback.asked,
            callback.waiting,
            callback.offered_to,
            callback.attempts,
            queue=callback.queue,
        )

    def _fail_to_reach(self) -> None:
        """The customer is called anew by a later call, which has this one as its parent."""
        callback = self._callback(offered=True, reaching=True)
        if callback is None:
            return
        reason = self.rng.choice(OF_AN_ATTEMPT)
        if reason is CallbackReason.AGENT_HUNG_UP:
            self._callback_offer_over(callback, OfferOutcome.MISSED, OfferReason.ANSWERED_THEN_LEFT)
        else:
            self._callback_offer_over(
                callback, OfferOutcome.CANCELLED, OfferReason.CUSTOMER_NOT_REACHED
            )
        if callback.attempts == ATTEMPTS:
            self._callback_over(callback, reason)
            return
        before, callback.waiting = callback.waiting, self._own_call()
        callback.legs = 0
        self.story.callback_call(callback.waiting, before, callback.number)
        self.story.call_over(before, CallEnd.FAILED)

    def _reach(self) -> None:
        callback = self._callback(offered=True, reaching=True)
        if callback is None:
            return
        agent = callback.offered_to
        assert agent is not None
        self.callbacks.remove(callback)
        self.story.callback_over(
            callback.asked,
            callback.waiting,
            agent=agent,
            attempts=callback.attempts,
            queue=callback.queue,
        )
        self._callback_offer_over(callback, OfferOutcome.ANSWERED, OfferReason.ANSWERED)
        self.story.callback_talk(
            callback.asked, callback.waiting, agent, callback.legs, queue=callback.queue
        )
        talk = (callback.legs, agent)
        # With this its visits are numbered from 2, as the core numbers them.
        call = ModelCall(callback.waiting, callback.queue, visits=1, legs=callback.legs, talk=talk)
        self.calls.append(call)

    def _give_up(self) -> None:
        callback = self._callback(offered=self.rng.random() < 0.5)
        if callback is None or self.rng.random() < 0.6:
            return
        if callback.offered_to is not None:
            self._callback_offer_over(callback, OfferOutcome.CANCELLED, OfferReason.VISIT_ENDED)
        self._callback_over(callback, self.rng.choice(REASONS))

    def _callback_over(self, callback: _Callback, reason: CallbackReason) -> None:
        self.callbacks.remove(callback)
        self.story.callback_over(
            callback.asked,
            callback.waiting,
            reason,
            attempts=callback.attempts,
            queue=callback.queue,
        )
        self.story.call_over(callback.waiting, CallEnd.SYSTEM)

    def _close(self, call: ModelCall, by: CallEnd) -> None:
        """A caller who is left by the agent may be asked."""
        if by is CallEnd.AGENT and call.surveyed is not None:
            leg, agent, queue = call.surveyed
            why = self.rng.choice(list(SurveyEnd))
            answered = why is SurveyEnd.ANSWERED
            key, score = (self.rng.choice("0159"), self.rng.choice((-2, 0, 5)))
            self.story.survey(
                call.call_id,
                agent,
                key if answered else "",
                score if answered else None,
                why,
                queue,
                leg,
            )
        super()._close(call, by)

    def _end_talk(self, call: ModelCall, by: CallEnd) -> None:
        assert call.talk is not None
        assert call.queue is not None
        call.surveyed = (*call.talk, call.queue)
        super()._end_talk(call, by)

    def _overflow(self, call: ModelCall, left: str, queue: str) -> None:
        self.story.routed(call.call_id, left, queue, RouteReason.VISIT_ENDED)
        super()._overflow(call, left, queue)

    def _send_on(self) -> None:
        call = self._pick()
        if call is not None:
            why = self.rng.choice(list(RouteReason))
            key = "3" if why in {RouteReason.KEY_EVENT, RouteReason.MENU_KEY} else ""
            self.story.routed(call.call_id, "menu main", "voicemail 1001", why, key)

    def _open_or_close(self) -> None:
        kind = self.rng.choice(list(HoursKind))
        holiday = "New Year" if kind is HoursKind.HOLIDAY else ""
        by = self.rng.choice(("", "1009"))
        self.story.hours(kind, self.rng.choice(QUEUES), by, holiday)
