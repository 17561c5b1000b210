"""BLF keys against a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from scripts.lab.asterisk import AsteriskServer
from scripts.lab.phones import LAMP_OF_DEVICE, Phone, SipRefused, SubscriptionOver
from scripts.lab.waiting import look_until
from tests.support.phone_lab import Lab, at, running

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]
KEY = "*7100*6400"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskServer]:
    async with running(tmp_path_factory.mktemp("ast")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def lab(asterisk: AsteriskServer) -> AsyncIterator[Lab]:
    async with at(asterisk) as lab:
        yield lab


async def press(lab: Lab, state: str, device: str = "agent") -> None:
    """As the engine does over ARI: another state of the device behind the hint."""
    assert "Changing" in await lab.asterisk.cli(f"devstate change Custom:{device} {state}")


@pytest.mark.parametrize("device", sorted(LAMP_OF_DEVICE.keys() - {"UNKNOWN"}))
async def test_lamp_shows_what_asterisk_makes_of_a_device_state(lab: Lab, device: str) -> None:
    wanted = LAMP_OF_DEVICE[device]
    before = "INUSE" if wanted == "terminated" else "NOT_INUSE"
    await press(lab, before)
    lamp = (await lab.phone(101)).watch(KEY)
    assert await lamp.on() == 3600
    await lamp.shows(LAMP_OF_DEVICE[before])
    await press(lab, device)
    await lamp.shows(wanted)
    assert lamp.held == (device == "ONHOLD")
    await lamp.off()
    assert (lamp.state, lamp.over.value) == (None, "off")


async def test_history_has_every_change_with_its_time(lab: Lab) -> None:
    await press(lab, "NOT_INUSE")
    phone = await lab.phone(101)
    one, two = phone.watch(KEY), phone.watch(KEY)
    before = (await one.shows("terminated")).at_ns
    await two.shows("terminated")
    for device, state in (("RINGING", "early"), ("INUSE", "confirmed"), ("BUSY", "confirmed"),
                          ("NOT_INUSE", "terminated")):  # fmt: skip
        await press(lab, device)
        await one.shows(state)
        await two.shows(state)
    assert one.since(before) == ["early", "confirmed", "terminated"]
    times = [shown.at_ns for shown in one.history]
    assert times == sorted(times)
    with pytest.raises(TimeoutError, match=r"did not show early .*'early', 'confirmed'"):
        await one.shows("early", seconds=0.01)
    await one.off()
    await two.off()
    with pytest.raises(SubscriptionOver, match="off"):
        await one.shows("early")


async def test_lamp_of_a_phone_follows_its_calls(lab: Lab) -> None:
    watched = await lab.phone(103)
    lamp = (await lab.phone(101)).watch("103")
    await lamp.shows("terminated")
    call = await lab.caller.dial("103")
    await lamp.shows("early")
    (await watched.incoming()).answer()
    await lamp.shows("confirmed")
    call.hang_up()
    await lamp.shows("terminated")
    await lamp.off()


async def test_number_without_a_hint_and_wrong_password_are_refused(lab: Lab) -> None:
    phone = await lab.phone(101)
    lamp = phone.watch("*nothing")
    with pytest.raises(SipRefused) as refused:
        await lamp.on()
    assert refused.value.status == 404
    assert lamp.over.value == "404"
    stranger = Phone(lab.inside, "102", server=lab.server, password="wrong")
    with pytest.raises(SipRefused) as refused:
        await stranger.watch(KEY).on()
    assert refused.value.status == 401


async def test_refreshes_before_it_expires(lab: Lab) -> None:
    phone = await lab.phone(101)
    lamp = phone.watch(KEY, expires_s=4)
    assert await lamp.on() == 4
    async with asyncio.timeout(40):
        while lamp.notified < 3:  # each refresh is answered by the state, told again
            await lamp.next_notify.within(40)
    assert not lamp.over
    await press(lab, "INUSE")
    await lamp.shows("confirmed")
    await lamp.off()


async def test_a_subscription_that_ran_out_is_dark_until_asked_again(lab: Lab) -> None:
    await press(lab, "INUSE")
    lamp = (await lab.phone(101)).watch(KEY, expires_s=2)
    await lamp.shows("confirmed")
    lab.inside.loss = lambda message, way: way == "out" and message.cseq[1] == "SUBSCRIBE"
    await lamp.over.within(40)  # Asterisk 22 gives no reason with its last NOTIFY
    assert lamp.state is None
    lab.inside.loss = None
    await lamp.again()
    await lamp.shows("confirmed")
    await lamp.off()


async def test_restart_of_asterisk_that_has_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as asterisk, at(asterisk) as lab:
        await press(lab, "INUSE")
        phone = await lab.phone(101)
        lamp, other = phone.watch(KEY), phone.watch(KEY)
        await lamp.shows("confirmed")
        await other.shows("confirmed")
        await asterisk.kill()
        for file in (asterisk.run_dir / "db").glob("astdb.sqlite3*"):
            file.unlink()
        await asterisk.start()
        await press(lab, "RINGING")
        await lamp.again()
        await lamp.shows("early")
        other.refresh()  # a phone that did not notice
        assert await other.over == "481"
        assert other.state is None
        await lamp.off()


async def test_restart_of_asterisk_that_remembers(tmp_path: Path) -> None:
    async with running(tmp_path) as asterisk, at(asterisk) as lab:
        await press(lab, "INUSE")
        lamp = (await lab.phone(101)).watch(KEY)
        await lamp.shows("confirmed")
        await asterisk.cli("core stop now")  # writes its database to the disk
        await look_until(lambda: not asterisk.running, "the end of Asterisk", 40)
        await asterisk.kill()
        await asterisk.start()
        await press(lab, "RINGING")
        await lamp.shows("early")
        assert [shown.state for shown in lamp.history] == ["confirmed", "early"]
        await lamp.off()


async def test_many_lamps_at_one_phone(lab: Lab) -> None:
    phone = await lab.phone(101)
    lamps = await phone.watch_all(f"*7{number}" for number in range(100, 300))
    for lamp in lamps:
        await lamp.shows("terminated")
    for lamp in lamps[::10]:
        await press(lab, "INUSE", f"agent{lamp.number[2:]}")
    for number, lamp in enumerate(lamps):
        await lamp.shows("terminated" if number % 10 else "confirmed")
    assert not any("confirmed" in lamp.since(0) for lamp in lamps[1::10])
    for lamp in lamps:
        await lamp.off()
