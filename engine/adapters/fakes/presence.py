"""A node's phones without an Asterisk: says what `AmiPresence` would say of the same phones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from engine.core.ids import EndpointName, NodeId
from engine.core.inputs import DeviceState, Input, PhoneDevice, PhoneReachable


@dataclass(slots=True)
class _Phone:
    contact: bool
    busy_with: DeviceState | None = None

    @property
    def device(self) -> DeviceState:
        if self.busy_with is not None:
            return self.busy_with
        return DeviceState.NOT_INUSE if self.contact else DeviceState.UNAVAILABLE


class FakePresence:
    """Implements the port `Presence`; a test moves the phones.

    As in Asterisk, an idle phone's device state follows its contact (`NOT_INUSE`, `UNAVAILABLE`),
    and a busy phone that loses its contact stays in its state until the call ends.
    """

    def __init__(self, node: NodeId, post: Callable[[Input], None]) -> None:
        """Starts without phones, able to connect."""
        self._node = node
        self._post = post
        self._phones: dict[EndpointName, _Phone] = {}
        self._told: dict[EndpointName, tuple[bool, DeviceState]] = {}
        self._up = asyncio.Event()
        self._up.set()
        self._down = asyncio.Event()
        self._listening = False

    async def run(self) -> None:
        """Posts the full picture whenever it gets a connection; runs until cancelled."""
        try:
            while True:
                await self._up.wait()
                self._full_picture()
                self._listening = True
                await self._down.wait()
                self._listening = False
        finally:
            self._listening = False

    def cut(self) -> None:
        """Takes the connection away. What changes now is not posted."""
        self._up.clear()
        self._down.set()
        self._listening = False

    def restore(self) -> None:
        """Lets it connect again."""
        self._down.clear()
        self._up.set()

    def add(self, endpoint: EndpointName, *, reachable: bool = True) -> None:
        """Configures a phone."""
        self._phones[endpoint] = _Phone(contact=reachable)
        self._say(endpoint)

    def remove(self, endpoint: EndpointName) -> None:
        """Takes a phone out of the configuration; seen at the next connection."""
        del self._phones[endpoint]

    def reach(self, endpoint: EndpointName, *, reachable: bool) -> None:
        """Registers the phone, or lets its registration end."""
        self._phones[endpoint].contact = reachable
        self._say(endpoint)

    def device(self, endpoint: EndpointName, state: DeviceState) -> None:
        """Sets what the phone is doing; `NOT_INUSE` is nothing."""
        idle = state is DeviceState.NOT_INUSE
        self._phones[endpoint].busy_with = None if idle else state
        self._say(endpoint)

    def _full_picture(self) -> None:
        gone = [endpoint for endpoint in self._told if endpoint not in self._phones]
        self._told = {
            endpoint: (phone.contact, phone.device) for endpoint, phone in self._phones.items()
        }
        for endpoint, (reachable, state) in self._told.items():
            self._post(PhoneReachable(self._node, endpoint, reachable))
            self._post(PhoneDevice(self._node, endpoint, state))
        for endpoint in gone:
            self._post(PhoneReachable(self._node, endpoint, reachable=False))
            self._post(PhoneDevice(self._node, endpoint, DeviceState.INVALID))

    def _say(self, endpoint: EndpointName) -> None:
        if not self._listening:
            return
        phone = self._phones[endpoint]
        reachable, state = self._told.get(endpoint, (False, DeviceState.UNKNOWN))
        self._told[endpoint] = (phone.contact, phone.device)
        if phone.device != state:
            self._post(PhoneDevice(self._node, endpoint, phone.device))
        if phone.contact != reachable:
            self._post(PhoneReachable(self._node, endpoint, phone.contact))
