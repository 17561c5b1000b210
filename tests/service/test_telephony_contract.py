"""The port Telephony: the fake, and the real adapter over a loopback ARI, say the same.

tests/asterisk/test_ari_contract.py runs the same promises against a real Asterisk.
"""

from __future__ import annotations

import asyncio

import pytest

import engine.adapters.ari.telephony as ari_telephony
from engine.adapters.ari import AriTelephony
from engine.adapters.fakes.parts import BUSY, NORMAL, Channel, Manner
from engine.adapters.fakes.switch import Switch
from engine.adapters.fakes.telephony import FakeTelephony
from tests.support.ari_server import SECRET, USER, AriServer
from tests.support.telephony_away import TelephonyAway
from tests.support.telephony_contract import NODE, Posted, TelephonyContract
from tests.support.telephony_features import TelephonyFeatures

pytestmark = [pytest.mark.service, pytest.mark.real_time]


class SwitchCustomer:
    def __init__(self, switch: Switch, channel: Channel) -> None:
        self.switch, self.channel = switch, channel

    @property
    def voice(self):
        return self.channel

    def hang_up(self):
        self.switch.leave(self.channel, NORMAL)

    async def press(self, keys):
        for key in keys:
            self.switch.press(self.channel, key)

    async def hold(self):
        self.switch.hold(self.channel, held=True)

    async def resume(self):
        self.switch.hold(self.channel, held=False)

    async def until_rung(self):
        pass

    async def until_answered(self):
        pass  # Seen by what follows: the switch does everything at once.

    async def until_ended(self):
        assert self.channel.channel_id in self.switch.ended


class SwitchPhone:
    def __init__(self, switch: Switch, endpoint: str) -> None:
        self.switch, self.endpoint = switch, endpoint
        self.ring()

    def ring(self):
        self.switch.manners[self.endpoint] = Manner.RINGS

    def be_busy(self):
        self.switch.manners[self.endpoint] = Manner.BUSY

    def reject(self):
        self.switch.manners[self.endpoint] = Manner.REJECTS

    def be_silent(self):
        self.switch.manners[self.endpoint] = Manner.SILENT

    def forward(self, target):
        self.switch.manners[self.endpoint] = Manner.FORWARDS
        self.switch.forwards[self.endpoint] = target

    @property
    def voice(self):
        return self._channel(self.switch.channels)

    def call(self, number):
        return SwitchCustomer(
            self.switch, self.switch.dial_in(endpoint=self.endpoint, dialled=number)
        )

    async def press(self, keys):
        for key in keys:
            self.switch.press(self.voice, key)

    async def refer(self, target):
        self.referring = self.voice
        if isinstance(target, SwitchCustomer):
            dialled = target.channel.dialled
            self.switch.refer(self.voice, dialled, target.channel.channel_id)
        else:
            self.switch.refer(self.voice, target)

    async def told_of_transfer(self):
        # The fake says it in the core's words, the loopback in Asterisk's.
        known = {"channel_answered": "done", "channel_declined": "refused"}
        async with asyncio.timeout(5):
            while not self.referring.transferred:  # noqa: ASYNC110 - the switch says nothing of it
                await asyncio.sleep(0)
        return known.get(self.referring.transferred, self.referring.transferred)

    async def pick_up(self):
        self.switch.pick_up(self.endpoint)

    def _channel(self, channels: dict[str, Channel]) -> Channel:
        return next(each for each in channels.values() if each.endpoint == self.endpoint)

    async def hang_up(self):
        channel = self._channel(self.switch.channels)
        self.switch.leave(channel, NORMAL if channel.up else BUSY)

    async def hold(self):
        self.switch.hold(self._channel(self.switch.channels), held=True)

    async def resume(self):
        self.switch.hold(self._channel(self.switch.channels), held=False)

    async def shown(self):
        channel = self._channel(self.switch.channels)
        return channel.shown, channel.alert_info

    async def told_elsewhere(self):
        return self._channel(self.switch.ended).cause == 26


class SwitchWorld:
    """Customers and phones at a `Switch`."""

    def __init__(self, telephony, line, switch: Switch) -> None:
        self.telephony, self.line, self.switch = telephony, line, switch
        self.phones = {n: SwitchPhone(switch, n) for n in ("1001", "1002", "1003")}
        switch.manners["1009"] = Manner.AWAY

    def call(self, number, from_number, from_name):
        channel = self.switch.dial_in(
            endpoint="carrier",
            dialled=number,
            caller_number=from_number,
            caller_name=from_name,
            created_ms=1_700_000_000_123,
        )
        return SwitchCustomer(self.switch, channel)

    async def talking(self, customer, phone):
        leg = phone._channel(self.switch.channels)
        return (
            customer.channel.bridge_id is not None and customer.channel.bridge_id == leg.bridge_id
        )

    async def hears(self, listener, *voices):
        heard = self.switch.ears.heard_by(listener.voice)
        return heard == {each.voice.channel_id for each in voices}

    async def press_in_flow(self, party, key):
        if key == "1":
            self.switch.give_back(party.voice, party.voice.variables["USHER_ANSWER"])
        else:
            self.switch.hang_up(party.voice.channel_id, 0)

    async def hears_something(self, listener):
        return listener.voice.sound is not None

    async def hears_nothing(self, listener):
        return listener.voice.sound is None

    async def hears_music(self, listener, music_class):
        return self.switch.held_with(listener.voice) == music_class

    async def cut(self):
        self.line.cut()

    async def restore(self):
        if isinstance(self.line, FakeTelephony):
            self.line.restore()


class TestTelephony(TelephonyContract, TelephonyFeatures, TelephonyAway):
    """One contract, two implementations."""

    @pytest.fixture
    def posted(self):
        return Posted()

    @pytest.fixture(params=["fake", "ari"])
    async def world(self, request, posted, monkeypatch):
        monkeypatch.setattr(ari_telephony, "BACKOFF_FIRST_S", 0.005)
        switch = Switch(missing=("sound:no-such",))
        switch.flows = {("lab-flow", "s")}
        if request.param == "fake":
            fake = FakeTelephony(NODE, posted, switch)
            yield SwitchWorld(fake, fake, switch)
            switch.close()
            return
        async with AriServer(switch) as server:
            real = AriTelephony(node=NODE, url=server.url, user=USER, secret=SECRET, post=posted)
            yield SwitchWorld(real, server, switch)
