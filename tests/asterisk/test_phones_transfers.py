"""Transfers by the laboratory's phones against a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.asterisk import AsteriskServer
from scripts.lab.phones import Call, Phone
from tests.support.phone_lab import Lab, at, running, until_idle

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskServer]:
    async with running(tmp_path_factory.mktemp("ast")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def lab(asterisk: AsteriskServer) -> AsyncIterator[Lab]:
    async with at(asterisk) as lab:
        yield lab


async def received(lab: Lab, phone: Phone) -> tuple[Call, Call]:
    """A customer (440 Hz) has called the phone: the phone's side first."""
    call = await lab.caller.dial(phone.user)
    there = await phone.incoming()
    there.answer()
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    return there, call


async def made(lab: Lab, phone: Phone) -> tuple[Call, Call]:
    """The phone has called somebody outside (1500 Hz): the phone's side first."""
    call = await phone.dial("660")
    there = await lab.world.incoming()
    there.answer()
    await asyncio.gather(there.wait_until_hears(700), call.wait_until_hears(1500))
    return call, there


async def consulted(lab: Lab, phone: Phone, second: str) -> tuple[Call, Call]:
    """The phone talks to 102 (800 Hz) as well: the phone's side first."""
    other = await lab.phone(102)
    if second == "made":
        call: Call = await phone.dial("102")
        there: Call = await other.incoming()
        there.answer()
    else:
        there = await other.dial(phone.user)
        call = await phone.incoming()
        call.answer()
    await asyncio.gather(call.wait_until_hears(800), there.wait_until_hears(700))
    return call, there


@pytest.mark.parametrize("second", ["made", "received"])
@pytest.mark.parametrize("first", [made, received])
async def test_attended_transfer_of_and_into_calls_of_either_kind(lab, first, second) -> None:
    phone = await lab.phone(101)
    mine, customer = await first(lab, phone)
    await mine.hold()
    consult, colleague = await consulted(lab, phone, second)
    transfer = await mine.refer(consult)
    assert await transfer.finished == 200
    assert (transfer.status, transfer.progress[-1]) == (202, 200)
    tone = 440 if first is received else 1500
    await asyncio.gather(customer.wait_until_hears(800), colleague.wait_until_hears(tone))
    await mine.ended
    await consult.ended
    customer.hang_up()
    await colleague.ended
    await until_idle(lab)


@pytest.mark.parametrize("leave", ["success", "accepted", "never"])
@pytest.mark.parametrize("first", [made, received])
async def test_blind_transfer_whenever_the_phone_leaves(lab, first, leave) -> None:
    phone, other = await lab.phone(101), await lab.phone(102)
    mine, customer = await first(lab, phone)
    transfer = await mine.refer("102", leave=leave)
    colleague = await other.incoming()
    colleague.answer()
    tone = 440 if first is received else 1500
    await asyncio.gather(customer.wait_until_hears(800), colleague.wait_until_hears(tone))
    if leave == "never":
        assert await transfer.finished == 200
        assert not mine.ended
        mine.hang_up()
    assert (await mine.ended).by == "here"
    customer.hang_up()
    await colleague.ended
    await until_idle(lab)


@pytest.mark.parametrize("early", ["replaces", "cancel"])
async def test_transfer_while_the_second_call_still_rings(lab, early) -> None:
    phone, other = await lab.phone(101), await lab.phone(102)
    mine, customer = await received(lab, phone)
    await mine.hold()
    consult = await phone.dial("102")
    await consult.ringing
    ringing = await other.incoming()
    transfer = await mine.refer(consult, early=early)
    if early == "cancel":
        assert (await ringing.cancelled).how == "cancel"
        ringing = await other.incoming()
    ringing.answer()
    assert await transfer.finished == 200
    await asyncio.gather(customer.wait_until_hears(800), ringing.wait_until_hears(440))
    await consult.ended  # by the phone's CANCEL, or by Asterisk if that was quicker
    await mine.ended
    customer.hang_up()
    await ringing.ended
    await until_idle(lab)


@pytest.mark.parametrize(("target", "status"), [("999", 404), ("605", 486)])
async def test_failed_blind_transfer_leaves_the_phone_its_call(lab, target, status) -> None:
    phone = await lab.phone(101)
    mine, customer = await received(lab, phone)
    transfer = await mine.refer(target)
    assert await transfer.finished == status
    assert not transfer.succeeded
    assert not mine.ended
    mine.hang_up()
    await mine.ended
    customer.hang_up()
    await customer.ended
    await until_idle(lab)


async def test_transfer_into_a_call_that_nobody_knows_leaves_all_as_it_was(lab) -> None:
    phone = await lab.phone(101)
    mine, customer = await received(lab, phone)
    nobody = "Replaces=nobody%3Bto-tag%3Da%3Bfrom-tag%3Db"
    transfer = await mine.refer(f"{phone.server_uri('102')}?{nobody}")
    assert await transfer.finished == 404
    await asyncio.gather(mine.wait_until_hears(440), customer.wait_until_hears(700))
    mine.hang_up()
    await customer.ended
    await until_idle(lab)


async def test_transfer_needs_a_second_call_that_was_rung(lab) -> None:
    phone = await lab.phone(101)
    mine, customer = await received(lab, phone)
    silent = phone.place("660")
    with pytest.raises(ValueError, match="nobody has answered the second call"):
        await mine.refer(silent)
    silent.hang_up()
    await silent.ended
    mine.hang_up()
    await customer.ended
    await until_idle(lab)
