"""Calls from arrival to end: what a dialled number means, destinations, direct calls, the end."""

from __future__ import annotations

from engine.core.call import Call, CallEvent, CallState, Next, ToMonitor, ToParking, ToSlot
from engine.core.causes import CONGESTION, NO_ANSWER, NORMAL_CLEARING
from engine.core.codes import dial_code
from engine.core.commands import (
    HangUpCall,
    PlayPrompt,
    RingPhone,
    StartWaitingSound,
)
from engine.core.facts import (
    CallEnd,
    CallEnded,
    CallStarted,
    ParkEnd,
    SourceKind,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import AgentId, EndpointName, LegId, QueueId, leg_id_of, playback_id_of
from engine.core.inputs import CallArrived
from engine.core.leg import Leg
from engine.core.monitoring import start_monitoring, supervisor_left
from engine.core.offers import HANG_UP_MS_MAX, RING_MARGIN_MS, hang_up_leg
from engine.core.parking import back_from_dialling, is_slot, park, unpark
from engine.core.policy import (
    ExtensionPolicy,
    HangUp,
    PlayThenHangUp,
    ToExtension,
    ToExternal,
    ToQueue,
    WaitingSound,
)
from engine.core.state import State
from engine.core.timers import TimerKind
from engine.core.visits import answer_call, enter_queue, follow, leave_queue, stop_waiting_sound

HOPS_MAX = 20
"""Destinations that one call may take; a loop of overflowing queues ends here."""

ARRIVAL_AGE_MS_MAX = 3_600_000
"""An older channel's age is not believed: its wait counts from now."""

PROMPT_MS_MAX = 120_000
"""After this a prompt counts as played even if nobody says so."""

RINGING = WaitingSound(music_class=None)


def call_arrived(state: State, arrived: CallArrived) -> bool:
    """Takes a new caller in and sends it on its way. Returns False for one that is or was known."""
    if arrived.call_id in state.calls or arrived.call_id in state.ended:
        return False
    if LegId(arrived.call_id) in state.legs:  # A caller who was passed on into another's call.
        return False
    extension = state.extensions.get(arrived.endpoint)
    source = SourceKind.TRUNK if extension is None else SourceKind.EXTENSION
    age_ms = state.now_ms - arrived.created_ms
    call = Call(
        call_id=arrived.call_id,
        node=arrived.node,
        source=source,
        endpoint=arrived.endpoint,
        caller_number=arrived.caller_number,
        caller_name=arrived.caller_name,
        dialled=arrived.dialled,
        arrived_ms=arrived.created_ms if 0 <= age_ms <= ARRIVAL_AGE_MS_MAX else state.now_ms,
        language="en" if extension is None else extension.language,
    )
    state.calls[call.call_id] = call
    agent = state.agents.get(AgentId(arrived.endpoint))
    if agent is not None and extension is not None:
        call.agent_id = agent.agent_id
        agent.own_calls[call.call_id] = None
        state.refresh(agent)
    state.note(
        CallStarted,
        call.call_id,
        call.node,
        source,
        call.endpoint,
        call.caller_number,
        call.caller_name,
        call.dialled,
        call.arrived_ms,
    )
    follow(state, call, _meaning(state, call, extension))
    return True


def _meaning(state: State, call: Call, extension: ExtensionPolicy | None) -> Next:
    if len(state.calls) > state.policy.settings.calls_max:
        return HangUp(CONGESTION)
    if extension is None:
        route = state.inbound_route(call.endpoint, call.dialled)
        if route is None:
            return _unknown_number(state)
        call.priority, call.required_skills = route.priority, route.required_skills
        return route.destination
    if QueueId(call.dialled) in state.lines:
        return ToQueue(QueueId(call.dialled))
    if call.dialled in state.extensions:
        return ToExtension(call.dialled)
    if is_slot(state, call.dialled):
        return ToSlot(call.dialled)
    answer = dial_code(state, call)
    if answer is not None:
        return answer
    outbound = state.outbound_route(extension, call.dialled)
    if outbound is not None:
        return ToExternal(call.dialled, outbound.name)
    return _unknown_number(state)


def _unknown_number(state: State) -> Next:
    return PlayThenHangUp(state.policy.settings.unknown_number_media)


def go_on(state: State, call: Call) -> None:
    """Does what `follow` decided for this call, or leaves it for when its node can be commanded."""
    if not state.node_up(call.node):
        return
    destination, call.then = call.then, None
    assert destination is not None
    call.hops += 1
    if call.hops > HOPS_MAX:
        destination = HangUp(CONGESTION)
    match destination:
        case HangUp(cause):
            end_call(state, call, CallEnd.SYSTEM, cause)
        case ToQueue(queue_id) if queue_id in state.lines:
            enter_queue(state, call, queue_id)
        case ToQueue():
            follow(state, call, _unknown_number(state))
        case PlayThenHangUp(media):
            _play_then_hang_up(state, call, media)
        case ToExtension() | ToExternal():
            _go_and_dial(state, call, destination)
        case ToMonitor():
            start_monitoring(state, call, destination)
        case ToParking(by, slot):
            park(state, call, by, slot)
        case ToSlot():
            raise AssertionError("`retrieval` takes these calls on")


def _go_and_dial(state: State, call: Call, destination: ToExtension | ToExternal) -> None:
    match destination:
        case ToExtension(number):
            extension = state.extensions.get(number)
            if extension is None:
                follow(state, call, _unknown_number(state))
                return
            _dial(state, call, EndpointName(number), None, number, extension.ring_timeout_ms)
        case ToExternal(number, route_name):
            route = state.outbound_routes.get(route_name)
            if route is None:
                follow(state, call, _unknown_number(state))
                return
            outside = route.prepend + number[route.strip :]
            _dial(
                state,
                call,
                route.trunk,
                outside,
                number,
                route.ring_timeout_ms,
                caller_number=route.caller_number,
            )


def _play_then_hang_up(state: State, call: Call, media: tuple[str, ...]) -> None:
    stop_waiting_sound(state, call)
    call.advance(CallEvent.PROMPTED)
    call.prompt_media = media
    play_prompt(state, call)


def play_prompt(state: State, call: Call) -> None:
    """Plays the call's prompt, from its beginning."""
    if not call.answered:
        answer_call(state, call)
    call.prompts += 1
    call.prompt = playback_id_of(call.call_id, call.prompts)
    state.tell(PlayPrompt(call.node, call.prompt, call.call_id, call.prompt_media, call.language))
    state.timers.set(TimerKind.CALL_PROMPT, call.call_id, state.now_ms + PROMPT_MS_MAX)


def prompt_is_over(state: State, call: Call) -> None:
    """Ends a call whose closing prompt was played."""
    end_call(state, call, CallEnd.SYSTEM, NORMAL_CLEARING)


def _dial(
    state: State,
    call: Call,
    endpoint: EndpointName,
    number: str | None,
    party: str,
    timeout_ms: int,
    *,
    caller_number: str | None = None,
) -> None:
    call.advance(CallEvent.DIALLED_OUT)
    call.legs += 1
    leg_id = leg_id_of(call.call_id, call.legs)
    agent = state.agents.get(AgentId(party)) if number is None else None
    state.legs[leg_id] = Leg(
        leg_id=leg_id,
        call_id=call.call_id,
        node=call.node,
        endpoint=endpoint,
        party=party,
        started_ms=state.now_ms,
        agent_id=None if agent is None else agent.agent_id,
    )
    call.leg_id = leg_id
    if agent is not None:
        agent.legs[leg_id] = None
        state.refresh(agent)
    state.timers.set(TimerKind.RING, call.call_id, state.now_ms + timeout_ms)
    state.tell(
        RingPhone(
            node=call.node,
            leg_id=leg_id,
            call_id=call.call_id,
            endpoint=endpoint,
            number=number,
            timeout_ms=timeout_ms + RING_MARGIN_MS,
            caller_number=caller_number or call.caller_number,
            caller_name=call.caller_name,
        )
    )
    if call.sound is None:  # Coming from a queue, the caller keeps its music.
        call.sound = RINGING
        state.tell_later(StartWaitingSound(call.node, call.call_id, RINGING))


def dialling_failed(state: State, call: Call, cause: int) -> None:
    """Ends a direct call that nobody answered, passing on why.

    One that was transferred blindly goes back to who did that: it is not dropped for a colleague's
    empty chair. Nor is one that was parked.
    """
    return_to, call.return_to = call.return_to, None
    onward: Next | None
    if return_to is not None and return_to in state.extensions:
        onward = ToExtension(return_to)
    else:
        onward = back_from_dialling(state, call)
    if onward is not None:
        _end_dialling(state, call)
        call.leg_id = None
        call.advance(CallEvent.TRANSFERRED)
        follow(state, call, onward)
        return
    end_call(state, call, CallEnd.FAILED, cause or NO_ANSWER)


def end_call(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    """Ends a call whose channel still exists: the fact now, the record when the channel is gone."""
    _end_dialling(state, call)
    supervisor_left(state, call, gone=False)
    call.advance(CallEvent.LET_GO)
    _note_end(state, call, ended_by, cause)
    hang_up_call(state, call, cause)


def hang_up_call(state: State, call: Call, cause: int) -> None:
    """Tells Asterisk to end the caller's channel."""
    call.hang_ups += 1
    state.tell(HangUpCall(call.node, call.call_id, cause))
    state.timers.set(TimerKind.HANG_UP, call.call_id, state.now_ms + HANG_UP_MS_MAX)


def caller_left(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    """Takes notice that a caller's channel is gone, in whatever state the call is.

    A talk has been ended by `talks` before. `ended_by` is CALLER, or LOST where nobody watched; it
    becomes FAILED for the caller whom Usher rang and who never came.
    """
    if call.state is CallState.SUMMONED:
        state.timers.cancel(TimerKind.RING, call.call_id)
        ended_by = ended_by if ended_by is CallEnd.LOST else CallEnd.FAILED
    if call.state is CallState.WAITING:
        lost = ended_by is CallEnd.LOST
        leave_queue(
            state,
            call,
            VisitOutcome.MISSED if lost else VisitOutcome.ABANDONED,
            VisitReason.LOST if lost else VisitReason.CALLER_HUNG_UP,
        )
    _end_dialling(state, call)
    if call.state is CallState.PARKED:
        lost = ended_by is CallEnd.LOST
        unpark(state, call, ParkEnd.LOST if lost else ParkEnd.CALLER_HUNG_UP, "")
    supervisor_left(state, call, gone=True)
    if call.state is not CallState.ENDING:
        _note_end(state, call, ended_by, cause)
    state.following.pop(call.call_id, None)
    state.bury(call)
    state.timers.cancel(TimerKind.CALL_PROMPT, call.call_id)
    state.timers.cancel(TimerKind.HANG_UP, call.call_id)
    if call.agent_id is not None:
        agent = state.agents[call.agent_id]
        agent.own_calls.pop(call.call_id, None)
        agent.devices.pop(call.node, None)
        state.refresh(agent)


def _note_end(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    state.timers.cancel(TimerKind.CALL_PROMPT, call.call_id)
    state.note(CallEnded, call.call_id, ended_by, cause)


def _end_dialling(state: State, call: Call) -> None:
    if call.state is not CallState.DIALLING:
        return
    state.timers.cancel(TimerKind.RING, call.call_id)
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    if leg is not None and leg.rings:
        hang_up_leg(state, leg)
