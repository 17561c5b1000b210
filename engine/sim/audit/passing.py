"""Laws of callers passed on: transfers, parking, and what people ask for by service."""

from __future__ import annotations

from typing import Any, Final

from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallParked,
    CallTransferred,
    CallUnparked,
    ParkEnd,
    TransferKind,
)
from engine.core.ids import CallId, NodeId
from engine.core.inputs import CallAction, CallActionRequested, HangUpNow, Redirect
from engine.sim.audit.books import Books, CallBook
from engine.sim.audit.due import Dues
from engine.sim.audit.step import Step

_TAKEN_OUT_BY: Final[dict[ParkEnd, type[CallAction]]] = {
    ParkEnd.REDIRECTED: Redirect,
    ParkEnd.HUNG_UP_BY_MANAGER: HangUpNow,
}


class PassingLaws:
    """Takes the facts of transfers, parking and actions."""

    def __init__(self, books: Books, dues: Dues, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._step = step
        self._seen_version: int | None = None

    def transferred(self, fact: CallTransferred) -> None:
        """A caller is out of the talk, and goes on."""
        books, step = self._books, self._step
        call = books.calls.get(fact.call_id)
        if call is None or call.ended:
            raise books.fail("one life", f"call {fact.call_id} was transferred, but does not live")
        step.attention = True
        if fact.kind is TransferKind.FORWARD:
            step.forwarded[fact.call_id] = fact.by
            return
        if call.talk is not None or call.visit is not None or call.parked is not None:
            raise books.fail("one place", f"call {fact.call_id} is still where it was")
        if call.as_leg is not None:
            step.handed_on[call.as_leg.call.call_id] = None
            books.becomes_call(call.as_leg, call)
        step.moved.append(call)
        call.way.passes += 1
        if fact.other_call_id is None:
            return
        other = books.calls.get(fact.other_call_id)
        if other is None:
            raise books.fail("truth", f"call {fact.call_id} joins one that does not live")
        if other.visit is not None:
            raise books.fail("one place", f"call {fact.other_call_id} is still in its queue")
        step.passed[fact.call_id] = fact.other_call_id
        for leg in [each for each in other.legs.values() if not each.hung_up and not each.offer]:
            del other.legs[leg.leg_id]
            leg.call = call
            call.legs[leg.leg_id] = leg

    def parked(self, fact: CallParked) -> None:
        """A caller is in a slot, where nobody else is."""
        books = self._books
        call = self._call(fact)
        if call.talk is not None or call.visit is not None or call.parked is not None:
            raise books.fail("one place", f"call {fact.call_id} was parked while it is elsewhere")
        if fact.slot in books.slots:
            raise books.fail("one place", f"slot {fact.slot} is taken")
        parking = books.policy.settings.parking
        if not parking.first <= int(fact.slot) <= parking.last:
            raise books.fail("truth", f"there is no slot {fact.slot}")
        call.parked, call.slot, call.fresh = fact.park_id, fact.slot, False
        books.slots[fact.slot] = call
        due_ms = fact.at_ms + parking.timeout_ms
        self._dues.expect(due_ms, parking_over, (call, fact.park_id))
        self._step.moved.append(call)
        self._step.attention = True

    def unparked(self, fact: CallUnparked) -> None:
        """It leaves the slot once."""
        books = self._books
        call = self._call(fact)
        if call.parked != fact.park_id or call.slot != fact.slot:
            raise books.fail("one end", f"{fact.park_id} ended, but was not open")
        if fact.why is ParkEnd.CALLER_HUNG_UP and not (call.gone or call.doubtful):
            raise books.fail("truth", f"{fact.park_id} ended by a caller who is there")
        self._by_service(fact)
        call.parked = None
        call.way.passes += 1
        del books.slots[fact.slot]
        if fact.why is ParkEnd.RETRIEVED:
            self._step.retrieved[fact.call_id] = fact.by
        self._step.moved.append(call)
        self._step.attention = True

    def _by_service(self, fact: CallUnparked) -> None:
        """Who took a call out of its slot by service has asked for it in this step."""
        action = _TAKEN_OUT_BY.get(fact.why)
        if action is None:
            return
        asked = self._step.asked
        if (
            asked is None
            or not isinstance(asked.action, action)
            or (asked.call_id, asked.by) != (fact.call_id, fact.by)
        ):
            raise self._books.fail("truth", f"nobody asked for the end of {fact.park_id}")

    def asked(self, asked: CallActionRequested) -> None:
        """Somebody wants something done with a call, as it is before this step."""
        call = self._books.calls.get(asked.call_id)
        self._seen_version = None if call is None else call.version
        self._step.asked = asked
        self._step.attention = True

    def done(self, fact: ActionDone) -> None:
        """It is done, for somebody who saw the call as it was before this step."""
        self._replied(fact.request_id)
        call = self._books.calls.get(CallId(fact.call_id))
        if call is not None:
            call.way.decided()
        asked = self._step.asked
        if asked is None or asked.request_id != fact.request_id:
            return
        if self._seen_version != asked.seen:
            raise self._books.fail(
                "versions",
                f"{fact.request_id} saw version {asked.seen}, now it is {self._seen_version}",
            )

    def refused(self, fact: ActionRefused) -> None:
        """It is not, and nothing has changed."""
        if fact.request_id:
            self._replied(fact.request_id)

    def _replied(self, request_id: str) -> None:
        if request_id:
            replies = self._step.replies
            replies[request_id] = replies.get(request_id, 0) + 1
            self._step.attention = True

    def _call(self, fact: Any) -> CallBook:  # noqa: ANN401
        call = self._books.calls.get(fact.call_id)
        if call is None or call.ended:
            raise self._books.fail("one life", f"call {fact.call_id} is parked and does not live")
        return call


def parking_over(parking: tuple[CallBook, str]) -> tuple[str, NodeId | None] | None:
    """The longest time in a slot."""
    call, park_id = parking
    if call.parked != park_id:
        return None
    return f"the parking of {call.call_id}", call.node
