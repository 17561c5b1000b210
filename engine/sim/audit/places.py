"""Where callers are sent (Q-03, P-11): rightly, at once, and not round in circles for ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, assert_never

from engine.core.facts import (
    CallRouted,
    RouteReason,
    VisitEnded,
    VisitReason,
)
from engine.core.ids import CallId, QueueId, VisitId
from engine.core.inputs import TAKEN_BACK, CallCameBack, DigitPressed, Input, NodeConnected
from engine.core.places import (
    Destination,
    HangUp,
    PlayThenHangUp,
    ToCallFlow,
    ToExtension,
    ToExternal,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
)
from engine.core.waiting import HoursKind
from engine.sim.audit.books import Books, CallBook, VisitBook
from engine.sim.audit.dialogues import DialogueLaws
from engine.sim.audit.hours import is_closed, kind_of
from engine.sim.audit.step import Step

_HOPS_MAX: Final = 20
"""Destinations that one call may take between two talks."""


def words(destination: Destination) -> str:
    """Returns how a destination stands in the record."""
    match destination:
        case ToQueue(place) | ToExtension(place) | ToExternal(place):
            return place
        case HangUp():
            return "hang_up"
        case PlayThenHangUp():
            return "prompt"
        case ToVoicemail(place):
            return f"voicemail {place}"
        case ToMenu(place):
            return f"menu {place}"
        case ToCallFlow(place):
            return f"call_flow {place}"
        case ToRingGroup(place):
            return f"ring_group {place}"
        case _:
            assert_never(destination)


class PlaceLaws:
    """Takes the facts of callers who are sent somewhere."""

    def __init__(self, books: Books, step: Step, dialogues: DialogueLaws) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._step = step
        self._dialogues = dialogues
        self._happened: Input | None = None
        self._ended: dict[CallId, VisitEnded] = {}
        """The last visit of each call that ended in this step, ..."""
        self._why: dict[VisitId, VisitReason] = {}
        """... and why visits did."""
        self._sent: dict[CallId, str] = {}
        """Where callers were sent in this step."""
        self._pressed: tuple[VisitBook, str] | None = None
        """A key that has to lead somewhere in this step."""
        self._asks: CallBook | None = None
        """Who has pressed the key for callbacks in this step."""
        by_menu = partial(dialogues.chosen, words=words)
        self._check: dict[RouteReason, Callable[[CallRouted, CallBook], None]] = {
            RouteReason.KEY_EVENT: self._by_key,
            RouteReason.VISIT_ENDED: self._after_visit,
            RouteReason.CLOSED: self._not_open,
            RouteReason.HOLIDAY: self._not_open,
            RouteReason.CAME_BACK: self._came_back,
            RouteReason.TOO_LONG: self._too_long,
            RouteReason.LOOP: self._loop,
            RouteReason.NOBODY_ANSWERED: self._nobody,
            RouteReason.NO_SUCH_PLACE: lambda _fact, _call: None,
            RouteReason.MENU_KEY: by_menu,
            RouteReason.MENU_DIALLED: by_menu,
            RouteReason.MENU_WRONG: by_menu,
            RouteReason.MENU_SILENCE: by_menu,
        }

    def begins(self, happened: Input) -> None:
        """A step begins."""
        self._happened = happened
        if isinstance(happened, DigitPressed):
            self._key(happened)

    def _key(self, happened: DigitPressed) -> None:
        books = self._books
        call = books.calls.get(CallId(happened.channel_id))
        visit = None if call is None else call.visit
        if call is None or visit is None or call.callback is not None or call.ended:
            return
        if not books.node_up(call.node):
            return
        policy = visit.queue.policy
        terms = policy.callback
        asked = terms is not None and not call.ear.music  # It may be an answer.
        if asked:
            return
        if terms is not None and terms.key == happened.digit:
            if visit.chosen is None:  # Else an agent is as good as on the line.
                self._asks = call
                self._step.attention = True
            return
        if any(event.key == happened.digit for event in policy.key_events):
            self._pressed = (visit, happened.digit)
            self._step.attention = True

    def visit_ended(self, fact: VisitEnded) -> None:
        """Notes why a visit ended, for where its caller goes."""
        self._ended[fact.call_id] = fact
        self._why[fact.visit_id] = fact.reason
        pressed = self._happened
        if fact.reason is VisitReason.KEY_EVENT and not isinstance(pressed, DigitPressed):
            raise self._books.fail("keys", f"{fact.visit_id} left by a key that nobody pressed")

    def routed(self, fact: CallRouted) -> None:
        """A caller is sent somewhere, for a reason that fits."""
        books = self._books
        call = books.calls.get(fact.call_id)
        if call is None or call.ended or call.gone:
            raise books.fail("one life", f"call {fact.call_id} is sent on, but does not live")
        call.fresh = False
        self._step.attention = True
        self._step.touched[call.call_id] = call
        self._sent[call.call_id] = fact.to
        self._check[fact.why](fact, call)
        if fact.why is not RouteReason.LOOP:
            call.way.sent_on += 1
            if call.way.sent_on > _HOPS_MAX:
                raise books.fail("loop", f"call {fact.call_id} goes round for ever")
        call.way.group = None
        for group in books.policy.ring_groups:
            if fact.to == f"ring_group {group.name}":
                call.way.group = group

    def _by_key(self, fact: CallRouted, call: CallBook) -> None:
        books, happened = self._books, self._happened
        queue = books.queues.get(QueueId(fact.from_place))
        ended = self._ended.get(fact.call_id)
        pressed = isinstance(happened, DigitPressed) and (happened.channel_id, happened.digit) == (
            call.call_id,
            fact.key,
        )
        left = ended is not None and ended.reason is VisitReason.KEY_EVENT
        if queue is None or not pressed or not left:
            raise books.fail("keys", f"call {fact.call_id} did not press {fact.key}")
        leads = [words(e.destination) for e in queue.policy.key_events if e.key == fact.key]
        if leads[:1] != [fact.to]:
            raise books.fail("keys", f"{fact.key} leads to {leads}, not to {fact.to}")

    def _after_visit(self, fact: CallRouted, _call: CallBook) -> None:
        queue = self._books.queues.get(QueueId(fact.from_place))
        ended = self._ended.get(fact.call_id)
        if queue is None or ended is None or ended.queue_id != fact.from_place:
            raise self._books.fail("places", f"call {fact.call_id} left no queue")
        if fact.to != words(queue.policy.failure):
            raise self._books.fail("places", f"{fact.from_place} fails to {fact.to}")

    def _not_open(self, fact: CallRouted, _call: CallBook) -> None:
        books = self._books
        queue = books.queues.get(QueueId(fact.from_place))
        if queue is None or not is_closed(books, queue):
            raise books.fail("hours", f"{fact.from_place} is open, and sends callers away")
        hours, holiday = queue.policy.hours, fact.why is RouteReason.HOLIDAY
        if holiday is not (kind_of(books, queue) is HoursKind.HOLIDAY):
            raise books.fail("hours", f"{fact.from_place} sends callers away for {fact.why}")
        to = queue.policy.failure if hours is None else hours.closed
        if hours is not None and holiday and hours.holiday is not None:
            to = hours.holiday
        if fact.to != words(to):
            raise books.fail("hours", f"{fact.from_place} sends callers to {fact.to}")

    def _came_back(self, fact: CallRouted, _call: CallBook) -> None:
        asks = self._asked(fact.call_id)
        if asks is None:
            raise self._books.fail("places", f"call {fact.call_id} did not come back")
        if asks != fact.key:
            raise self._books.fail("places", f"call {fact.call_id} came back for {asks}")

    def _too_long(self, fact: CallRouted, call: CallBook) -> None:
        """Who was taken back goes where the call flow says, and nobody else."""
        if self._asked(fact.call_id) != TAKEN_BACK:
            raise self._books.fail("places", f"call {fact.call_id} was not taken back")
        flows = [each for each in self._books.policy.call_flows if each.limit_ms > 0]
        if call.away or fact.to not in [words(each.too_long) for each in flows]:
            raise self._books.fail("places", f"call {fact.call_id} is sent to {fact.to} at last")

    def _asked(self, call_id: CallId) -> str | None:
        """Returns for what a call comes back in this step, None if it does not."""
        match self._happened:
            case CallCameBack(call_id=back, dialled=dialled) if back == call_id:
                return dialled
            case NodeConnected(channels=channels):
                seen = (each.dialled for each in channels if each.channel_id == call_id)
                return next(seen, None)
            case _:
                return None

    def _loop(self, _fact: CallRouted, call: CallBook) -> None:
        """Each sending is one destination, or two where a prompt is heard before it."""
        if 1 + 2 * call.way.sent_on + call.way.passes < _HOPS_MAX:
            raise self._books.fail("loop", f"call {call.call_id} was sent {call.way.sent_on} times")

    def _nobody(self, fact: CallRouted, call: CallBook) -> None:
        books = self._books
        if any(not leg.hung_up and not leg.gone and not leg.offer for leg in call.legs.values()):
            raise books.fail("ring group", f"{fact.from_place} gave up, but rings on")
        failures = [words(g.failure) for g in books.policy.ring_groups if g.name == fact.from_place]
        back = fact.to in books.extensions  # To who transferred it there, instead of a hang-up.
        if failures and failures[0] != fact.to and not (back and failures[0] in _ENDS):
            raise books.fail("ring group", f"{fact.from_place} fails to {fact.to}")

    # --- the step -------------------------------------------------------------------------------

    def step_ends(self) -> None:
        """Whoever was sent somewhere is there; a key that leads somewhere has led there."""
        books = self._books
        if self._pressed is not None:
            (visit, key), self._pressed = self._pressed, None
            if self._why.get(visit.visit_id) is not VisitReason.KEY_EVENT:
                raise books.fail("keys", f"{visit.visit_id}: {key} was pressed in vain")
        asks, self._asks = self._asks, None
        if asks is not None and asks.call_id not in self._step.prompts:
            raise books.fail("keys", f"call {asks.call_id} asked for a callback in vain")
        for call_id, ended in self._ended.items():
            call = books.calls.get(call_id)
            if ended.reason not in _SENT_ON or call is None or call_id in self._sent:
                continue
            if not call.gone and not call.ended:
                raise books.fail("places", f"{ended.visit_id} ended, and nobody was sent on")
        for call_id, to in self._sent.items():
            call = books.calls.get(call_id)
            if call is None or call.ended or call.gone or not books.node_up(call.node):
                continue
            if not self._is_there(call, to):
                raise books.fail("places", f"call {call_id} was sent to {to}, and is not there")
        self._sent.clear()
        self._ended.clear()
        self._why.clear()

    def _is_there(self, call: CallBook, to: str) -> bool:
        if call.ear.hears(self._books.now_ms) and call.visit is None:
            return True  # A closing prompt, a menu, or a word before the place.
        kind, _, _ = to.partition(" ")
        if kind in ("voicemail", "call_flow"):
            return call.away
        if to in self._books.queues:
            return call.visit is not None and call.visit.queue.policy.queue_id == to
        if kind == "menu":
            return self._dialogues.is_asked(call)
        if kind in ("hang_up", "prompt"):
            return False
        return any(not leg.hung_up and not leg.gone for leg in call.legs.values())


_ENDS: Final = ("hang_up", "prompt")
_SENT_ON: Final = (
    VisitReason.QUEUE_FULL,
    VisitReason.MAX_WAIT,
    VisitReason.JOIN_EMPTY,
    VisitReason.LEFT_EMPTY,
    VisitReason.CLOSED,
    VisitReason.KEY_EVENT,
)
"""Why callers leave a queue for somewhere else."""
