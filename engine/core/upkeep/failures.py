"""Commands that Asterisk refused, or that got no answer: the core deals with each by name."""

from __future__ import annotations

from engine.core.callers.dialplan import LEAVE_CONTEXT, sending_failed
from engine.core.callers.groups import not_picked_up
from engine.core.callers.surveys import survey_failed
from engine.core.causes import NORMAL_CLEARING, UNREACHABLE
from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Connect,
    DestroyBridge,
    FetchCall,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    PlayToTalk,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    StopPrompt,
    StopWaitingSound,
)
from engine.core.facts import CallEnd, CommandRefused, OfferOutcome, OfferReason
from engine.core.ids import CallId, LegId, is_leg
from engine.core.inputs import CommandFailed
from engine.core.model.call import Call, CallState
from engine.core.model.dialogue import SurveyDialogue
from engine.core.model.leg import LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.prompting.hearing import RINGING, answer_call, hears_prompt, start_sound
from engine.core.queueing.attempts import not_rung
from engine.core.queueing.offers import drop_leg, end_offer, hang_up_leg, live_offer
from engine.core.queueing.parting import hang_up_call
from engine.core.queueing.visits import offer_lost
from engine.core.supervision import monitoring, recording
from engine.core.talking.legs import agent_prompt_is_over
from engine.core.talking.prompted import prompt_is_over
from engine.core.talking.summons import failed_to_come
from engine.core.talking.talks import bridge_failed, caller_hung_up

NOT_FOUND, CONFLICT, UNPROCESSABLE = 404, 409, 422

GONE = (NOT_FOUND, CONFLICT)
"""Statuses of a command for a caller's channel that has hung up: 409 while it is on its way out, which is
some ms, and 404 afterwards. The news of the end may come behind either."""

ANSWERS_MAX = 3
"""How often a caller is answered before that is left to the next reconciliation."""

_ANSWERED = (
    CallState.WAITING,
    CallState.TALKING,
    CallState.LISTENING,
    CallState.DECIDING,
    CallState.MONITORING,
    CallState.PARKED,
)
"""Where a caller is answered who is not yet."""

HANG_UP_AGAIN_MS = 2_000
HANG_UPS_MAX = 5
"""After this many times a channel that will not say that it ended is taken for gone."""


def command_failed(state: State, failed: CommandFailed) -> None:
    """Acts on a failure. While the node is out of reach it is left to the reconciliation."""
    command = failed.command
    state.note(CommandRefused, type(command).__name__, failed.status, _why(state, failed))
    unreachable = failed.status == 0 and not state.node_up(command.node)
    match command:
        case HangUpLeg(leg_id=leg_id):
            _hang_up_leg_failed(state, leg_id, failed.status)
        case HangUpCall(call_id=call_id):
            _hang_up_call_failed(state, call_id, failed.status)
        case AnswerCall(call_id=call_id) | StartWaitingSound(call_id=call_id):
            _caller_command_failed(state, command, call_id, failed.status)
        case (
            StopWaitingSound()
            | DestroyBridge()
            | AnswerTransfer()
            | HoldMusic()
            | StopPrompt()
            | PlayToTalk()
        ):
            pass
        case _ if not unreachable:
            _refused(state, command, failed.status)
        case _:
            pass


def _why(state: State, failed: CommandFailed) -> str:
    """Returns what the log says; of a place in the dialplan that is not there, which one it is.

    Each place is another reason, so that each stands in the log (`engine.app.counters`).
    """
    command = failed.command
    if not isinstance(command, SendToDialplan) or failed.status != UNPROCESSABLE:
        return failed.why
    if command.context == LEAVE_CONTEXT:
        return f"Asterisk has no voicemail box {command.extension}"
    call = state.calls.get(command.call_id)
    trip = None if call is None else call.trip
    flow = "" if trip is None or trip.sent != command else trip.to.replace("_", " ", 1) + ": "
    where = f"[{command.context}],{command.extension},1"
    return f"{flow}Asterisk has no {where}: is its file included and readable there?"


def _refused(
    state: State,
    command: RingPhone
    | PlayPrompt
    | Connect
    | StartMonitor
    | StopMonitor
    | JoinTalk
    | LeaveTalk
    | StartRecording
    | ChangeRecording
    | SendToDialplan
    | FetchCall,
    status: int,
) -> None:
    """Deals with what Asterisk itself would not do."""
    match command:
        case StartMonitor() | StopMonitor() | JoinTalk() | LeaveTalk():
            monitoring.command_failed(state, command, status)
        case StartRecording() | ChangeRecording():
            recording.command_failed(state, command, status)
        case FetchCall():
            pass  # It is tried again.
        case RingPhone(leg_id=leg_id):
            _ring_failed(state, leg_id)
        case PlayPrompt():
            _prompt_failed(state, command, status)
        case SendToDialplan(call_id=call_id):
            call = state.calls.get(call_id)
            if call is not None and status == NOT_FOUND:
                caller_hung_up(state, call, CallEnd.CALLER, 0)
            elif call is not None:
                sending_failed(state, call, command)
        case Connect(call_id=call_id, leg_id=leg_id):
            call, leg = state.calls.get(call_id), state.legs.get(leg_id)
            if call is None or leg is None or leg.state is not LegState.TALKING:
                return
            bridge_failed(state, call, leg)


