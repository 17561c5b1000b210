"""What Asterisk was told: commands that must make sense by themselves."""

from __future__ import annotations

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    SendToDialplan,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.ids import AgentId, CallId, bridge_id_of, is_own
from engine.sim.audit.books import Books, CallBook, LegBook
from engine.sim.audit.callbacks import CallbackLaws
from engine.sim.audit.step import Step

_HANG_UPS_BELIEVED = 5
"""Of so many hang-ups one must have been heard, even if nobody says so."""


class Told:
    """Takes the commands."""

    def __init__(self, books: Books, step: Step, callbacks: CallbackLaws) -> None:
        """Shares the books with the laws."""
        self._books = books
        self._step = step
        self._callbacks = callbacks

    def ring_phone(self, command: RingPhone) -> None:
        """A phone is rung once, for a call that lives."""
        books = self._books
        if command.call_id is None:
            self._ring_caller(command)
            return
        call = books.calls.get(command.call_id)
        if call is None or call.ended:
            raise books.fail("one life", f"{command.leg_id} rings for a call that does not live")
        if call.is_absent() and not call.legs and books.node_up(command.node):
            call.node = command.node  # A callback needs no Asterisk of its own until then.
        call.fresh = False
        if command.leg_id in books.legs:
            raise books.fail("one call", f"{command.leg_id} was rung twice")
        if command.node != call.node:
            raise books.fail("truth", f"{command.leg_id} rings at another node than its caller")
        agent = None
        if command.number is None:
            agent = books.agents.get(AgentId(command.endpoint))
        leg = LegBook(command.leg_id, call, agent)
        leg.alert_info = command.alert_info
        books.legs[command.leg_id] = leg
        call.legs[command.leg_id] = leg
        if agent is not None:
            agent.legs[command.leg_id] = leg

    def _ring_caller(self, command: RingPhone) -> None:
        """Somebody asked for a call, or for a callback, and is rung first."""
        books = self._books
        if self._callbacks.ring(command):
            return
        call = books.calls.get(CallId(command.leg_id))
        if call is None or call.ended or not is_own(command.leg_id) or call.summoned:
            raise books.fail("one life", f"{command.leg_id} rings for a call that does not live")
        if command.endpoint != call.endpoint or command.node != call.node:
            raise books.fail("truth", f"{command.leg_id} rings another phone than was asked for")
        call.summoned = True

    def hang_up_leg(self, command: HangUpLeg) -> None:
        """A phone is told to end."""
        self._step.attention = True
        self._step.hung_up[command.leg_id] = command.answered_elsewhere
        leg = self._books.legs.get(command.leg_id)
        if leg is not None:
            leg.hung_up = True
            leg.hang_ups += 1
            if leg.hang_ups >= _HANG_UPS_BELIEVED:
                leg.doubtful = True

    def hang_up_call(self, command: HangUpCall) -> None:
        """A caller is told to end, who no longer waits or talks."""
        self._step.attention = True
        self._step.hung_up[command.call_id] = False
        call = self._books.calls.get(command.call_id)
        if call is not None:
            call.hung_up = True
            if call.visit is not None or call.talk is not None or call.parked is not None:
                raise self._books.fail("truth", f"call {command.call_id} was cut off")

    def answer_call(self, command: AnswerCall) -> None:
        """A caller is answered."""
        call = self._books.calls.get(command.call_id)
        if call is not None:
            call.answered = True
            call.answers += 1

    def start_sound(self, command: StartWaitingSound) -> None:
        """A caller hears what waiting sounds like."""
        call = self._books.calls.get(command.call_id)
        if call is None:
            return
        if call.talk is not None:
            raise self._books.fail("truth", f"call {command.call_id} talks and is to hear music")
        call.sounding = True

    def stop_sound(self, command: StopWaitingSound) -> None:
        """And no more."""
        call = self._books.calls.get(command.call_id)
        if call is not None:
            call.sounding = False

    def play_prompt(self, command: PlayPrompt) -> None:
        """A prompt is played."""
        self._step.attention = True
        self._step.prompts[command.channel_id] = command.media

    def send_to_dialplan(self, command: SendToDialplan) -> None:
        """The dialplan gets a caller."""
        self._step.attention = True
        self._step.away[command.call_id] = None

    def connect(self, command: Connect) -> None:
        """Two are put together, both of whom have answered."""
        books = self._books
        call = books.calls.get(command.call_id)
        leg = books.legs.get(command.leg_id)
        if leg is None and call is not None:
            leg = self._caller_as_party(command, call)
        if call is None or leg is None or leg.call is not call or call.ended:
            raise books.fail("truth", f"{command.leg_id} was connected to a stranger")
        if not call.answered:
            raise books.fail("truth", f"call {command.call_id} was connected, but not answered")
        if call.sounding:
            raise books.fail("truth", f"call {command.call_id} talks through the waiting sound")
        if command.bridge_id != bridge_id_of(command.leg_id):
            raise books.fail("truth", f"{command.leg_id} was put in bridge {command.bridge_id}")
        self._step.attention = True
        self._step.connects[command.leg_id] = command

    def _caller_as_party(self, command: Connect, call: CallBook) -> LegBook | None:
        """Returns the caller of another call as a party of this one, if a transfer allows that."""
        books = self._books
        other = books.calls.get(CallId(command.leg_id))
        if other is None or other.ended or other.as_leg is not None:
            return None
        passed = self._step.passed.get(call.call_id) == other.call_id
        by = self._step.retrieved.get(call.call_id)
        if not passed and by != other.endpoint:
            return None
        if other.visit is not None or other.talk is not None or other.parked is not None:
            raise books.fail("one place", f"call {other.call_id} joins another out of its place")
        if other.sounding:
            raise books.fail("truth", f"call {other.call_id} talks through the waiting sound")
        return books.becomes_leg(other, call)

    def destroy_bridge(self, command: DestroyBridge) -> None:
        """A bridge is removed."""
        self._step.attention = True
        self._step.destroyed[command.bridge_id] = None
