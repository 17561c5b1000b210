"""At the end of each step: what was heard has had its consequences, in facts and in commands."""

from __future__ import annotations

from engine.core.ids import (
    BRIDGE_PREFIX,
    MONITOR_BRIDGE_PREFIX,
    CallId,
    LegId,
    bridge_id_of,
    is_ear,
)
from engine.core.inputs import NodeConnected, Park
from engine.sim.audit.books import Books, LegBook, VisitBook
from engine.sim.audit.due import Dues, last_word_over
from engine.sim.audit.step import Step

_LAST_WORD_MS = 10_000


class Agreement:
    """Judges inputs, facts and commands of one step together."""

    def __init__(self, books: Books, dues: Dues, step: Step) -> None:
        """Shares the books with the laws."""
        self._books = books
        self._dues = dues
        self._step = step

    def step_ends(self) -> None:
        """Raises if something was left undone; then the step is over."""
        self._check_heard()
        self._check_told()
        self._check_passed()
        if self._step.reconciled is not None:
            self._check_reconciled(self._step.reconciled)
        for visit in self._step.turned_away:
            if visit.open:
                raise self._books.fail("capacity", f"{visit.visit_id} stays in a full queue")
        self._step.clear()

    def _check_heard(self) -> None:
        """Whoever left is out of every place; whoever answered is connected or hears the prompt."""
        books = self._books
        for call in self._step.left:
            if not call.ended:
                raise books.fail("one end", f"call {call.call_id} lives on without its caller")
        for leg in self._step.ended:
            if leg.offer or leg.call.talk is leg:
                raise books.fail("one end", f"{leg.leg_id} is gone, but its offer or talk is not")
        for leg in self._step.answered:
            self._check_answer(leg)
        for call in self._step.unanswered:
            waits_or_talks = call.visit is not None or call.talk is not None
            if waits_or_talks and not call.answered:
                raise books.fail("commands", f"call {call.call_id} was not answered again")

    def _check_told(self) -> None:
        """Asterisk was told what became true."""
        books = self._books
        for leg in self._step.talks_begun:
            if leg.leg_id not in self._step.connects:
                raise books.fail("commands", f"{leg.leg_id} talks, but was not connected")
        for leg in self._step.talks_over:
            if bridge_id_of(leg.leg_id) not in self._step.destroyed:
                raise books.fail("commands", f"the bridge of {leg.leg_id} was left standing")
            self._check_parted(leg)
        for leg in self._step.unwanted:
            if leg.in_vain:
                self._hears_why(leg)
            self._check_let_go(leg)
            if self._step.hung_up.get(leg.leg_id, leg.elsewhere) and not leg.elsewhere:
                raise books.fail("commands", f"{leg.leg_id} hides a call that it missed")
            if leg.elsewhere and self._step.hung_up.get(leg.leg_id) is False and not leg.told_again:
                raise books.fail("commands", f"{leg.leg_id} shows a call that others took")
        for call in self._step.calls_over:
            if not call.gone and not call.hung_up:
                raise books.fail("commands", f"call {call.call_id} ended, but was not hung up")
            for leg in call.legs.values():
                self._check_let_go(leg)

    def _check_passed(self) -> None:
        """Who was passed on is somewhere, in one place; who ended by a transfer had one."""
        books, step = self._books, self._step
        for call in step.moved:
            if call.ended or call.gone or call.as_leg is not None:
                continue
            if not books.node_up(call.node):
                continue
            places = (call.visit, call.talk, call.parked, call.monitor)
            where = sum(place is not None for place in places)
            rings = any(not leg.hung_up and not leg.gone for leg in call.legs.values())
            hears = call.call_id in step.prompts or call.away
            elsewhere = rings or hears or call.summoned
            if where != 1 and not (where == 0 and elsewhere):
                raise books.fail("one place", f"call {call.call_id} is in {where} places")
        for call in step.transferred:
            passed = call.as_leg is not None or call.call_id in step.handed_on
            if not passed and call.call_id not in step.passed.values():
                raise books.fail("truth", f"call {call.call_id} was taken over by nobody")
        asked = step.asked
        if asked is not None and step.replies.get(asked.request_id, 0) != 1:
            raise books.fail("actions", f"{asked.request_id} was not answered once")

    def _check_parted(self, leg: LegBook) -> None:
        """Who talked hangs up, or hears a last word first: where the caller is parked."""
        parks = self._step.asked is not None and isinstance(self._step.asked.action, Park)
        if parks:
            self._hears_why(leg)
        self._check_let_go(leg)

    def _hears_why(self, leg: LegBook) -> None:
        """Who hears a last word is hung up after it."""
        if leg.leg_id in self._step.prompts and not leg.last_word:
            leg.last_word = True
            due_ms = self._books.now_ms + _LAST_WORD_MS
            self._dues.expect(due_ms, last_word_over, leg)

    def _check_let_go(self, leg: LegBook) -> None:
        if not leg.gone and not leg.hung_up and not leg.last_word:
            raise self._books.fail("commands", f"{leg.leg_id} was left ringing or talking")

    def _check_answer(self, leg: LegBook) -> None:
        """Who answered first is connected, or hears the prompt; the others stop ringing."""
        visit = leg.visit
        if visit is None or not visit.open or visit.chosen is not leg:
            return
        if visit.callback is not None:
            self._check_told_who(leg, visit)
            return
        if visit.queue.policy.agent_prompt is None:
            raise self._books.fail("answer", f"{leg.leg_id} answered and was not connected")
        if list(visit.offers) != [leg.leg_id]:
            raise self._books.fail("answer", f"{leg.leg_id} answered, others still ring")
        if self._step.prompts.get(leg.leg_id) != (visit.queue.policy.agent_prompt,):
            raise self._books.fail("answer", f"{leg.leg_id} answered and does not hear the prompt")

    def _check_told_who(self, leg: LegBook, visit: VisitBook) -> None:
        """Who answers for a callback hears whom, then the queue's prompt (C-03)."""
        media = self._step.prompts.get(leg.leg_id, ())
        prompt = visit.queue.policy.agent_prompt
        before = media if prompt is None else media[:-1]
        if not before or (prompt is not None and media[-1:] != (prompt,)):
            raise self._books.fail("answer", f"{leg.leg_id} does not hear who is called back")

    def _check_reconciled(self, happened: NodeConnected) -> None:
        """Whatever exists is known, or was told to end."""
        books = self._books
        for channel in happened.channels:
            channel_id = channel.channel_id
            if channel_id in self._step.hung_up:
                continue
            known = LegId(channel_id) in books.legs or CallId(channel_id) in books.calls
            if is_ear(channel_id):
                known = channel_id in books.monitors or channel_id in books.recordings
            if not known:
                raise books.fail("reconcile", f"{channel_id} exists and was forgotten")
        for bridge_id in happened.bridges:
            if bridge_id.startswith(MONITOR_BRIDGE_PREFIX):
                call = books.calls.get(CallId(bridge_id.removeprefix(MONITOR_BRIDGE_PREFIX)))
                listens = call is not None and call.monitor is not None
                if not listens and bridge_id not in self._step.destroyed:
                    raise books.fail("reconcile", f"bridge {bridge_id} was left standing")
                continue
            leg = books.legs.get(LegId(bridge_id.removeprefix(BRIDGE_PREFIX)))
            talks = leg is not None and leg.call.talk is leg
            if not talks and bridge_id not in self._step.destroyed:
                raise books.fail("reconcile", f"bridge {bridge_id} was left standing")
