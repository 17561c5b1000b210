"""Callers who are asked (menus, surveys): so often, about what was, and the keys mean what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.core.commands import PlayPrompt
from engine.core.facts import (
    CallEnd,
    CallEnded,
    CallRouted,
    RouteReason,
    SurveyEnd,
    SurveyEnded,
    TalkEnded,
)
from engine.core.ids import AgentId, CallId, QueueId, TalkId
from engine.core.inputs import DigitPressed, Input, LegEnded
from engine.core.places import Destination, Menu
from engine.core.waiting import SurveyPolicy
from engine.sim.audit.books import Books, CallBook, LegBook
from engine.sim.audit.step import Step

_NORMAL: Final = 16


class _Asked:
    """A caller in a menu or a survey."""

    __slots__ = ("asks", "keys", "menu", "pressed", "survey")

    def __init__(self, menu: Menu | None, survey: _Talk | None) -> None:
        self.menu = menu
        self.survey = survey
        self.asks = 1
        self.pressed = ""
        """Since the question."""
        self.keys = ""
        """Since the beginning."""


class _Talk:
    """What a survey is about."""

    __slots__ = ("agent_id", "policy", "queue_id", "talk_id")

    def __init__(
        self, talk_id: TalkId, queue_id: QueueId, agent_id: AgentId, policy: SurveyPolicy
    ) -> None:
        self.talk_id = talk_id
        self.queue_id = queue_id
        self.agent_id = agent_id
        self.policy = policy


class DialogueLaws:
    """Follows who is asked what."""

    def __init__(self, books: Books, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._step = step
        self._happened: Input | None = None
        self._asked: dict[CallId, _Asked] = {}
        self._may: dict[CallId, _Talk] = {}
        """Callers whose talk was ended by the agent: a survey may begin, ..."""
        self._must: dict[CallId, _Talk] = {}
        """... and has to, in this step."""
        self._key: tuple[CallId, str] | None = None
        """A key that leads somewhere, pressed in this step."""

    def begins(self, happened: Input) -> None:
        """A step begins."""
        self._happened = happened
        if isinstance(happened, DigitPressed):
            self._digit(happened)

    def is_asked(self, call: CallBook) -> bool:
        """Tells whether this caller is in a menu or survey."""
        return call.call_id in self._asked

    def _digit(self, happened: DigitPressed) -> None:
        call_id = CallId(happened.channel_id)
        asked, call = self._asked.get(call_id), self._books.calls.get(call_id)
        if asked is None or call is None or not self._books.node_up(call.node):
            return
        first = not asked.pressed
        asked.pressed += happened.digit
        asked.keys += happened.digit
        if first and self._leads(asked, happened.digit):
            self._key = (call_id, happened.digit)
            self._step.attention = True

    def _leads(self, asked: _Asked, digit: str) -> bool:
        """Tells whether this key, pressed first, can mean nothing else."""
        if asked.survey is not None:
            keys = [each.key for each in asked.survey.policy.keys]
        else:
            assert asked.menu is not None
            keys = [each.key for each in asked.menu.keys]
            if asked.menu.direct_dial:
                keys += [*self._books.queues, *self._books.extensions]
        return digit in keys and not any(key != digit and key.startswith(digit) for key in keys)

    # --- questions ------------------------------------------------------------------------------

    def play_prompt(self, command: PlayPrompt) -> None:
        """A question, perhaps."""
        books = self._books
        call = books.calls.get(CallId(command.channel_id))
        if call is None or call.visit is not None or call.ended:
            return
        asked = self._asked.get(call.call_id)
        if asked is not None:
            self._asks(asked, call, command.media)
            return
        talk = self._may.pop(call.call_id, None)
        self._must.pop(call.call_id, None)
        if talk is not None and command.media == talk.policy.media:
            self._asked[call.call_id] = _Asked(None, talk)
            return
        for menu in books.policy.menus:
            if menu.media == command.media:
                self._asked[call.call_id] = _Asked(menu, None)

    def _asks(self, asked: _Asked, call: CallBook, media: tuple[str, ...]) -> None:
        menu, survey = asked.menu, asked.survey
        question = menu.media if menu is not None else ()
        if survey is not None:
            question = survey.policy.media
        if media[-len(question) :] != question:
            raise self._books.fail("dialogue", f"call {call.call_id} is asked something else")
        asked.pressed = ""
        seen = self._step.reconciled
        if seen is not None and seen.node == call.node:
            return  # What was heard is not known.
        asked.asks += 1
        tries = menu.tries if menu is not None else 0
        if survey is not None:
            tries = survey.policy.tries
        if asked.asks > tries:
            raise self._books.fail("dialogue", f"call {call.call_id} was asked {asked.asks} times")

    # --- menus ----------------------------------------------------------------------------------

    def chosen(self, fact: CallRouted, call: CallBook, words: Callable[[Destination], str]) -> None:
        """A caller leaves a menu, by a key, a number, or too many mistakes."""
        books = self._books
        asked = self._asked.pop(call.call_id, None)
        menu = None if asked is None else asked.menu
        if asked is None or menu is None or menu.name != fact.from_place:
            raise books.fail("dialogue", f"call {call.call_id} is not in menu {fact.from_place}")
        if fact.why is RouteReason.MENU_KEY:
            key = next((each for each in menu.keys if each.key == fact.key), None)
            if key is None or fact.key not in asked.keys or fact.to != words(key.destination):
                raise books.fail("dialogue", f"{fact.key} does not lead to {fact.to}")
            if key.priority is not None:
                call.priority = key.priority
            if key.required_skills is not None:
                call.required = key.required_skills
        elif fact.why is RouteReason.MENU_DIALLED:
            place = fact.key in books.extensions or fact.key in books.queues
            if not menu.direct_dial or fact.to != fact.key or not place:
                raise books.fail("dialogue", f"{fact.key} cannot be dialled in {menu.name}")
        else:
            wrong = fact.why is RouteReason.MENU_WRONG
            if asked.asks != menu.tries or wrong is not bool(asked.pressed):
                raise books.fail("dialogue", f"call {call.call_id} left after {asked.asks} tries")
            if fact.to != words(menu.wrong if wrong else menu.silence):
                raise books.fail("dialogue", f"{menu.name} leads to {fact.to} in the end")
        if self._key is not None and self._key[0] == call.call_id:
            if self._key[1] != fact.key:
                raise books.fail("dialogue", f"{self._key[1]} was pressed, not {fact.key}")
            self._key = None

    # --- surveys --------------------------------------------------------------------------------

    def talk_ended(self, fact: TalkEnded, leg: LegBook | None) -> None:
        """After a queue's talk that the agent ended its caller is asked, if the queue asks."""
        if leg is None or leg.queue_id is None or leg.agent is None or leg.visit is None:
            return
        queue = self._books.queues.get(leg.queue_id)
        survey = None if queue is None else queue.policy.survey
        if survey is None or fact.ended_by is not CallEnd.AGENT:
            return
        talk = _Talk(fact.talk_id, leg.queue_id, leg.agent.agent_id, survey)
        self._may[fact.call_id] = talk
        happened = self._happened
        by_phone = isinstance(happened, LegEnded) and happened.cause == _NORMAL
        if by_phone and leg.talks == 1 and leg.gone:
            self._must[fact.call_id] = talk

    def survey_ended(self, fact: SurveyEnded) -> None:
        """It ends once, about that talk, with a key that was pressed."""
        books = self._books
        asked = self._asked.pop(fact.call_id, None)
        about = None if asked is None else asked.survey
        if asked is None or about is None:
            raise books.fail("survey", f"call {fact.call_id} was asked nothing")
        told = (fact.talk_id, fact.queue_id, fact.agent_id)
        if told != (about.talk_id, about.queue_id, about.agent_id):
            raise books.fail("survey", f"call {fact.call_id} was asked about another talk")
        scores = {each.key: each.score for each in about.policy.keys}
        if fact.why is SurveyEnd.ANSWERED:
            if fact.key not in asked.pressed or scores.get(fact.key) != fact.score:
                raise books.fail("survey", f"call {fact.call_id} did not answer {fact.key}")
        elif fact.key or fact.score is not None:
            raise books.fail("survey", f"call {fact.call_id} gave no answer, but has a score")
        if fact.why in (SurveyEnd.WRONG_KEYS, SurveyEnd.SILENCE):
            wrong = fact.why is SurveyEnd.WRONG_KEYS
            if asked.asks != about.policy.tries or wrong is not bool(asked.pressed):
                raise books.fail("survey", f"call {fact.call_id} was given up too early")
        call = books.calls.get(fact.call_id)
        gone = call is None or call.gone or call.doubtful
        if fact.why is SurveyEnd.CALLER_HUNG_UP and not gone:
            raise books.fail("survey", f"call {fact.call_id} did not hang up")
        if self._key is not None and self._key[0] == fact.call_id:
            self._key = None

    # --- the step -------------------------------------------------------------------------------

    def call_ended(self, fact: CallEnded) -> None:
        """Nothing is asked after the end."""
        asked = self._asked.pop(fact.call_id, None)
        if asked is not None and asked.survey is not None:
            raise self._books.fail("survey", f"the survey of call {fact.call_id} never ended")
        self._may.pop(fact.call_id, None)
        call = self._books.calls.get(fact.call_id)
        if self._must.pop(fact.call_id, None) is not None and call is not None and not call.gone:
            raise self._books.fail("survey", f"call {fact.call_id} was not asked")
        if self._key is not None and self._key[0] == fact.call_id:
            self._key = None

    def step_ends(self) -> None:
        """Keys have led somewhere; who has to be asked is; nobody is asked elsewhere."""
        books = self._books
        if self._key is not None:
            raise books.fail("dialogue", f"call {self._key[0]}: {self._key[1]} led nowhere")
        for call_id in self._must:
            call = books.calls.get(call_id)
            if call is not None and not call.ended and not call.gone and books.node_up(call.node):
                raise books.fail("survey", f"call {call_id} was not asked")
        self._must.clear()
        for call_id in self._step.touched:
            call = books.calls.get(call_id)
            if call is None or call_id not in self._asked:
                continue
            if call.visit is not None or call.talk is not None or call.away:
                raise books.fail("dialogue", f"call {call_id} is asked, and is elsewhere")
