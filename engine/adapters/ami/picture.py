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

    def redraw(self, seen: Iterable[DeviceSaid]) -> list[Input]:
        """Takes the list of all endpoints; returns the full picture.

        It has two inputs for each endpoint, changed or not, and says of endpoints that were known
        before and are missing now that they do not exist.
        """
        before, self._phones = self._phones, {}
        inputs: list[Input] = []
        for said in seen:
            # In this list, a phone that is in use with no contact left counts as reachable; when the
            # call ends, its device state corrects that. Meanwhile nobody would ring it anyway.
            peer = said.state not in _NOBODY_KNOWS
            self._phones[said.endpoint] = _Phone(peer=peer, device=said.state, told=peer)
            inputs += self._both(said.endpoint, said.state, reachable=peer)
        for endpoint in before:
            if endpoint not in self._phones:
                inputs += self._both(endpoint, DeviceState.INVALID, reachable=False)
        return inputs

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

    def _both(self, endpoint: EndpointName, state: DeviceState, *, reachable: bool) -> list[Input]:
        return [
            PhoneReachable(self._node, endpoint, reachable),
            PhoneDevice(self._node, endpoint, state),
        ]
