"""The satisfaction survey: what a queue asks its caller after the agent hung up (P-12).

* Asked is about the talk that the agent ends, by phone or by service. Not after a transfer, nor where
  the caller hung up, somebody else ended the call, or the agent's phone was lost: what one would
  hear then is not about the agent. A caller who had several talks is asked about the last.
* The agent is in wrap-up meanwhile, and free after it.
* A wrong key or none asks again, `tries` times in all. The closing words are heard in any case.
* Each survey that was begun ends exactly once (`SurveyEnded`), whatever happens. One whose queue is
  removed or changed goes on as it began.
"""

from __future__ import annotations

from typing import Final

from engine.core.directions import ToSurvey
from engine.core.facts import CallEnd, SurveyEnd, SurveyEnded
from engine.core.model.call import Call, CallEvent
from engine.core.model.dialogue import SurveyDialogue
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.places import HangUp, PlayThenHangUp
from engine.core.prompting.questions import Keys, ask, choose, end_dialogue, settled
from engine.core.queueing.offers import UNREACHABLE_CAUSES
from engine.core.routing.sending import follow
from engine.core.waiting import SurveyPolicy

UNKNOWN_CAUSE: Final = 0


def survey_after(state: State, leg: Leg, ended_by: CallEnd, cause: int) -> ToSurvey | None:
    """Returns the survey that follows a talk that has just ended so, or None.

    `cause` is that of the agent's channel; one that nobody saw end, or that the network failed, was
    not hung up by the agent.
    """
    if ended_by is not CallEnd.AGENT or cause == UNKNOWN_CAUSE or cause in UNREACHABLE_CAUSES:
        return None
    if leg.queue_id is None or leg.agent_id is None or leg.visit_id is None:
        return None
    line = state.lines.get(leg.queue_id)
    if line is None or line.policy.survey is None:
        return None
    return ToSurvey(leg.queue_id, leg.agent_id, leg.talk_id)


def go_to_survey(state: State, call: Call, survey: ToSurvey) -> None:
    """Takes a caller out of a talk that has ended, towards the survey."""
    call.advance(CallEvent.TRANSFERRED)
    call.leg_id = None
    call.hops = 1
    follow(state, call, survey)


def begin_survey(state: State, call: Call, to: ToSurvey) -> None:
    """Asks; where the queue has no survey any more the call ends."""
    line = state.lines.get(to.queue_id)
    survey = None if line is None else line.policy.survey
    if survey is None:
        follow(state, call, HangUp())
        return
    call.advance(CallEvent.ASKED)
    dialogue = SurveyDialogue(survey.timeout_ms, about=to, survey=survey)
    ask(state, call, dialogue, survey.media)


def key_pressed(state: State, call: Call, dialogue: SurveyDialogue, digit: str) -> None:
    """A key in a survey."""
    chosen = choose(state, call, digit, _keys(dialogue.survey))
    if chosen is not None:
        _answered(state, call, dialogue, chosen)


def no_key(state: State, call: Call, dialogue: SurveyDialogue) -> None:
    """No key came, or no more of them."""
    survey = dialogue.survey
    chosen = settled(dialogue, _keys(survey))
    if chosen is not None:
        _answered(state, call, dialogue, chosen)
    elif dialogue.tries < survey.tries:
        ask(state, call, dialogue, survey.media)
    elif dialogue.digits:
        _close(state, call, dialogue, SurveyEnd.WRONG_KEYS)
    else:
        why = SurveyEnd.FAILED if dialogue.unheard else SurveyEnd.SILENCE
        _close(state, call, dialogue, why)


def survey_failed(state: State, call: Call, dialogue: SurveyDialogue) -> None:
    """The question cannot be played: nothing is asked."""
    _close(state, call, dialogue, SurveyEnd.FAILED)


def survey_broken_off(state: State, call: Call, *, by_caller: bool) -> None:
    """The call ends; if a survey is going on, it ends with it."""
    if isinstance(call.dialogue, SurveyDialogue):
        about = call.dialogue.about
        _note_end(state, call, about, SurveyEnd.CALLER_HUNG_UP if by_caller else SurveyEnd.FAILED)


def _keys(survey: SurveyPolicy) -> Keys:
    return Keys(each.key for each in survey.keys)


def _answered(state: State, call: Call, dialogue: SurveyDialogue, key: str) -> None:
    scores = {each.key: each.score for each in dialogue.survey.keys}
    _close(state, call, dialogue, SurveyEnd.ANSWERED, key, scores[key])


def _close(
    state: State,
    call: Call,
    dialogue: SurveyDialogue,
    why: SurveyEnd,
    key: str = "",
    score: int | None = None,
) -> None:
    closing = dialogue.survey.closing
    _note_end(state, call, dialogue.about, why, key, score)
    end_dialogue(state, call)
    call.advance(CallEvent.DECIDED)
    follow(state, call, PlayThenHangUp(closing) if closing else HangUp())


def _note_end(
    state: State,
    call: Call,
    about: ToSurvey,
    why: SurveyEnd,
    key: str = "",
    score: int | None = None,
) -> None:
    state.note_end(
        SurveyEnded, about.talk_id, call.call_id, about.queue_id, about.agent_id, why, key, score
    )
