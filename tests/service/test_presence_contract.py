"""The port Presence: the fake and the real adapter must say the same of the same phones."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

import engine.adapters.ami.presence as ami_presence
from engine.adapters.ami import AmiPresence
from engine.adapters.fakes.presence import FakePresence
from engine.core.ids import EndpointName, NodeId
from engine.core.inputs import DeviceState, PhoneDevice, PhoneReachable
from tests.support.ami_server import AmiServer

pytestmark = [pytest.mark.service, pytest.mark.real_time]

NODE = NodeId("pbx-a")
ANNA, BEN, CLEO = EndpointName("100"), EndpointName("101"), EndpointName("102")


class Posted:
    """What was posted, and waiting for it."""

    def __init__(self):
        self.inputs = []
        self._news = asyncio.Event()

    def __call__(self, happened):
        self.inputs.append(happened)
        self._news.set()

    async def until(self, *expected):
        """Returns all inputs since the last call, once those expected are among them."""
        while not all(each in self.inputs for each in expected):
            self._news.clear()
            await self._news.wait()
        inputs, self.inputs = self.inputs, []
        return inputs


class FakeWorld:
    """The phones are those of the fake itself."""

    def __init__(self, posted):
        self.presence = FakePresence(NODE, posted)
        self.phones = self.presence

    async def cut(self):
        self.presence.cut()

    async def restore(self):
        self.presence.restore()


class AmiWorld:
    """The phones are those of a manager interface on the loopback."""

    def __init__(self, posted, server):
        self.phones = server
        self.presence = AmiPresence(NODE, "127.0.0.1", server.port, "usher", "s3cret", posted)

    async def cut(self):
        await self.phones.stop()

    async def restore(self):
        await self.phones.listen()


def found(endpoint):
    return PhoneReachable(NODE, endpoint, reachable=True)


def lost(endpoint):
    return PhoneReachable(NODE, endpoint, reachable=False)


def device(endpoint, state):
    return PhoneDevice(NODE, endpoint, state)


def picture(**phones):
    """What a full picture of these phones (number: state) holds."""
    gone = (DeviceState.UNAVAILABLE, DeviceState.INVALID)
    inputs = []
    for number, state in phones.items():
        endpoint = EndpointName(number.removeprefix("p"))
        inputs += [lost(endpoint) if state in gone else found(endpoint), device(endpoint, state)]
    return inputs


class TestPresence:
    """One contract, two implementations."""

    @pytest.fixture
    def posted(self):
        return Posted()

    @pytest.fixture(params=["fake", "ami"])
    async def world(self, request, posted, monkeypatch):
        monkeypatch.setattr(ami_presence, "RETRY_FIRST_MS", 5)
        monkeypatch.setattr(ami_presence, "RETRY_LAST_MS", 5)
        async with contextlib.AsyncExitStack() as stack:
            if request.param == "fake":
                made = FakeWorld(posted)
            else:
                made = AmiWorld(posted, await stack.enter_async_context(AmiServer()))
            made.phones.add(ANNA)
            made.phones.add(BEN, reachable=False)
            yield made

    @contextlib.asynccontextmanager
    async def running(self, world):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(world.presence.run())
            try:
                yield
            finally:
                task.cancel()

    @contextlib.asynccontextmanager
    async def watching(self, world, posted):
        """Running, with the first full picture behind us."""
        async with self.running(world):
            await posted.until(device(BEN, DeviceState.UNAVAILABLE))
            yield

    async def test_the_full_picture_comes_first(self, world, posted):
        async with self.running(world):
            first = await posted.until(device(BEN, DeviceState.UNAVAILABLE))
        assert first == picture(p100=DeviceState.NOT_INUSE, p101=DeviceState.UNAVAILABLE)

    async def test_a_phone_that_registers_is_reachable_and_idle(self, world, posted):
        async with self.watching(world, posted):
            world.phones.reach(BEN, reachable=True)
            news = await posted.until(found(BEN), device(BEN, DeviceState.NOT_INUSE))
        assert len(news) == 2

    async def test_a_phone_that_vanishes_is_unreachable_and_unavailable(self, world, posted):
        async with self.watching(world, posted):
            world.phones.reach(ANNA, reachable=False)
            news = await posted.until(lost(ANNA), device(ANNA, DeviceState.UNAVAILABLE))
        assert len(news) == 2

    @pytest.mark.parametrize(
        "state",
        [
            DeviceState.INUSE,
            DeviceState.BUSY,
            DeviceState.RINGING,
            DeviceState.RINGINUSE,
            DeviceState.ONHOLD,
        ],
    )
    async def test_device_states_are_passed_on(self, world, posted, state):
        async with self.watching(world, posted):
            world.phones.device(ANNA, state)
            assert await posted.until(device(ANNA, state)) == [device(ANNA, state)]
            world.phones.device(ANNA, DeviceState.NOT_INUSE)
            idle = device(ANNA, DeviceState.NOT_INUSE)
            assert await posted.until(idle) == [idle]

    async def test_a_phone_that_vanishes_in_a_call_is_unreachable_at_once(self, world, posted):
        async with self.watching(world, posted):
            world.phones.device(ANNA, DeviceState.INUSE)
            world.phones.reach(ANNA, reachable=False)
            assert await posted.until(lost(ANNA)) == [
                device(ANNA, DeviceState.INUSE),
                lost(ANNA),
            ]
            world.phones.device(ANNA, DeviceState.NOT_INUSE)  # the call ends
            gone = device(ANNA, DeviceState.UNAVAILABLE)
            assert await posted.until(gone) == [gone]

    async def test_what_is_no_news_is_not_posted(self, world, posted):
        async with self.watching(world, posted):
            world.phones.reach(ANNA, reachable=True)
            world.phones.device(ANNA, DeviceState.NOT_INUSE)
            world.phones.device(ANNA, DeviceState.RINGING)
            ringing = device(ANNA, DeviceState.RINGING)
            assert await posted.until(ringing) == [ringing]

    async def test_a_new_phone_is_noticed(self, world, posted):
        async with self.watching(world, posted):
            world.phones.add(CLEO)
            await posted.until(found(CLEO), device(CLEO, DeviceState.NOT_INUSE))

    async def test_after_a_cut_the_full_picture_comes_again(self, world, posted):
        async with self.watching(world, posted):
            world.phones.device(ANNA, DeviceState.INUSE)
            await posted.until(device(ANNA, DeviceState.INUSE))
            await world.cut()
            world.phones.device(ANNA, DeviceState.NOT_INUSE)
            world.phones.reach(BEN, reachable=True)
            world.phones.add(CLEO, reachable=False)
            await world.restore()
            again = await posted.until(device(CLEO, DeviceState.UNAVAILABLE))
        assert again == picture(
            p100=DeviceState.NOT_INUSE, p101=DeviceState.NOT_INUSE, p102=DeviceState.UNAVAILABLE
        )

    async def test_a_phone_that_is_missing_after_a_cut_does_not_exist(self, world, posted):
        async with self.watching(world, posted):
            await world.cut()
            world.phones.remove(ANNA)
            await world.restore()
            again = await posted.until(device(ANNA, DeviceState.INVALID))
            assert again == picture(p101=DeviceState.UNAVAILABLE, p100=DeviceState.INVALID)
            # Said once: the next picture does not know it any more.
            await world.cut()
            await world.restore()
            again = await posted.until(device(BEN, DeviceState.UNAVAILABLE))
        assert again == picture(p101=DeviceState.UNAVAILABLE)

    async def test_run_may_be_cancelled_and_called_again(self, world, posted):
        async with self.watching(world, posted):
            pass
        world.phones.reach(BEN, reachable=True)
        async with self.running(world):
            again = await posted.until(device(BEN, DeviceState.NOT_INUSE))
        assert again == picture(p100=DeviceState.NOT_INUSE, p101=DeviceState.NOT_INUSE)
