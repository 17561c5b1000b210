"""Laws of channels: what was heard must be acted upon, and commands must agree with the facts."""

from __future__ import annotations

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
)
from engine.core.ids import (
    BRIDGE_PREFIX,
    AgentId,
    CallId,
    EndpointName,
    LegId,
    bridge_id_of,
    is_leg,
)
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    LegAnswered,
    LegEnded,
    NodeConnected,
    NodeDisconnected,
    PhoneDevice,
    PhoneReachable,
)
from engine.sim.audit.books import NEVER_MS, Books, CallBook, LegBook
from engine.sim.audit.offers import OfferLaws, stop_ring_clock

_NOT_FOUND = 404
_HANG_UPS_BELIEVED = 5


class ChannelLaws:
    """Takes the inputs about channels and phones, and the commands."""

    def __init__(self, books: Books, offers: OfferLaws) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._offers = offers
        self.attention = False
        """Something in this step has consequences that its end must look at."""
        self._left: list[CallBook] = []
        self._ended: list[LegBook] = []
        self._answered: list[LegBook] = []
        self._reconciled: NodeConnected | None = None
        self._connects: dict[str, Connect] = {}
        self._destroyed: dict[str, None] = {}
        self._hung_up: dict[str, bool] = {}
        """Channels told to end in this step; for legs: whether as answered elsewhere."""

    # --- inputs -----------------------------------------------------------------------------

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
        books = self._books
        call = books.calls.get(happened.call_id)
        if call is not None and not call.gone:
            books.call_is_gone(call)
            self._left.append(call)
            self.attention = True

    def leg_answered(self, happened: LegAnswered) -> None:
        """A phone was picked up; the first for a waiting caller is the chosen one."""
        leg = self._books.legs.get(happened.leg_id)
        if leg is not None:
            self._picked_up(leg)

    def leg_ended(self, happened: LegEnded) -> None:
        """A phone's channel is gone: its offer or talk must end in this step."""
        leg = self._books.legs.get(happened.leg_id)
        if leg is not None:
            self._gone(leg)

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

    def engine_started(self) -> None:
        """Nothing is connected; what was missed in a row counts anew."""
        books = self._books
        books.up_since_ms.clear()
        books.awake_since_ms = books.now_ms
        for agent in books.agents.values():
            agent.devices.clear()
            for member in agent.members.values():
                member.missed = 0

    def node_connected(self, happened: NodeConnected) -> None:
        """Belief and world are brought together in this step."""
        books = self._books
        books.up_since_ms[happened.node] = books.now_ms
        books.fired_ms = min(books.fired_ms, books.now_ms - 1)  # Late timers fire from now on.
        self._reconciled = happened
        self.attention = True
        seen = {channel.channel_id: channel for channel in happened.channels}
        for channel in happened.channels:
            if not is_leg(channel.channel_id):
                self._caller_seen(CallId(channel.channel_id), channel.endpoint)
        for call in [each for each in books.calls.values() if each.node == happened.node]:
            call.doubtful = False
            if call.call_id not in seen:
                books.call_is_gone(call)
                self._left.append(call)
            elif call.visit is not None and call.visit.rests_until_ms != NEVER_MS:
                # A rest that was over meanwhile is over when its late timer fires.
                call.visit.rests_until_ms = max(call.visit.rests_until_ms, books.now_ms)
        for leg in [each for each in books.legs.values() if each.node == happened.node]:
            leg.doubtful = False
            found = seen.get(leg.leg_id)
            if found is None:
                self._gone(leg)
            elif found.up:
                self._picked_up(leg)
            if leg.hung_up:
                leg.hung_up = False  # It was not heard; it must be said again.
                self._offers.unwanted.append(leg)

    def command_failed(self, happened: CommandFailed) -> None:
        """What the command was about may or may not exist now."""
        books = self._books
        command = happened.command
        if isinstance(command, RingPhone | HangUpLeg | Connect):
            leg = books.legs.get(command.leg_id)
            if leg is not None:
                leg.doubtful = True
                if isinstance(command, HangUpLeg) and happened.status == _NOT_FOUND:
                    books.leg_is_gone(leg)
        if isinstance(command, DestroyBridge | HangUpLeg):
            return
        channel_id = command.channel_id if isinstance(command, PlayPrompt) else command.call_id
        call = books.calls.get(CallId(channel_id))
        if call is not None:
            call.doubtful = True
            if isinstance(command, HangUpCall) and happened.status == _NOT_FOUND:
                books.call_is_gone(call)

    def _picked_up(self, leg: LegBook) -> None:
        if leg.answered_ms != NEVER_MS or leg.hung_up:
            return
        leg.answered_ms = self._books.now_ms
        visit = leg.visit
        if visit is not None and leg.offer and visit.chosen is None:
            visit.chosen = leg
            stop_ring_clock(visit, self._books.now_ms)
            self._answered.append(leg)
            self.attention = True

    def _gone(self, leg: LegBook) -> None:
        self._books.leg_is_gone(leg)
        self._offers.gone[leg.leg_id] = leg
        self._ended.append(leg)
        self.attention = True

    # --- commands ---------------------------------------------------------------------------

    def ring_phone(self, command: RingPhone) -> None:
        """A phone is rung once, for a call that lives."""
        books = self._books
        call = books.calls.get(command.call_id)
        if call is None or call.ended:
            raise books.fail("one life", f"{command.leg_id} rings for a call that does not live")
        if command.leg_id in books.legs:
            raise books.fail("one call", f"{command.leg_id} was rung twice")
        if command.node != call.node:
            raise books.fail("truth", f"{command.leg_id} rings at another node than its caller")
        agent = None
        if command.number is None:
            agent = books.agents.get(AgentId(command.endpoint))
        leg = LegBook(command.leg_id, call, agent)
        books.legs[command.leg_id] = leg
        call.legs[command.leg_id] = leg
        if agent is not None:
            agent.legs[command.leg_id] = leg

    def hang_up_leg(self, command: HangUpLeg) -> None:
        """A phone is told to end."""
        self.attention = True
        self._hung_up[command.leg_id] = command.answered_elsewhere
        leg = self._books.legs.get(command.leg_id)
        if leg is not None:
            leg.hung_up = True
            leg.hang_ups += 1
            if leg.hang_ups >= _HANG_UPS_BELIEVED:
                leg.doubtful = True  # Of so many one must have been heard.

    def hang_up_call(self, command: HangUpCall) -> None:
        """A caller is told to end, who no longer waits or talks."""
        self.attention = True
        self._hung_up[command.call_id] = False
        call = self._books.calls.get(command.call_id)
        if call is not None:
            call.hung_up = True
            if call.visit is not None or call.talk is not None:
                raise self._books.fail("truth", f"call {command.call_id} was cut off")

    def answer_call(self, command: AnswerCall) -> None:
        """A caller is answered."""
        call = self._books.calls.get(command.call_id)
        if call is not None:
            call.answered = True

    def connect(self, command: Connect) -> None:
        """Two are put together, both of whom have answered."""
        books = self._books
        call = books.calls.get(command.call_id)
        leg = books.legs.get(command.leg_id)
        if call is None or leg is None or leg.call is not call or call.ended:
            raise books.fail("truth", f"{command.leg_id} was connected to a stranger")
        if not call.answered:
            raise books.fail("truth", f"call {command.call_id} was connected, but not answered")
        if command.bridge_id != bridge_id_of(command.leg_id):
            raise books.fail("truth", f"{command.leg_id} was put in bridge {command.bridge_id}")
        self.attention = True
        self._connects[command.leg_id] = command

    def destroy_bridge(self, command: DestroyBridge) -> None:
        """A bridge is removed."""
        self.attention = True
        self._destroyed[command.bridge_id] = None

    # --- at the end of a step ---------------------------------------------------------------

    def step_ends(
        self, talks_begun: list[LegBook], talks_over: list[LegBook], calls_over: list[CallBook]
    ) -> None:
        """Everything that was heard has had its consequences, in facts and in commands."""
        self.attention = False
        self._check_heard()
        self._check_told(talks_begun, talks_over, calls_over)
        if self._reconciled is not None:
            self._check_reconciled(self._reconciled)
            self._reconciled = None
        for pending in (self._left, self._ended, self._answered, self._offers.unwanted):
            pending.clear()
        for said in (self._connects, self._destroyed, self._hung_up, self._offers.gone):
            said.clear()

    def _check_heard(self) -> None:
        """Whoever left is out of every place; whoever answered is connected or hears the prompt."""
        books = self._books
        for call in self._left:
            if not call.ended:
                raise books.fail("one end", f"call {call.call_id} lives on without its caller")
        for leg in self._ended:
            if leg.offer or leg.call.talk is leg:
                raise books.fail("one end", f"{leg.leg_id} is gone, but its offer or talk is not")
        for leg in self._answered:
            self._check_answer(leg)

    def _check_told(
        self, talks_begun: list[LegBook], talks_over: list[LegBook], calls_over: list[CallBook]
    ) -> None:
        """Asterisk was told what became true."""
        books = self._books
        for leg in talks_begun:
            if leg.leg_id not in self._connects:
                raise books.fail("commands", f"{leg.leg_id} talks, but was not connected")
        for leg in talks_over:
            if bridge_id_of(leg.leg_id) not in self._destroyed:
                raise books.fail("commands", f"the bridge of {leg.leg_id} was left standing")
            self._check_let_go(leg)
        for leg in self._offers.unwanted:
            self._check_let_go(leg)
        for call in calls_over:
            if not call.gone and not call.hung_up:
                raise books.fail("commands", f"call {call.call_id} ended, but was not hung up")
            for leg in call.legs.values():
                self._check_let_go(leg)

    def _check_let_go(self, leg: LegBook) -> None:
        if not leg.gone and not leg.hung_up:
            raise self._books.fail("commands", f"{leg.leg_id} was left ringing or talking")

    def _check_answer(self, leg: LegBook) -> None:
        """Who answered first is connected, or hears the prompt; the others stop ringing."""
        visit = leg.visit
        if visit is None or not visit.open or visit.chosen is not leg:
            return
        if visit.queue.policy.agent_prompt is None:
            raise self._books.fail("answer", f"{leg.leg_id} answered and was not connected")
        if list(visit.offers) != [leg.leg_id]:
            raise self._books.fail("answer", f"{leg.leg_id} answered, others still ring")

    def _check_reconciled(self, happened: NodeConnected) -> None:
        """Whatever exists is known, or was told to end."""
        books = self._books
        for channel in happened.channels:
            channel_id = channel.channel_id
            if channel_id in self._hung_up:
                continue
            if is_leg(channel_id):
                known = LegId(channel_id) in books.legs
            else:
                known = CallId(channel_id) in books.calls
            if not known:
                raise books.fail("reconcile", f"{channel_id} exists and was forgotten")
        for bridge_id in happened.bridges:
            leg = books.legs.get(LegId(bridge_id.removeprefix(BRIDGE_PREFIX)))
            talks = leg is not None and leg.call.talk is leg
            if not talks and bridge_id not in self._destroyed:
                raise books.fail("reconcile", f"bridge {bridge_id} was left standing")
