"""The configuration changes under calls: what is new takes effect at once, and nobody is dropped."""

from __future__ import annotations

import asyncio
import copy
import signal
from typing import Any

import pytest

from engine.adapters.render import RELOADED
from tests.support.draft import CLOSING, CLOSING_HZ, MUSIC_HZ, PROMPT, PROMPT_HZ, Draft
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import about, ms_between

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-10"),
]

DRAFT = Draft(unknown_number_prompts=[PROMPT])


def current(floor: Floor) -> dict[str, Any]:
    """Returns the configuration in force, to change and apply."""
    return copy.deepcopy(floor.live.sections)


TALKING, WAITING = DRAFT.queue(), DRAFT.queue(0)


async def test_a_queue_is_added_while_calls_wait_and_talk(floor: Floor) -> None:
    """With a new phone, which Asterisk learns of too; talkers and waiters notice nothing."""
    ann = await floor.phone(TALKING, media="tone:700")
    talk, there = await floor.talking(TALKING, ann, media="tone:440")
    waiter = await floor.call(WAITING, media="silence")
    await waiter.wait_until_hears(MUSIC_HZ)
    await asyncio.gather(talk.wait_until_hears(700), there.wait_until_hears(440))

    sections = current(floor)
    sections["extensions"]["1999"] = {
        "name": "New",
        "password": {"file": "extension-1999"},
        "codecs": ["ulaw"],
    }
    sections["agents"]["1999"] = {}
    sections["queues"]["6499"] = {
        "name": "New",
        "members": [{"agent": "1999", "kind": "static"}],
    }
    sections["inbound_routes"]["new"] = {"pattern": "6499", "destination": {"queue": "6499"}}
    await floor.live.apply(sections)
    new = await floor.phone("1999", media="tone:800")
    call = await floor.call("6499", media="silence")
    their = await new.incoming()
    their.answer()
    await call.wait_until_hears(800)

    await hear_packets(waiter, 10)
    await waiter.wait_until_hears(MUSIC_HZ)
    await asyncio.gather(talk.wait_until_hears(700), there.wait_until_hears(440))
    for each in (call, waiter, talk):
        assert not each.ended
        each.hang_up()
    assert (await floor.record(waiter)).outcome == ("abandoned", "caller_hung_up")
    assert len((await floor.record(talk)).talks) == 1


SHORT_HANDED = DRAFT.queue()
HELPER = DRAFT.extension()


async def test_a_new_member_is_rung_at_once_for_who_waits(floor: Floor) -> None:
    helper = await floor.phone(HELPER)
    call = await floor.call(SHORT_HANDED)
    await call.answered
    sections = current(floor)
    sections["queues"][SHORT_HANDED.number]["members"].append({"agent": HELPER, "kind": "static"})
    await floor.live.apply(sections)
    there = await helper.incoming()
    assert there.caller_number == call.number
    await floor.pick_up(there)
    call.hang_up()
    record = await floor.record(call)
    assert record.offered() == [(HELPER, "answered")]
    (login,) = await floor.rows("agent_logins", 1, agent_id=HELPER)
    assert (login["login_how"], login["ended_at_ms"]) == ("config", None)


LEAVING = DRAFT.queue(2, strategy="ring_all")


async def test_a_member_is_removed_while_talking_and_ringing(floor: Floor) -> None:
    """The talk goes on to its end and is recorded; the phone is not rung again."""
    ann, bob = await floor.phones(LEAVING, media="tone:700")
    talk = await floor.call(LEAVING, media="tone:440")
    there, other = await ann.incoming(), await bob.incoming()
    there.answer()
    await other.cancelled
    sections = current(floor)
    members = sections["queues"][LEAVING.number]["members"]
    members[:] = [member for member in members if member["agent"] != ann.user]
    await floor.live.apply(sections)
    await asyncio.gather(talk.wait_until_hears(700), there.wait_until_hears(440))
    there.hang_up()
    record = await floor.settled(talk)
    assert record.visit["agent_id"] == ann.user

    call, _ = await floor.talking(LEAVING, bob)
    call.hang_up()
    assert (await floor.record(call)).offered() == [(bob.user, "answered")]
    assert len(ann.calls) == 1


CHANGED = DRAFT.queue(2, strategy="linear", ring_timeout_s=30)
CHANGED_LATER = DRAFT.queue(0, failure={"play": [CLOSING]})


async def test_changed_options_hold_for_calls_that_wait_already(floor: Floor) -> None:
    """A ring timeout for the next offer, a maximum wait counted from entry, another destination."""
    ann, bob = await floor.phones(CHANGED)
    call = await floor.call(CHANGED, media="silence")
    first = await ann.incoming()
    sections = current(floor)
    sections["queues"][CHANGED.number] |= {
        "ring_timeout_s": 0.4,
        "max_wait_s": 8,
        "failure": sections["queues"][CHANGED_LATER.number]["failure"],
    }
    await floor.live.apply(sections)
    assert first.pending
    first.reject(486)
    second = await bob.incoming()
    assert (await second.cancelled).how == "cancel"
    assert about(400, ms_between(second.at_ns, second.cancelled.at_ns))
    await call.wait_until_hears(CLOSING_HZ, seconds=40)
    await call.ended
    record = await floor.record(call)
    assert record.outcome == ("missed", "max_wait")
    assert about(8_000, record.visit["wait_ms"])