def _ring_failed(state: State, leg_id: LegId) -> None:
    found = live_offer(state, leg_id)
    if found is not None:
        call, leg = found
        if leg.state is not LegState.CALLING:
            return  # It rang or was picked up meanwhile: only the answer to the command is late.
        # Told to hang up as well: the channel may exist although its dialling failed.
        end_offer(state, leg, OfferOutcome.MISSED, OfferReason.UNREACHABLE, cause=UNREACHABLE)
        offer_lost(state, call)
        return
    own = state.calls.get(CallId(leg_id))
    if own is not None and own.state is CallState.SUMMONED:
        failed_to_come(state, own, UNREACHABLE)
        return
    if own is not None and own.callback is not None and own.callback.present:
        not_rung(state, own, UNREACHABLE)
        return
    other = state.legs.get(leg_id)
    if other is not None and other.state is LegState.CALLING:
        not_picked_up(state, state.calls[other.call_id], other, UNREACHABLE)


def _hang_up_leg_failed(state: State, leg_id: LegId, status: int) -> None:
    leg = state.legs.get(leg_id)
    if leg is None or leg.state is not LegState.ENDING:
        return
    if status == NOT_FOUND or leg.hang_ups >= HANG_UPS_MAX:
        drop_leg(state, leg)
    elif state.node_up(leg.node):
        state.timers.set(TimerKind.HANG_UP, leg_id, state.now_ms + HANG_UP_AGAIN_MS)


def _hang_up_call_failed(state: State, call_id: CallId, status: int) -> None:
    call = state.calls.get(call_id)
    if call is None or call.state is not CallState.ENDING:
        return
    if status == NOT_FOUND or call.counts.hang_ups >= HANG_UPS_MAX:
        caller_hung_up(state, call, CallEnd.SYSTEM, 0)
    elif state.node_up(call.node):
        state.timers.set(TimerKind.HANG_UP, call_id, state.now_ms + HANG_UP_AGAIN_MS)


def hang_up_again(state: State, channel_id: str) -> None:
    """Repeats a hang-up that failed, or of which nothing was heard; at last it counts as done."""
    leg = state.legs.get(LegId(channel_id))
    if leg is not None and leg.state is LegState.ENDING:
        if leg.hang_ups >= HANG_UPS_MAX:
            drop_leg(state, leg)
        else:
            hang_up_leg(state, leg)
    call = state.calls.get(CallId(channel_id))
    if call is not None and call.state is CallState.ENDING:
        if call.counts.hang_ups >= HANG_UPS_MAX:
            caller_hung_up(state, call, CallEnd.SYSTEM, 0)
        else:
            hang_up_call(state, call, NORMAL_CLEARING)


def _caller_command_failed(
    state: State, command: AnswerCall | StartWaitingSound, call_id: CallId, status: int
) -> None:
    call = state.calls.get(call_id)
    if call is None:
        return
    if status in GONE:
        caller_hung_up(state, call, CallEnd.CALLER, 0)
    elif isinstance(command, AnswerCall):
        call.answered = False  # If it is not said again now, the next reconciliation does.
        engaged = call.state in _ANSWERED
        if engaged and state.node_up(call.node) and call.counts.answers < ANSWERS_MAX:
            answer_call(state, call)
    elif command.sound == call.sound and command.sound != RINGING and state.node_up(call.node):
        # A music class that Asterisk does not have: nobody waits in silence.
        if call.dialogue is None:
            start_sound(state, call, RINGING)
        else:
            call.sound = RINGING  # After the questions.
    else:
        call.sound = None


def _prompt_failed(state: State, command: PlayPrompt, status: int) -> None:
    if is_leg(command.channel_id) or LegId(command.channel_id) in state.legs:
        agent_prompt_is_over(state, LegId(command.channel_id))
        return
    call = state.calls.get(CallId(command.channel_id))
    if call is None or call.playback_id != command.playback_id or not hears_prompt(state, call):
        return
    _end_unspoken(state, call, status)


def _end_unspoken(state: State, call: Call, status: int) -> None:
    if status in GONE:
        caller_hung_up(state, call, CallEnd.CALLER, 0)
    elif isinstance(call.dialogue, SurveyDialogue):
        survey_failed(state, call, call.dialogue)
    else:
        prompt_is_over(state, call)
