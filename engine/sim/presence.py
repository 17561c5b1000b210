"""What one node tells about phones: registrations and device states, late and sometimes not at all.

A connection of its own (AMI), apart from call control: the two may overtake each other. After each
connect the full picture is told before the changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.core.inputs import Input, PhoneDevice, PhoneReachable
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.channels import Phone
from engine.sim.options import Options
from engine.sim.rng import Streams, up_to_ms


class Presence:
    """One node's view of all phones, and the wire by which it is told."""

    def __init__(
        self,
        asterisk: Asterisk,
        phones: Mapping[str, Phone],
        agenda: Agenda,
        post: Callable[[Input], None],
        options: Options,
    ) -> None:
        """Makes a view that nobody is connected to."""
        self.linked = False
        self._asterisk = asterisk
        self._phones = phones
        self._agenda = agenda
        self._post = post
        self._devices = options.device_states
        self._late_ms_max = options.latency.presence_ms_max
        self._rng = Streams(options.seed).stream(f"presence.{asterisk.node}")
        self._lane_ms = 0
        self._link = 0

    def connect(self) -> None:
        """Tells the full picture, then changes."""
        if self.linked or not self._asterisk.running:
            return
        self.linked = True
        self._link += 1
        for phone in self._phones.values():
            self.reachable_changed(phone)
            if self._devices:
                phone.told.pop(self._asterisk.node, None)
                self.device_changed(phone)

    def cut(self) -> None:
        """What is on the way is lost."""
        self.linked = False
        self._link += 1

    def reachable_changed(self, phone: Phone) -> None:
        """Tells whether this phone has a contact."""
        if self.linked:
            self._tell(PhoneReachable(self._asterisk.node, phone.endpoint, phone.contact))

    def device_changed(self, phone: Phone) -> None:
        """Tells the phone's device state, if it is another than was told last."""
        if not self._devices or not self.linked:
            return
        node = self._asterisk.node
        state = phone.device(self._asterisk)
        if phone.told.get(node) is not state:
            phone.told[node] = state
            self._tell(PhoneDevice(node, phone.endpoint, state))

    def _tell(self, happened: Input) -> None:
        when_ms = self._agenda.now_ms
        if self._late_ms_max:
            when_ms += up_to_ms(self._rng, self._late_ms_max)
        when_ms = self._lane_ms = max(when_ms, self._lane_ms)
        self._agenda.at(when_ms, self._deliver, (self._link, happened))

    def _deliver(self, told: tuple[int, Input]) -> None:
        if told[0] == self._link:
            self._post(told[1])
