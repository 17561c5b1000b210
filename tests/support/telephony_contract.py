"""What the port `Telephony` promises, once, for every implementation of it.

A world has a `telephony`, one trunk `carrier`, and three phones `1001`, `1002`, `1003`, registered
and ringing when called; `1009` exists and is away. Its customers and phones are moved by scripts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import pytest

from engine.app.ports import Telephony
from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.ids import (
    CallId,
    EndpointName,
    LegId,
    NodeId,
    bridge_id_of,
    leg_id_of,
    playback_id_of,
)
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    HoldChanged,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
)
from engine.core.waiting import WaitingSound

NODE = NodeId("lab")
MUSIC, RINGING = WaitingSound("default"), WaitingSound(None)


class Posted:
    """What was posted, in order, and waiting for it."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.all: list[Input] = []
        self._news = asyncio.Event()

    def __call__(self, happened: Input) -> None:
        self.inputs.append(happened)
        self.all.append(happened)
        self._news.set()

    async def until(self, wanted: Callable[[Input], bool], timeout_s: float = 25.0) -> Input:
        """Takes inputs until one is wanted, and returns that."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    while self.inputs:
                        happened = self.inputs.pop(0)
                        if wanted(happened):
                            return happened
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"it was not posted; these were: {self.all}") from None

    async def first(self, kind: type, timeout_s: float = 25.0) -> Any:
        """Takes inputs until the first of this class."""
        return await self.until(lambda happened: type(happened) is kind, timeout_s)

    async def exactly(self, expected: Input) -> None:
        """Takes inputs until this very one."""
        await self.until(lambda happened: happened == expected)

    def count(self, kind: type) -> int:
        """How many of this class were posted since the start."""
        return sum(type(each) is kind for each in self.all)

    @property
    def failures(self) -> list[Input]:
        """The commands that failed since the start, so that a test that fails tells which."""
        return [each for each in self.all if type(each) is CommandFailed]


class Party(Protocol):
    """Somebody who talks: each with a voice of its own."""


class Customer(Party, Protocol):
    """Somebody who calls: from outside, or from a phone of the house."""

    def hang_up(self) -> None: ...
    async def press(self, keys: str) -> None: ...
    async def hold(self) -> None: ...
    async def resume(self) -> None: ...
    async def until_rung(self) -> None: ...
    async def until_answered(self) -> None: ...
    async def until_ended(self) -> None: ...


class DeskPhone(Party, Protocol):
    """A phone of the house."""

    def forward(self, target: str) -> None:
        """Send its calls elsewhere (SIP 302)."""
        ...

    def call(self, number: str) -> Customer:
        """Call somebody, on another line if it talks."""
        ...

    async def press(self, keys: str) -> None: ...
    async def refer(self, target: str | Customer) -> None:
        """Ask for the other party to be passed on: to a number, or into another call."""
        ...

    async def told_of_transfer(self) -> str:
        """What became of that: "done" or "refused"."""
        ...

    def ring(self) -> None: ...
    def be_busy(self) -> None: ...
    def reject(self) -> None: ...
    def be_silent(self) -> None: ...
    async def pick_up(self) -> None: ...
    async def hang_up(self) -> None: ...
    async def hold(self) -> None: ...
    async def resume(self) -> None: ...
    async def shown(self) -> tuple[str, str | None]:
        """The caller on its display and the Alert-Info of the call it has."""
        ...

    async def told_elsewhere(self) -> bool:
        """Whether its last call was ended as answered elsewhere."""
        ...


class World(Protocol):
    """Where the telephony lives."""

    telephony: Telephony
    phones: dict[str, DeskPhone]

    def call(self, number: str, from_number: str, from_name: str) -> Customer: ...
    async def talking(self, customer: Customer, phone: DeskPhone) -> bool: ...
    async def hears(self, listener: Party, *voices: Party) -> bool:
        """Whether a party comes to hear these voices and, of all others, none."""
        ...

    async def press_in_flow(self, party: Party, key: str) -> None:
        """Somebody whom the dialplan has (`lab-flow`) presses a key: 1 to be given back, 2 to end."""
        ...

    async def hears_something(self, listener: Party) -> bool:
        """Whether there comes to be any sound."""
        ...

    async def hears_nothing(self, listener: Party) -> bool:
        """Whether there comes to be none."""
        ...

    async def hears_music(self, listener: Party, music_class: str) -> bool: ...
    async def cut(self) -> None: ...
    async def restore(self) -> None: ...


def ring(call_id: CallId, endpoint: str = "1001", n: int = 1, **fields: Any) -> RingPhone:
    known = {
        "number": None,
        "timeout_ms": 20_000,
        "caller_number": "5550001",
        "caller_name": "Ann",
        "alert_info": None,
        **fields,
    }
    return RingPhone(NODE, leg_id_of(call_id, n), call_id, EndpointName(endpoint), **known)


class TelephonyContract:
    """Mix into a test class that has the fixtures `posted` and `world`."""

    @contextlib.asynccontextmanager
    async def running(self, world: World) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(world.telephony.run())
            try:
                yield
            finally:
                run.cancel()

    @pytest.fixture
    async def up(self, world: World, posted: Posted) -> AsyncIterator[None]:
        async with self.running(world):
            await posted.first(NodeConnected)
            yield

    async def arrived(self, world: World, posted: Posted) -> tuple[Customer, CallId]:
        customer = world.call("6400", "5550001", "Ann")
        arrived = await posted.first(CallArrived)
        return customer, arrived.call_id

    async def talk(self, world: World, posted: Posted) -> tuple[Customer, CallId, LegId]:
        customer, call_id = await self.arrived(world, posted)
        telephony = world.telephony
        telephony.send(AnswerCall(NODE, call_id))
        telephony.send(StartWaitingSound(NODE, call_id, MUSIC))
        telephony.send(ring(call_id))
        leg_id = leg_id_of(call_id, 1)
        await posted.exactly(LegRinging(leg_id))
        await world.phones["1001"].pick_up()
        await posted.exactly(LegAnswered(leg_id))
        telephony.send(StopWaitingSound(NODE, call_id, MUSIC))
        telephony.send(Connect(NODE, bridge_id_of(leg_id), call_id, leg_id))
        await telephony.drain()
        return customer, call_id, leg_id

    # Connecting.

    async def test_the_first_thing_said_is_what_exists(self, world, posted):
        async with self.running(world):
            first = await posted.until(lambda _: True)
        assert type(first) is NodeConnected
        assert (first.node, first.channels, first.bridges) == (NODE, (), ())
        assert first.boot_id != ""

    async def test_not_connected_a_command_fails_at_once(self, world, posted):
        command = AnswerCall(NODE, CallId("nobody"))
        world.telephony.send(command)
        assert posted.inputs == [CommandFailed(command, 0, "not connected")]

    async def test_run_may_be_cancelled_and_called_again(self, world, posted):
        async with self.running(world):
            before = await posted.first(NodeConnected)
        assert type(posted.inputs[-1]) is NodeDisconnected
        async with self.running(world):
            assert await posted.first(NodeConnected) == before

    # A call from end to end.

    async def test_an_arrival_says_who_dials_what_from_where(self, world, posted, up):
        world.call("+49*30#", "5550001", 'Ann "A." Ö')
        arrived = await posted.first(CallArrived)
        assert arrived.node == NODE
        assert arrived.endpoint == "carrier"
        assert arrived.dialled == "+49*30#"
        assert arrived.caller_number == "5550001"
        assert arrived.caller_name == 'Ann "A." Ö', arrived

    async def test_caller_and_agent_talk_until_the_agent_hangs_up(self, world, posted, up):
        customer, call_id, leg_id = await self.talk(world, posted)
        assert await world.talking(customer, world.phones["1001"])
        await world.phones["1001"].hang_up()
        await posted.exactly(LegEnded(leg_id, 16))
        world.telephony.send(DestroyBridge(NODE, bridge_id_of(leg_id)))
        world.telephony.send(HangUpCall(NODE, call_id, 16))
        await posted.first(CallerHungUp)
        await customer.until_ended()
        await world.telephony.drain()
        assert posted.failures == []
        assert [type(each) for each in posted.all] == [
            NodeConnected,
            CallArrived,
            LegRinging,
            LegAnswered,
            LegEnded,
            CallerHungUp,
        ]

    async def test_caller_hangs_up_in_a_talk(self, world, posted, up):
        customer, call_id, leg_id = await self.talk(world, posted)
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        world.telephony.send(DestroyBridge(NODE, bridge_id_of(leg_id)))
        world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=False))
        await posted.exactly(LegEnded(leg_id, 16))
        assert posted.failures == []

    async def test_hanging_up_while_waiting_is_told_once(self, world, posted, up):
        customer, call_id = await self.arrived(world, posted)
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(StartWaitingSound(NODE, call_id, MUSIC))
        await customer.until_answered()
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        await customer.until_ended()
        # A later failure shows that everything before it has been said. For some ms the channel is still
        # there, and on its way out.
        world.telephony.send(AnswerCall(NODE, call_id))
        assert (await posted.first(CommandFailed)).status in {404, 409, 500}
        assert posted.count(CallerHungUp) == 1

    async def test_giving_up_before_the_answer_is_a_plain_hang_up(self, world, posted, up):
        customer, call_id = await self.arrived(world, posted)
        world.telephony.send(StartWaitingSound(NODE, call_id, RINGING))
        await world.telephony.drain()
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))

    async def test_a_caller_let_go_is_told_once(self, world, posted, up):
        customer, call_id = await self.arrived(world, posted)
        world.telephony.send(HangUpCall(NODE, call_id, 17))
        assert (await posted.first(CallerHungUp)).call_id == call_id
        await customer.until_ended()
        assert posted.count(CallerHungUp) == 1

    # Phones.

    @pytest.mark.row("Q-09")
    async def test_what_the_phone_shows(self, world, posted, up):
        _, call_id = await self.arrived(world, posted)
        world.telephony.send(
            ring(
                call_id, caller_number="+4930123", caller_name="Bö <b>", alert_info="<urn:x>;info=q"
            )
        )
        await posted.first(LegRinging)
        assert await world.phones["1001"].shown() == ("Bö b <+4930123>", "<urn:x>;info=q")

    @pytest.mark.parametrize(("manner", "cause"), [("be_busy", 17), ("reject", 21)])
    async def test_a_refusal_says_why(self, world, posted, up, manner, cause):
        _, call_id = await self.arrived(world, posted)
        getattr(world.phones["1001"], manner)()
        world.telephony.send(ring(call_id))
        await posted.exactly(LegEnded(leg_id_of(call_id, 1), cause))
        assert posted.count(LegEnded) == 1

    @pytest.mark.parametrize("endpoint", ["1009", "nobody"])
    async def test_a_phone_that_is_not_there_fails(self, world, posted, up, endpoint):
        _, call_id = await self.arrived(world, posted)
        command = ring(call_id, endpoint)
        world.telephony.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 500)
        assert posted.count(LegEnded) == 0

    @pytest.mark.parametrize("manner", ["ring", "be_silent"])
    async def test_ringing_in_vain_ends_by_itself(self, world, posted, up, manner):
        _, call_id = await self.arrived(world, posted)
        getattr(world.phones["1001"], manner)()
        world.telephony.send(ring(call_id, timeout_ms=600))
        await posted.exactly(LegEnded(leg_id_of(call_id, 1), 19))
        assert posted.count(LegRinging) == (manner == "ring")

    @pytest.mark.row("Q-06")
    @pytest.mark.parametrize(("elsewhere", "cause"), [(True, 26), (False, 16)])
    async def test_a_ringing_phone_is_let_go(self, world, posted, up, elsewhere, cause):
        _, call_id = await self.arrived(world, posted)
        leg_id = leg_id_of(call_id, 1)
        world.telephony.send(ring(call_id))
        await posted.exactly(LegRinging(leg_id))
        world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=elsewhere))
        await posted.exactly(LegEnded(leg_id, cause))
        assert await world.phones["1001"].told_elsewhere() is elsewhere

    async def test_a_phone_is_let_go_before_it_could_ring(self, world, posted, up):
        _, call_id = await self.arrived(world, posted)
        leg_id = leg_id_of(call_id, 1)
        world.telephony.send(ring(call_id))
        world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=True))
        await posted.exactly(LegEnded(leg_id, 26))
        await world.telephony.drain()
        assert posted.failures == []

    async def test_three_phones_ring_and_one_answers(self, world, posted, up):
        _, call_id = await self.arrived(world, posted)
        legs = [leg_id_of(call_id, n) for n in (1, 2, 3)]
        for n, endpoint in enumerate(("1001", "1002", "1003"), 1):
            world.telephony.send(ring(call_id, endpoint, n))
        rang = [(await posted.first(LegRinging)).leg_id for _ in legs]
        assert sorted(rang) == legs
        await world.phones["1002"].pick_up()
        await posted.exactly(LegAnswered(legs[1]))
        for leg_id in (legs[0], legs[2]):
            world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=True))
        ended = [await posted.first(LegEnded) for _ in range(2)]
        assert {each.leg_id for each in ended} == {legs[0], legs[2]}
        assert {each.cause for each in ended} == {26}

    # Said twice, said to nobody.

    async def test_said_again_nothing_new_happens(self, world, posted, up):
        customer, call_id, leg_id = await self.talk(world, posted)
        for command in (
            AnswerCall(NODE, call_id),
            ring(call_id),
            Connect(NODE, bridge_id_of(leg_id), call_id, leg_id),
            StopWaitingSound(NODE, call_id, MUSIC),
        ):
            world.telephony.send(command)
        await world.telephony.drain()
        assert await world.talking(customer, world.phones["1001"])
        assert posted.failures == []
        assert posted.count(LegAnswered) == 1

    async def test_commands_to_nobody(self, world, posted, up):
        nobody, leg = CallId("nobody"), leg_id_of(CallId("nobody"), 1)
        harmless = [
            StopWaitingSound(NODE, nobody, MUSIC),
            StopWaitingSound(NODE, nobody, RINGING),
            DestroyBridge(NODE, bridge_id_of(leg)),
        ]
        refused = [
            AnswerCall(NODE, nobody),
            StartWaitingSound(NODE, nobody, MUSIC),
            StartWaitingSound(NODE, nobody, RINGING),
            HangUpCall(NODE, nobody, 16),
            HangUpLeg(NODE, leg, answered_elsewhere=False),
            PlayPrompt(NODE, playback_id_of("nobody", 1), "nobody", ("sound:beep",), "en"),
            Connect(NODE, bridge_id_of(leg), nobody, leg),
        ]
        for command in (*harmless, *refused):
            world.telephony.send(command)
        failed = [await posted.first(CommandFailed) for _ in refused]
        assert [each.command for each in failed] == refused
        assert [each.status for each in failed] == [404] * 6 + [400]

    async def test_half_a_connection_is_none(self, world, posted, up):
        """Where one of the two is gone, nobody is left alone in a bridge."""
        customer, call_id = await self.arrived(world, posted)
        leg_id = leg_id_of(call_id, 1)
        world.telephony.send(AnswerCall(NODE, call_id))
        command = Connect(NODE, bridge_id_of(leg_id), call_id, leg_id)
        world.telephony.send(command)
        assert (await posted.first(CommandFailed)).command == command
        await world.telephony.drain()
        await world.cut()
        await world.restore()
        seen = await posted.first(NodeConnected)
        assert seen.bridges == ()
        assert [each.bridge_id for each in seen.channels] == [None]
        customer.hang_up()

    # Prompts.

    async def test_a_prompt_is_played_to_its_end(self, world, posted, up):
        _, call_id = await self.arrived(world, posted)
        playback_id = playback_id_of(call_id, 1)
        world.telephony.send(AnswerCall(NODE, call_id))
        media = ("sound:beep", "sound:beep")
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, media, "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=True))

    async def test_a_prompt_that_is_missing(self, world, posted, up):
        _, call_id = await self.arrived(world, posted)
        playback_id = playback_id_of(call_id, 1)
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, ("sound:no-such",), "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=False))

    async def test_a_prompt_of_an_unknown_kind_fails(self, world, posted, up):
        _, call_id = await self.arrived(world, posted)
        command = PlayPrompt(NODE, playback_id_of(call_id, 1), call_id, ("song:x",), "en")
        world.telephony.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 400)

    async def test_a_prompt_does_not_delay_the_connection(self, world, posted, up):
        """A caller who listens is connected at once."""
        customer, call_id = await self.arrived(world, posted)
        leg_id, playback_id = leg_id_of(call_id, 1), playback_id_of(call_id, 1)
        world.telephony.send(AnswerCall(NODE, call_id))
        media = ("sound:tt-monkeys",) * 3  # 48 seconds
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, media, "en"))
        world.telephony.send(ring(call_id))
        await posted.exactly(LegRinging(leg_id))
        await world.phones["1001"].pick_up()
        await posted.exactly(LegAnswered(leg_id))
        world.telephony.send(Connect(NODE, bridge_id_of(leg_id), call_id, leg_id))
        async with asyncio.timeout(2):
            await posted.exactly(PlaybackEnded(playback_id, ok=True))
            await world.telephony.drain()
        assert await world.talking(customer, world.phones["1001"])

    # Hold.

    async def test_hold_of_either_side(self, world, posted, up):
        customer, call_id, leg_id = await self.talk(world, posted)
        await world.phones["1001"].hold()
        await posted.exactly(HoldChanged(leg_id, held=True))
        await world.phones["1001"].resume()
        await posted.exactly(HoldChanged(leg_id, held=False))
        await customer.hold()
        await posted.exactly(HoldChanged(call_id, held=True))
        await customer.resume()
        await posted.exactly(HoldChanged(call_id, held=False))

    # A lost connection.

    async def test_after_a_cut_everything_is_found_as_it_is(self, world, posted, up):
        _, waiting = await self.arrived(world, posted)
        world.telephony.send(AnswerCall(NODE, waiting))
        world.telephony.send(StartWaitingSound(NODE, waiting, MUSIC))
        world.telephony.send(ring(waiting, "1002"))
        await posted.first(LegRinging)
        _, talking, leg_id = await self.talk(world, posted)
        await world.cut()
        await posted.exactly(NodeDisconnected(NODE))
        late = AnswerCall(NODE, waiting)
        world.telephony.send(late)
        await posted.exactly(CommandFailed(late, 0, "not connected"))
        await world.restore()
        seen = await posted.first(NodeConnected)
        found = {each.channel_id: each for each in seen.channels}
        bridge_id = bridge_id_of(leg_id)
        assert {key: (each.up, each.bridge_id) for key, each in found.items()} == {
            waiting: (True, None),
            leg_id_of(waiting, 1): (False, None),
            talking: (True, bridge_id),
            leg_id: (True, bridge_id),
        }
        caller = found[waiting]
        assert (caller.endpoint, caller.dialled) == ("carrier", "6400")
        assert (caller.caller_number, caller.caller_name) == ("5550001", "Ann")
        assert seen.bridges == (bridge_id,)

    async def test_what_happens_in_a_cut_is_found_afterwards(self, world, posted, up):
        """An answer, an end and a refusal while nobody listens; then events go on as ever."""
        customer, call_id = await self.arrived(world, posted)
        legs = [leg_id_of(call_id, n) for n in (1, 2)]
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(ring(call_id, "1001", 1))
        world.telephony.send(ring(call_id, "1002", 2))
        for _ in legs:
            await posted.first(LegRinging)
        await world.cut()
        await posted.exactly(NodeDisconnected(NODE))
        await world.phones["1001"].pick_up()
        await world.phones["1002"].hang_up()
        await world.restore()
        seen = await posted.first(NodeConnected)
        assert {each.channel_id: each.up for each in seen.channels} == {
            call_id: True,
            legs[0]: True,
        }
        await world.phones["1001"].hang_up()
        await posted.exactly(LegEnded(legs[0], 16))
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        assert posted.count(LegAnswered) == 0
        assert posted.count(LegEnded) == 1
        assert posted.count(CallArrived) == 1
