"""The lab's phones against a real Asterisk: what works here, the other tests may rely on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.asterisk import AsteriskServer
from scripts.lab.phones import Caller, Phone, SipEndpoint, SipRefused
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


async def test_registers_unregisters_and_is_qualified(lab: Lab) -> None:
    phone = await lab.phone(101)
    assert phone.expires is not None
    assert 3590 <= phone.expires <= 3600  # Asterisk gives what is left of it
    assert 110 <= await phone.register(expires=120) <= 120
    assert "101/sip:101@127.0.0.1" in await lab.asterisk.cli("pjsip show contacts")
    await phone.qualified
    await phone.unregister()
    assert "101/sip" not in await lab.asterisk.cli("pjsip show contacts")


async def test_wrong_password_is_refused(lab: Lab) -> None:
    phone = Phone(lab.inside, "101", server=lab.server, password="wrong")
    with pytest.raises(SipRefused) as refused:
        await phone.register()
    assert refused.value.status == 401


async def test_trunk_caller_reaches_a_phone_and_both_hear_each_other(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = await lab.caller.dial("101", from_number="2101234567", from_name="Ζωή Δ.")
    there = await phone.incoming()
    assert (there.caller_number, there.caller_name) == ("2101234567", "Ζωή Δ.")
    await call.ringing
    there.answer()
    await call.answered
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    there.hang_up()
    assert (await there.ended).status == 200
    assert (await call.ended).by == "there"


async def test_phone_dials_with_digest_and_out_through_the_trunk(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = await phone.dial("660")
    there = await lab.world.incoming()
    assert there.dialled == "2105550000"
    there.answer()
    await call.answered
    await asyncio.gather(call.wait_until_hears(1500), there.wait_until_hears(700))
    call.hang_up()
    await there.ended


async def test_caller_hears_music_and_early_media(lab: Lab) -> None:
    call = await lab.caller.dial("600")
    await call.answered
    await call.audio.until(lambda: call.hears("anything") and not call.hears(440), "music", 40)
    early = await lab.caller.dial("603")
    await early.progress
    await early.wait_until_hears(1004)
    assert not early.answered
    early.hang_up()
    assert (await early.ended).how == "cancel"
    call.hang_up()
    assert (await call.ended).how == "bye"


async def test_early_media_of_a_phone(lab: Lab) -> None:
    phone = await lab.phone(101)
    phone.mute()
    call = await lab.caller.dial("101")
    there = await phone.incoming()
    there.progress()
    await call.progress
    await call.wait_until_hears(700)
    there.answer()
    await call.answered
    await there.wait_until_hears(440)
    call.hang_up()
    await there.ended


async def test_refusals_and_cancel(lab: Lab) -> None:
    phone = await lab.phone(101)
    busy = lab.caller.place("605")
    assert (await busy.ended).status == 486
    unknown = lab.caller.place("999")
    assert (await unknown.ended).status == 404
    phone.reject(603)
    refused = lab.caller.place("101")
    ending = await refused.ended
    assert ending.how == "refused", ending
    phone.ring_only()
    given_up = lab.caller.place("101")
    there = await phone.incoming()
    there = await phone.incoming() if there.ended else there
    await given_up.ringing
    given_up.cancel()
    assert (await given_up.ended).how == "cancel"
    assert (await there.cancelled).how == "cancel"


async def test_cancel_before_any_answer_waits_for_the_first_provisional(lab: Lab) -> None:
    call = lab.caller.place("604")
    call.cancel()
    ending = await call.ended
    assert (ending.how, ending.status) == ("cancel", 487)


async def test_losers_of_a_fork_learn_that_it_was_answered_elsewhere(lab: Lab) -> None:
    one, two = await lab.phone(101), await lab.phone(102)
    call = await lab.caller.dial("610")
    won, lost = await one.incoming(), await two.incoming()
    won.answer()
    cancelled = await lost.cancelled
    assert cancelled.elsewhere, cancelled
    await call.answered
    call.hang_up()
    await won.ended


async def test_ring_timeout_is_not_answered_elsewhere(lab: Lab) -> None:
    phone = await lab.phone(101)
    lab.caller.place("650")
    cancelled = await (await phone.incoming()).cancelled
    assert not cancelled.elsewhere


async def test_answer_crossing_the_cancel(lab: Lab) -> None:
    phone = await lab.phone(101)
    phone.ring_only(answer_on_cancel=True)
    call = await lab.caller.dial("101")
    there = await phone.incoming()
    await call.ringing
    call.cancel()
    await call.ended
    await there.acknowledged
    ending = await there.ended
    assert (ending.by, ending.how) == ("there", "bye")
    assert not there.cancelled


async def test_cancel_crossing_the_answer_at_the_caller(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = lab.caller.place("101", cancel_at_answer=True)
    (await phone.incoming()).answer()
    ending = await call.ended
    assert (ending.how, ending.by) == ("bye", "here")
    await phone.calls[0].ended


async def test_bye_crossing_bye(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = lab.caller.place("101")
    there = await phone.incoming()
    there.answer()
    await call.answered
    there.cross_bye = call.cross_bye = True
    call.hang_up()
    await call.ended
    await there.ended
    assert "0 active channels" in await until_idle(lab)


async def test_hold_gives_music_and_resume_gives_voice(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = await lab.caller.dial("101")
    there = await phone.incoming()
    there.answer()
    await call.wait_until_hears(700)
    await there.hold()
    await call.audio.until(lambda: not call.hears(700) and call.hears("anything"), "music", 40)
    await there.resume()
    await call.wait_until_hears(700)
    await there.wait_until_hears(440)
    call.hang_up()
    await there.ended


async def test_dtmf_by_rtp_and_by_info(lab: Lab) -> None:
    phone = await lab.phone(101)
    by_info = await lab.phone(104)
    call = await lab.caller.dial("620")
    await call.answered
    await call.send_dtmf("427")
    there = await phone.incoming()
    assert there.caller_name == "427"
    call.hang_up()
    await there.ended
    call = await by_info.dial("620")
    await call.answered
    await call.send_dtmf("913", via="info")
    assert (await phone.incoming()).caller_name == "913"
    call.hang_up()
    await call.ended


async def test_dtmf_is_heard_by_the_phone(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = await lab.caller.dial("101")
    there = await phone.incoming()
    there.answer()
    await there.wait_until_hears(440)
    await call.send_dtmf("19#")
    await there.audio.until(lambda: there.audio.dtmf == ["1", "9", "#"], "1 9 #", 40)
    call.hang_up()
    await there.ended


async def test_blind_transfer(lab: Lab) -> None:
    one, two = await lab.phone(101), await lab.phone(102)
    call = await lab.caller.dial("101")
    there = await one.incoming()
    there.answer()
    await call.wait_until_hears(700)  # before, there is no bridge and Asterisk refuses a REFER
    transfer = await there.refer("102")
    assert transfer.status == 202
    final = await two.incoming()
    final.answer()
    assert await transfer.finished == 200
    await there.ended
    await asyncio.gather(call.wait_until_hears(800), final.wait_until_hears(440))
    call.hang_up()
    await final.ended


async def test_attended_transfer(lab: Lab) -> None:
    one, two = await lab.phone(101), await lab.phone(102)
    call = await lab.caller.dial("101")
    first = await one.incoming()
    first.answer()
    await call.wait_until_hears(700)
    await first.hold()
    second = await one.dial("102")
    final = await two.incoming()
    final.answer()
    await second.answered
    await second.wait_until_hears(800)
    transfer = await first.refer(second)
    assert await transfer.finished == 200
    await asyncio.gather(call.wait_until_hears(800), final.wait_until_hears(440))
    call.hang_up()
    await final.ended
    await first.ended
    await second.ended


async def test_redirected_by_the_phone(lab: Lab) -> None:
    one, two = await lab.phone(101), await lab.phone(102)
    one.redirect("102")
    two.auto_answer(after_ms=20, hang_up_after_ms=100)
    call = await lab.caller.dial("101")
    await call.answered
    assert (await call.ended).by == "there"


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_answers_connected_line_updates(lab: Lab, method: str) -> None:
    phone = await lab.phone(101)
    if method == "INVITE":  # only to those who do not know UPDATE
        phone.allow = phone.allow.replace("UPDATE, ", "")
    call = await phone.dial("630")
    await call.asked(method)
    assert (call.identity.display, call.identity.uri.user) == ("New Name", "777")
    await call.wait_until_hears(700)
    call.hang_up()
    await call.ended


async def test_headers_of_the_invite_reach_the_phone(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = await lab.caller.dial("640")
    there = await phone.incoming()
    assert there.alert_info == "<http://ring/queue>;info=queue"
    call.cancel()
    await there.cancelled


async def test_vanished_phone_is_unreachable(lab: Lab) -> None:
    phone = await lab.phone(101)
    phone.vanish()
    call = await lab.caller.dial("650")
    assert (await call.ended).how == "refused"
    assert not phone.calls
    phone.reappear()


async def test_phone_that_vanishes_in_mid_ring_costs_no_more_than_the_ring_time(lab: Lab) -> None:
    phone = await lab.phone(101)
    call = await lab.caller.dial("650")  # rings for one second
    there = await phone.incoming()
    await call.ringing
    phone.vanish()
    assert (await call.ended).how == "refused"
    assert not there.ended  # the CANCEL did not reach it
    phone.reappear()


async def test_phone_behind_a_nat_whose_binding_moved(lab: Lab) -> None:
    phone = await lab.phone(101)
    await phone.qualified
    old = lab.inside.port
    async with SipEndpoint() as elsewhere:
        phone.move(elsewhere)
        lost = lab.caller.place("650")  # goes to the old address and rings nowhere
        assert (await lost.ended).how == "refused"
        assert not phone.calls
        await phone.register()
        contacts = await lab.asterisk.cli("pjsip show contacts")
        assert f"101/sip:101@127.0.0.1:{elsewhere.port}" in contacts
        assert f"127.0.0.1:{old}" not in contacts
        await phone.qualified  # keep-alive at the new address
        call = await lab.caller.dial("101")
        there = await phone.incoming()
        there.answer()
        await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
        call.hang_up()
        await there.ended
        await phone.unregister()


async def test_binding_that_moves_while_it_rings_and_talks(lab: Lab) -> None:
    phone = await lab.phone(101)
    async with SipEndpoint() as one, SipEndpoint() as two:
        call = await lab.caller.dial("101")
        there = await phone.incoming()
        phone.move(one)
        there.answer()  # from the new address, in the old transaction
        await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
        phone.move(two)
        await phone.register()
        await there.hold()  # the re-INVITE tells Asterisk the new Contact
        call.hang_up()
        assert (await there.ended).by == "there"
        await phone.unregister()
    assert "0 active channels" in await until_idle(lab)


@pytest.mark.parametrize("status", [480, 486, 603])
async def test_refusals_reach_the_caller(lab: Lab, status: int) -> None:
    phone = await lab.phone(101)
    phone.reject(status)
    call = lab.caller.place("101")
    await phone.incoming()
    assert (await call.ended).how == "refused"
    # From every busy phone Dial makes 486; DND and declined are the dialplan's to tell apart.
    assert (call.status == 486) == (status == 486)


async def test_a_law_is_heard(lab: Lab) -> None:
    call = await lab.caller.dial("602")
    await call.answered
    assert call.theirs is not None
    assert call.theirs.codecs == (8,)
    await call.wait_until_hears(1004)
    call.hang_up()
    await call.ended


async def test_far_end_hangs_up_at_once(lab: Lab) -> None:
    call = await lab.caller.dial("606")
    assert (await call.ended).by == "there"


async def test_nothing_is_left_when_the_endpoint_closes(lab: Lab) -> None:
    async with SipEndpoint("127.0.0.2") as endpoint:
        caller = Caller(endpoint, "pbx", server=lab.server)
        await (await caller.dial("601")).answered
        await (await caller.dial("604")).ringing
    assert "0 active channels" in await until_idle(lab)
