"""What was heard of channels, phones and nodes, and what it obliges the core to."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.commands import (
    AnswerCall,
    Command,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    RingPhone,
    StartWaitingSound,
)
from engine.core.ids import AgentId, CallId, EndpointName, LegId, is_ear, is_leg
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    EngineStarted,
    LegAnswered,
    LegEnded,
    NodeConnected,
    NodeDisconnected,
    PhoneDevice,
    PhoneReachable,
    SeenChannel,
)
from engine.sim.audit.books import Books, CallBook, LegBook
from engine.sim.audit.journeys import NEVER_MS
from engine.sim.audit.offers import stop_ring_clock
from engine.sim.audit.step import Step

_NOT_FOUND = 404
_ANSWERS_OWED = 3
"""How often a caller whose answering fails is answered again."""


def _about(command: Command) -> str | None:
    """Returns the call or channel whose existence a failed command puts in doubt."""
    if isinstance(command, DestroyBridge | HangUpLeg):
        return None
    about = getattr(command, "call_id", None) or getattr(command, "channel_id", None)
    return None if about is None else str(about)


class Heard:
    """Takes the inputs."""

    def __init__(self, books: Books, step: Step) -> None:
        """Shares the books with the laws."""
        self._books = books
        self._step = step

    def call_arrived(self, happened: CallArrived) -> None:
        """A caller is there; if an agent's phone placed the call, that is in use."""
        self._caller_seen(happened.call_id, happened.endpoint)

    def _caller_seen(self, call_id: CallId, endpoint: EndpointName) -> None:
        books = self._books
        agent = books.agents.get(AgentId(endpoint))
        if agent is not None and call_id not in books.calls_seen and endpoint in books.extensions:
            agent.own_calls[call_id] = None

    def caller_hung_up(self, happened: CallerHungUp) -> None:
        """The caller is gone: the call must end in this step."""
        self._channel_gone(happened.call_id)

    def _channel_gone(self, channel_id: str) -> None:
        """A channel exists no more; it can be a caller's, a party's, or both."""
        books = self._books
        leg = books.legs.get(LegId(channel_id))
        if leg is not None:
            self._gone(leg)
        call = books.calls.get(CallId(channel_id))
        if call is not None and not call.gone:
            books.call_is_gone(call)
            self._step.left.append(call)
            self._step.attention = True

    def leg_answered(self, happened: LegAnswered) -> None:
        """A phone was picked up; the first for a waiting caller is the chosen one."""
        leg = self._books.legs.get(happened.leg_id)
        if leg is not None:
            self._picked_up(leg)
            return
        call = self._books.calls.get(CallId(happened.leg_id))
        if call is not None and call.summoned:
            self._came(call)

    def _came(self, call: CallBook) -> None:
        """Who asked for a call picked up: it must go on."""
        call.summoned = False
        if not call.ended:
            call.answered = True
            self._step.moved.append(call)
            self._step.attention = True

    def leg_ended(self, happened: LegEnded) -> None:
        """A phone's channel is gone: its offer or talk must end in this step."""
        self._channel_gone(happened.leg_id)

    def phone_reachable(self, happened: PhoneReachable) -> None:
        """A phone comes or goes."""
        agent = self._books.phone(AgentId(happened.endpoint))
        if happened.reachable:
            agent.reachable[happened.node] = None
        else:
            agent.reachable.pop(happened.node, None)

    def phone_device(self, happened: PhoneDevice) -> None:
        """A phone's state was told."""
        self._books.phone(AgentId(happened.endpoint)).devices[happened.node] = happened.state

    def node_disconnected(self, happened: NodeDisconnected) -> None:
        """Nothing can be commanded there."""
        self._books.up_since_ms.pop(happened.node, None)

    def engine_started(self, _: EngineStarted) -> None:
        """Nothing is connected; what was missed in a row counts anew."""
        books = self._books
        books.settling_ms = books.now_ms
        books.up_since_ms.clear()
        books.awake_since_ms = books.now_ms
        for agent in books.agents.values():
            agent.devices.clear()
            for member in agent.members.values():
                member.missed = 0

    def node_connected(self, happened: NodeConnected) -> None:
        """Belief and world are brought together in this step."""
        books = self._books
        books.settling_ms = books.now_ms
        books.up_since_ms[happened.node] = books.now_ms
        books.fired_ms = min(books.fired_ms, books.now_ms - 1)  # Late timers fire from now on.
        self._step.reconciled = happened
        self._step.attention = True
        seen = {channel.channel_id: channel for channel in happened.channels}
        for channel in happened.channels:
            if not is_leg(channel.channel_id) and not is_ear(channel.channel_id):
                self._caller_seen(CallId(channel.channel_id), channel.endpoint)
        self._compare_calls(happened, seen)
        self._compare_legs(happened, seen)

    def _compare_calls(self, happened: NodeConnected, seen: Mapping[str, SeenChannel]) -> None:
        books = self._books
        self._callbacks_resume()
        for call in [each for each in books.calls.values() if each.node == happened.node]:
            call.doubtful = False
            if call.is_absent():
                continue
            caller = seen.get(call.call_id)
            if caller is None:
                books.call_is_gone(call)
                self._step.left.append(call)
                continue
            if caller.up and call.summoned:
                self._came(call)
            if not caller.up and call.talk is not None:
                self._answer_again(call)
            if call.visit is not None:
                call.visit.away_ms = books.now_ms
            if call.visit is not None and call.visit.step_due_ms != NEVER_MS:
                call.visit.step_due_ms = max(call.visit.step_due_ms, books.now_ms)
            if call.visit is not None and call.visit.rests_until_ms != NEVER_MS:
                # A rest that was over meanwhile is over when its late timer fires.
                call.visit.rests_until_ms = max(call.visit.rests_until_ms, books.now_ms)

    def _callbacks_resume(self) -> None:
        """Timers of callbacks may have waited for an Asterisk, and fire from now on."""
        for callback in self._books.callbacks.values():
            visit = callback.visit
            visit.away_ms = self._books.now_ms
            if visit.rests_until_ms != NEVER_MS:
                visit.rests_until_ms = max(visit.rests_until_ms, self._books.now_ms)

    def _compare_legs(self, happened: NodeConnected, seen: Mapping[str, SeenChannel]) -> None:
        books = self._books
        for leg in [each for each in books.legs.values() if each.node == happened.node]:
            leg.doubtful = False
            found = seen.get(leg.leg_id)
            if found is None:
                self._gone(leg)
            elif found.up:
                self._picked_up(leg)
            if leg.hung_up:
                leg.hung_up = False  # It was not heard; it must be said again.
                leg.told_again = True
                self._step.unwanted.append(leg)

    def command_failed(self, happened: CommandFailed) -> None:
        """What the command was about may or may not exist now."""
        books = self._books
        command = happened.command
        if isinstance(command, RingPhone | HangUpLeg | Connect):
            leg = books.legs.get(command.leg_id)
            if leg is not None:
                leg.doubtful = True
                if isinstance(command, HangUpLeg) and happened.status == _NOT_FOUND:
                    self._channel_gone(command.leg_id)
        if isinstance(command, RingPhone) and command.call_id is None:
            own = books.calls.get(CallId(command.leg_id))
            if own is not None:
                own.doubtful = True
        channel_id = _about(command)
        call = None if channel_id is None else books.calls.get(CallId(channel_id))
        if call is not None:
            call.doubtful = True
            if isinstance(command, HangUpCall) and happened.status == _NOT_FOUND:
                books.call_is_gone(call)
            elif isinstance(command, AnswerCall) and happened.status != _NOT_FOUND:
                self._answer_again(call)
            elif isinstance(command, StartWaitingSound):
                call.sounding = False

    def _answer_again(self, call: CallBook) -> None:
        """Nobody may talk, or wait, unanswered, if saying it again helps."""
        call.answered = False
        if call.answers < _ANSWERS_OWED and self._books.node_up(call.node):
            self._step.attention = True
            self._step.unanswered.append(call)

    def _picked_up(self, leg: LegBook) -> None:
        if leg.answered_ms != NEVER_MS or leg.hung_up:
            return
        leg.answered_ms = self._books.now_ms
        visit = leg.visit
        if visit is not None and leg.offer and visit.chosen is None:
            visit.chosen = leg
            stop_ring_clock(visit, self._books.now_ms)
            self._step.answered.append(leg)
            self._step.attention = True

    def _gone(self, leg: LegBook) -> None:
        for callback in self._books.callbacks.values():
            if callback.visit.chosen is leg:
                callback.agent_left = True
        self._books.leg_is_gone(leg)
        self._step.gone[leg.leg_id] = leg
        self._step.ended.append(leg)
        self._step.attention = True
