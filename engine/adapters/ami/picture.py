"""What the phones of one node look like: statements in, inputs out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from engine.adapters.ami.decode import DeviceSaid, PeerSaid
from engine.core.ids import EndpointName, NodeId
from engine.core.inputs import DeviceState, Input, PhoneDevice, PhoneReachable

_GONE: Final = (DeviceState.UNAVAILABLE, DeviceState.INVALID)
_NOBODY_KNOWS: Final = (*_GONE, DeviceState.UNKNOWN)
_NOT_IN_A_CALL: Final = (*_NOBODY_KNOWS, DeviceState.NOT_INUSE)


@dataclass(slots=True)
class _Phone:
    """`peer` is Asterisk's last word on its contacts, `told` what we last posted about reaching it.

    Asterisk sends contacts and device states over two paths, in either order. Both must agree that
    the phone is there, so whichever comes last settles it, and a phone that vanished during a call
    (its state then says "in use" to the end of the call) is unreachable at once.
    """

    peer: bool
    device: DeviceState
    told: bool

    @property
    def reachable(self) -> bool:
        return self.peer and self.device not in _GONE


class Picture:
    """Remembers each endpoint's state, so that only changes are posted, and knows who is missing."""

    def __init__(self, node: NodeId) -> None:
        """Starts with no endpoint known."""
        self._node = node
        self._phones: dict[EndpointName, _Phone] = {}

    def __len__(self) -> int:
        """Returns how many endpoints are known."""
        return len(self._phones)

    def reachable_count(self) -> int:
        """Returns how many of them can be reached."""
        return sum(phone.reachable for phone in self._phones.values())

    def absent(self) -> list[EndpointName]:
        """Returns those that cannot be reached."""
        return [endpoint for endpoint, phone in self._phones.items() if not phone.reachable]

    def redraw(self, seen: Iterable[DeviceSaid]) -> list[Input]:
        """Takes the list of all endpoints after a new connection; returns the full picture.

        It has two inputs for each endpoint, changed or not, and says of endpoints that were known
        before and are missing now that they do not exist.
        """
        before, self._phones = self._phones, {}
        inputs: list[Input] = []
        for said in seen:
            # In this list, a phone that is in use with no contact left counts as reachable; when the
            # call ends, its device state corrects that. Meanwhile nobody would ring it anyway.
            there = said.state not in _NOBODY_KNOWS
            self._phones[said.endpoint] = _Phone(peer=there, device=said.state, told=there)
            inputs += self._both(said.endpoint, said.state, reachable=there)
        return inputs + self._gone(before)

    def compare(self, seen: Iterable[DeviceSaid]) -> list[Input]:
        """Takes the list of all endpoints on a living connection; returns what is new in it."""
        before, inputs = dict(self._phones), []
        for said in seen:
            known = before.pop(said.endpoint, None)
            if known is None or said.state in _NOT_IN_A_CALL:
                # Nothing hides whether it has a contact.
                inputs += self.change(
                    PeerSaid(said.endpoint, reachable=said.state not in _NOBODY_KNOWS)
                )
            inputs += self.change(said)
        for endpoint in before:
            del self._phones[endpoint]
        return inputs + self._gone(before)

    def change(self, said: PeerSaid | DeviceSaid) -> list[Input]:
        """Takes one change; returns what is new in it (often nothing)."""
        phone = self._phones.get(said.endpoint)
        if phone is None:  # Added to Asterisk's configuration since the last full picture.
            phone = _Phone(peer=False, device=DeviceState.UNKNOWN, told=False)
            self._phones[said.endpoint] = phone
        inputs: list[Input] = []
        if isinstance(said, PeerSaid):
            phone.peer = said.reachable
        elif said.state != phone.device:
            phone.device = said.state
            inputs.append(PhoneDevice(self._node, said.endpoint, said.state))
        if phone.reachable != phone.told:
            phone.told = phone.reachable
            inputs.append(PhoneReachable(self._node, said.endpoint, phone.reachable))
        return inputs

    def _gone(self, before: Iterable[EndpointName]) -> list[Input]:
        """Says of those that were known before and are not now that they do not exist."""
        return [
            happened
            for endpoint in before
            if endpoint not in self._phones
            for happened in self._both(endpoint, DeviceState.INVALID, reachable=False)
        ]

    def _both(self, endpoint: EndpointName, state: DeviceState, *, reachable: bool) -> list[Input]:
        return [
            PhoneReachable(self._node, endpoint, reachable),
            PhoneDevice(self._node, endpoint, state),
        ]
