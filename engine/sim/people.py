"""The people at the ends of the channels: agents with habits, callers, parties behind trunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.core.ids import EndpointName, LegId
from engine.core.inputs import HoldChanged, LegAnswered, LegRinging
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Q850_NORMAL
from engine.sim.channels import Channel, Phone, Switch
from engine.sim.keypad import Keypad
from engine.sim.options import Faults, Habits, Options
from engine.sim.rng import Streams, exponential_ms, up_to_ms
from engine.sim.transferring import Transferring

_Q850_BUSY = 17
_Q850_REDIRECTED = 23
_REFUSALS = (21, 21, 21, 19, 34, 1, 0)
"""How Asterisk reports a phone that says no (Q.850): 603 is 21, 480 is 19, others are rarer."""
_UNCONNECTED_MS = 20_000
"""An agent who picked up and hears nobody for so long hangs up."""
_ALONE_MS = 15_000
"""So does somebody whose other party is gone."""

_HOLD_MS_MEAN = 20_000

PhoneChanged = Callable[[Phone, Switch], None]


class People:
    """Decides who answers, talks, hangs up, and when. Implements `channels.People`."""

    def __init__(
        self,
        agenda: Agenda,
        options: Options,
        phones: Sequence[EndpointName],
        phone_changed: PhoneChanged,
    ) -> None:
        """Gives each phone an owner who is at the desk."""
        self.phones = {str(endpoint): Phone(endpoint) for endpoint in phones}
        self.habits = options.habits
        self._agenda = agenda
        self._ring_ms_max = options.latency.ring_ms_max
        self._phone_changed = phone_changed
        self._careful = options.faults != Faults()
        """Only where something can go wrong is anybody ever left alone: saves planning for it."""
        streams = Streams(options.seed)
        self._agents = streams.stream("agents")
        self._outsiders = streams.stream("outsiders")
        self._quirks = streams.stream("quirks")
        self._transferring = Transferring(agenda, streams, self)
        self.keypad = Keypad(agenda, streams.stream("keypad"), options.habits.keys_per_minute)
        self.numbers: list[str] = []
        """What somebody may want to reach by a transfer or a forward."""

    def behave(self, habits: Habits) -> None:
        """Changes what agents do from now on."""
        self.habits = habits
        self.keypad.keys_per_minute = habits.keys_per_minute

    def phone(self, endpoint: str) -> Phone | None:
        """Returns the phone of this name, None where it is a trunk or nothing."""
        return self.phones.get(endpoint)

    def phone_changed(self, phone: Phone, asterisk: Switch) -> None:
        """Passes on that a phone's channels changed."""
        self._phone_changed(phone, asterisk)

    # --- a leg's life -----------------------------------------------------------------------

    def rings(self, leg: Channel) -> None:
        """The INVITE went out: decides what the phone and its owner will do."""
        phone = leg.phone
        if phone is None:
            self._rings_outside(leg)
            return
        rng = self._agents
        wire_ms = up_to_ms(rng, self._ring_ms_max) if self._ring_ms_max else 0
        if phone.lost:
            phone.channels.append(leg)
            return
        if phone.channels and not self.habits.call_waiting:
            phone.channels.append(leg)
            self._agenda.after(wire_ms, self._is_busy, leg)
            return
        phone.channels.append(leg)
        self._phone_changed(phone, leg.asterisk)
        habits = self.habits
        luck = rng.random()
        answers_ms = wire_ms + habits.answer_ms_min
        if habits.answer_ms_mean > habits.answer_ms_min:
            answers_ms += exponential_ms(rng, habits.answer_ms_mean - habits.answer_ms_min)
        if habits.says_ringing >= 1.0 or rng.random() < habits.says_ringing:
            self._agenda.after(wire_ms, self._says_ringing, leg)
        if luck < habits.ignores or not phone.present:
            return
        if luck < habits.ignores + habits.rejects:
            self._agenda.after(answers_ms, self._rejects, leg)
        elif habits.forwards and self.numbers and self._quirks.random() < habits.forwards:
            self._agenda.after(answers_ms, self._forwards, leg)
        else:
            self._agenda.after(answers_ms, self._picks_up, leg)

    def _rings_outside(self, leg: Channel) -> None:
        rng = self._outsiders
        rings_ms = 500 + up_to_ms(rng, 2_000)
        luck = rng.random()
        if luck < 0.1:
            self._agenda.after(rings_ms, self._is_busy, leg)
            return
        self._agenda.after(rings_ms, self._says_ringing, leg)
        if luck > 0.25:
            self._agenda.after(rings_ms + exponential_ms(rng, 8_000), self._picks_up, leg)

    def _says_ringing(self, leg: Channel) -> None:
        if leg.alive and not leg.up and not self._out_of_reach(leg):
            leg.asterisk.emit(LegRinging(LegId(leg.channel_id)))

    def _is_busy(self, leg: Channel) -> None:
        if leg.alive and not leg.up:
            leg.asterisk.end(leg, _Q850_BUSY)

    def _rejects(self, leg: Channel) -> None:
        if leg.alive and not leg.up and not self._out_of_reach(leg):
            leg.asterisk.end(leg, self._quirks.choice(_REFUSALS))

    def _forwards(self, leg: Channel) -> None:
        if leg.alive and not leg.up and not self._out_of_reach(leg):
            leg.asterisk.end(leg, _Q850_REDIRECTED, self._quirks.choice(self.numbers))

    def _picks_up(self, leg: Channel) -> None:
        if not leg.alive or leg.up or self._out_of_reach(leg):
            return
        if leg.phone is not None and leg.phone.talking():
            self._agenda.after(2_000, self._picks_up, leg)  # First the call in progress.
            return
        caller = leg.caller
        plan = caller.plan if caller is not None and caller.alive else None
        leaves = plan is not None and plan.leaves_on_answer
        if leaves and caller is not None and self._quirks.random() < 0.5:
            leaves = False
            caller.asterisk.end(caller, Q850_NORMAL)
        leg.up = True
        leg.asterisk.emit(LegAnswered(LegId(leg.channel_id)))
        if leaves and caller is not None:
            caller.asterisk.end(caller, Q850_NORMAL)
        if leg.phone is not None:
            self._phone_changed(leg.phone, leg.asterisk)
            chance = self.habits.leaves_after_answer
            if chance and self._quirks.random() < chance:
                self._agenda.after(up_to_ms(self._quirks, 1_500), self._hangs_up, leg)
        if self._careful:
            self._agenda.after(_UNCONNECTED_MS, self._hears_nobody, leg)

    def _hears_nobody(self, leg: Channel) -> None:
        if leg.alive and not self._out_of_reach(leg) and not self._hears_somebody(leg):
            leg.asterisk.end(leg, Q850_NORMAL)

    @staticmethod
    def _hears_somebody(channel: Channel) -> bool:
        """Tells whether both are in one bridge, and answered: else neither hears the other."""
        if channel.bridge_id is None or not channel.up:
            return False
        members = channel.asterisk.beside(channel)
        return any(other.up for other in members if other is not channel)

    def _hangs_up(self, channel: Channel) -> None:
        if channel.alive:
            channel.asterisk.end(channel, Q850_NORMAL)

    @staticmethod
    def _out_of_reach(leg: Channel) -> bool:
        return leg.phone is not None and leg.phone.lost

    # --- talking ----------------------------------------------------------------------------

    def joined(self, caller: Channel, leg: Channel) -> None:
        """They can hear each other: the talk ends when the caller's plan says so."""
        plan = caller.plan
        if plan is None:  # Somebody who was called, and talks to a third one after a transfer.
            plan = caller.plan = self._transferring.plan()
        if caller.up and leg.up:
            self._agenda.after(plan.talk_ms, self._talk_is_over, (caller, leg))
            if self.habits.transfers and self._quirks.random() < self.habits.transfers:
                self._transferring.think(caller, leg, plan.talk_ms)
            holds = self.habits.holds
            if holds and self._quirks.random() < holds:
                after_ms = up_to_ms(self._quirks, plan.talk_ms)
                holder = leg if self._quirks.random() < 0.8 else caller
                self._agenda.after(after_ms, self._holds, holder)

    def _holds(self, holder: Channel) -> None:
        if holder.alive and self._hears_somebody(holder) and not self._out_of_reach(holder):
            holder.asterisk.emit(HoldChanged(holder.channel_id, held=True))
            lasts_ms = exponential_ms(self._quirks, _HOLD_MS_MEAN)
            self._agenda.after(lasts_ms, self._takes_back, holder)

    def _takes_back(self, holder: Channel) -> None:
        if holder.alive and not self._out_of_reach(holder):
            holder.asterisk.emit(HoldChanged(holder.channel_id, held=False))

    def _talk_is_over(self, pair: tuple[Channel, Channel]) -> None:
        caller, leg = pair
        if not caller.alive or not leg.alive or caller.bridge_id != leg.bridge_id:
            return
        if caller.bridge_id is None or caller.plan is None:
            return
        first = leg if caller.plan.agent_ends and not self._out_of_reach(leg) else caller
        first.asterisk.end(first, Q850_NORMAL)

    def transfer_answered(self, channel: Channel, *, done: bool) -> None:
        """A phone whose transfer is done hangs up by itself; one that is refused talks on."""
        if done and self._quirks.random() < 0.8:
            self._agenda.after(up_to_ms(self._quirks, 200), self._hangs_up, channel)

    def left_alone(self, channel: Channel) -> None:
        """The other party is gone: hangs up if nobody takes care for a while."""
        if self._careful:
            self._agenda.after(_ALONE_MS, self._still_alone, channel)

    def _still_alone(self, channel: Channel) -> None:
        if not channel.alive or channel.sounding or self._out_of_reach(channel):
            return
        if not self._hears_somebody(channel):
            channel.asterisk.end(channel, Q850_NORMAL)

    # --- the caller -------------------------------------------------------------------------

    def waits(self, caller: Channel, until_ms: int | None) -> None:
        """A caller came in, and gives up at `until_ms` (epoch) unless connected by then."""
        if caller.phone is not None:
            caller.phone.channels.append(caller)
            self._phone_changed(caller.phone, caller.asterisk)
        if until_ms is not None:
            self._agenda.at(until_ms, self.gives_up, caller)
        self.keypad.at_hand(caller)

    def gives_up(self, caller: Channel) -> None:
        """The caller's patience is over."""
        if caller.alive and not self._hears_somebody(caller):
            caller.asterisk.end(caller, Q850_NORMAL)

    def ended(self, channel: Channel) -> None:
        """A channel is gone from its phone."""
        phone = channel.phone
        if phone is not None and channel in phone.channels:
            phone.channels.remove(channel)
            self._phone_changed(phone, channel.asterisk)

    # --- phones that come and go ------------------------------------------------------------

    def lose(self, phone: Phone) -> None:
        """The phone's network is gone; whoever talks with it hears silence and hangs up."""
        phone.lost = True
        for channel in phone.channels:
            if channel.up and channel.bridge_id is not None:
                for other in channel.asterisk.beside(channel):
                    if other is not channel:
                        self._agenda.after(_ALONE_MS, self._hangs_up, other)

    def find(self, phone: Phone) -> None:
        """It is back."""
        phone.lost = False
        for channel in list(phone.channels):
            # A restarted phone knows nothing of its calls; Asterisk learns so when it asks.
            self._agenda.after(_ALONE_MS, self._hangs_up, channel)