REMOVED = DRAFT.queue(1, failure={"play": [CLOSING]})
REMOVED_RINGING = DRAFT.queue(1, failure={"hang_up": 17})


async def test_a_removed_queue_drains(floor: Floor) -> None:
    """Who waits goes to the failure destination, who talks finishes, what was stays in the books."""
    ann, bob = await floor.phones(REMOVED, REMOVED_RINGING)
    ann.media = "tone:700"
    talk, there = await floor.talking(REMOVED, ann, media="tone:440")
    waiter = await floor.call(REMOVED, media="silence")
    await waiter.wait_until_hears(MUSIC_HZ)
    ringing = await floor.call(REMOVED_RINGING)
    at_bob = await bob.incoming()

    sections = current(floor)
    for queue in (REMOVED, REMOVED_RINGING):
        del sections["queues"][queue.number]
        for name, route in list(sections["inbound_routes"].items()):
            if route["destination"] == {"queue": queue.number}:
                del sections["inbound_routes"][name]
    await floor.live.apply(sections)

    await at_bob.cancelled
    assert [reason.cause for reason in (await ringing.ended).reasons] == [17]
    await hears_only(waiter, CLOSING_HZ, MUSIC_HZ)
    await waiter.ended
    for call in (waiter, ringing):
        assert (await floor.record(call)).outcome == ("missed", "queue_removed")
    await asyncio.gather(talk.wait_until_hears(700), there.wait_until_hears(440))
    there.hang_up()
    record = await floor.record(talk)
    assert (record.visit["queue_id"], record.outcome[0]) == (REMOVED.number, "answered")
    logins = [row for row in floor.live.facts.rows("agent_logins") if row["agent_id"] == ann.user]
    assert [(row["logout_how"], row["queue_id"]) for row in logins] == [("config", REMOVED.number)]

    gone = await floor.call(REMOVED.number, media="silence")
    await gone.wait_until_hears(PROMPT_HZ)


STEADY = DRAFT.queue()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("queues: [", "centre.yaml"),
        ("queues:\n  '6400': {name: Sales, colour: red}\n", "colour"),
        ("", "empty"),
    ],
    ids=["syntax", "unknown_key", "empty"],
)
async def test_an_invalid_configuration_changes_nothing(
    floor: Floor, broken: str, words: str
) -> None:
    """The log says what is wrong and that the one before stays in force; calls do not notice."""
    ann = await floor.phone(STEADY, media="tone:700")
    talk, _ = await floor.talking(STEADY, ann, media="tone:440")
    floor.forgiven += ["configuration"]
    begin = floor.live.log_size()
    path = floor.live.config / "centre.yaml"
    scratch = path.with_suffix(".new")
    scratch.write_text(broken)
    scratch.replace(path)
    await floor.live.engine_says("configuration not applied", since=begin)
    assert words in floor.live.engine_log(begin)
    await talk.wait_until_hears(700)
    talk.hang_up()
    await floor.settled(talk)
    call, _ = await floor.talking(STEADY, ann, media="tone:440")
    await call.wait_until_hears(700)

    await floor.live.apply(floor.live.sections)
    assert not call.ended


LIMITED = DRAFT.queue(0)


@pytest.mark.row("Q-02")
async def test_a_new_longest_wait_holds_for_who_waits_already(floor: Floor) -> None:
    call = await floor.call(LIMITED)
    await call.answered
    sections = current(floor)
    sections["queues"][LIMITED.number]["max_wait_s"] = 1
    await floor.live.apply(sections)
    await call.ended
    record = await floor.record(call)
    assert record.outcome == ("missed", "max_wait")


RENAMED = DRAFT.queue()


async def test_a_queue_is_renamed_twice_under_a_talk(floor: Floor) -> None:
    ann = await floor.phone(RENAMED)
    call, _ = await floor.talking(RENAMED, ann)
    sections = current(floor)
    for name in ("Another name", "Yet another"):
        sections["queues"][RENAMED.number]["name"] = name
        await floor.live.apply(sections)
    assert not call.ended
    call.hang_up()
    assert len((await floor.record(call)).talks) == 1


async def test_asked_by_hand_asterisk_reads_everything_again_and_calls_do_not_notice(
    floor: Floor,
) -> None:
    """Nobody remembers what it was told before an outage; every module must know how to reload."""
    ann = await floor.phone(TALKING, media="tone:700")
    talk, there = await floor.talking(TALKING, ann, media="tone:440")
    begin = floor.live.log_size()
    assert floor.live.engine is not None
    floor.live.engine.send_signal(signal.SIGHUP)
    await floor.live.engine_says("Asterisk was told again", since=begin)
    for module in RELOADED:
        assert f"{module} reloaded" in floor.live.engine_log(begin)
    assert "not reloaded" not in floor.live.engine_log()
    await asyncio.gather(talk.wait_until_hears(700), there.wait_until_hears(440))
    talk.hang_up()
