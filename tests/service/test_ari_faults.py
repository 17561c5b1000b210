"""The ARI adapter when things go wrong: lost, refused, slow, strange, taken over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging

import aiohttp
import pytest

import engine.adapters.ari.client as ari_client
import engine.adapters.ari.entering as ari_entering
import engine.adapters.ari.session as ari_session
import engine.adapters.ari.settling as ari_settling
import engine.adapters.ari.telephony as ari_telephony
import engine.adapters.ari.transport as ari_transport
from engine.adapters.ari import AriTelephony
from engine.adapters.fakes.parts import Manner
from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Connect,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RecordingChange,
    StartMonitor,
    StartRecording,
    StopMonitor,
    TransferState,
)
from engine.core.ids import (
    CallId,
    MonitorId,
    RecordingId,
    bridge_id_of,
    leg_id_of,
    monitor_bridge_id_of,
    monitor_id_of,
    playback_id_of,
)
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    RecordingFinished,
    TransferRequested,
)
from engine.core.model.rng import Rng
from tests.support.ari_server import SECRET, USER, AriServer
from tests.support.telephony_contract import NODE, Posted, ring

pytestmark = [pytest.mark.service, pytest.mark.real_time]

NOBODY = AnswerCall(NODE, CallId("nobody"))


@pytest.fixture
def posted():
    return Posted()


@pytest.fixture
async def server(monkeypatch):
    monkeypatch.setattr(ari_telephony, "BACKOFF_FIRST_S", 0.005)
    monkeypatch.setattr(ari_telephony, "BACKOFF_MAX_S", 0.02)
    async with AriServer() as made:
        made.switch.manners["1001"] = made.switch.manners["1002"] = Manner.RINGS
        yield made


def telephony_of(server, posted, **changes):
    known = {"node": NODE, "url": server.url, "user": USER, "secret": SECRET, "post": posted}
    return AriTelephony(**{**known, **changes})


@contextlib.asynccontextmanager
async def running(telephony):
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(telephony.run())
        try:
            yield
        finally:
            task.cancel()


@contextlib.asynccontextmanager
async def connected(server, posted, **changes):
    telephony = telephony_of(server, posted, **changes)
    async with running(telephony):
        await posted.first(NodeConnected)
        yield telephony


def arrive(server, **fields):
    return server.switch.dial_in(endpoint="carrier", dialled="6400", **fields)


async def until_logged(caplog, words, count=1):
    async with asyncio.timeout(5):
        # Logging announces nothing.
        while sum(words in each.getMessage() for each in caplog.records) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


# Not getting a connection.


@pytest.mark.parametrize(
    ("changes", "refuse", "words"),
    [
        ({"secret": "wrong-word"}, 0, "status 401: user or password is wrong"),
        ({}, 403, "status 403: this ARI user may not do this"),
        ({}, 404, "status 404: no ARI at this address"),
        ({}, 503, "status 503: Asterisk is not ready"),
        ({}, 418, "status 418: not what an ARI answers"),
        ({"url": "http://127.0.0.1:1"}, 0, "Cannot connect to host 127.0.0.1:1"),
        ({"url": "http://no.such.host.invalid"}, 0, "no.such.host.invalid"),
    ],
)
async def test_a_refusal_is_logged_once_and_tried_again(
    server, posted, caplog, changes, refuse, words
):
    server.refuse = refuse
    telephony = telephony_of(server, posted, **changes)
    async with running(telephony):
        await until_logged(caplog, words)
        await asyncio.sleep(0.1)  # Several more tries.
        telephony.send(NOBODY)
    await asyncio.get_running_loop().shutdown_default_executor()  # It looked the host up.
    assert sum("away" in record.getMessage() for record in caplog.records) == 1
    assert posted.all == [CommandFailed(NOBODY, 0, "not connected")]
    assert SECRET not in caplog.text
    assert "wrong-word" not in caplog.text


async def test_another_reason_is_another_line(server, posted, caplog):
    server.refuse = 503
    async with running(telephony_of(server, posted)):
        await until_logged(caplog, "status 503")
        server.refuse = 401
        await until_logged(caplog, "status 401")
        server.refuse = 0
        await posted.first(NodeConnected)


async def test_backoff_doubles_up_to_a_limit_with_jitter(server, posted, monkeypatch):
    slept = []
    server.refuse = 503

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 12:
            raise asyncio.CancelledError

    monkeypatch.setattr(ari_telephony, "BACKOFF_FIRST_S", 0.05)
    monkeypatch.setattr(ari_telephony, "BACKOFF_MAX_S", 3.0)
    monkeypatch.setattr(ari_telephony.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await telephony_of(server, posted, rng=Rng(1)).run()
    full = [0.05 * 2**n for n in range(6)] + [3.0] * 6
    for actual, most in zip(slept, full, strict=True):
        assert most / 2 <= actual <= most
    assert len(set(slept[6:])) == 6  # Not all engines at the same instant.


async def test_a_mute_asterisk_is_left_and_tried_again(server, posted, monkeypatch, caplog):
    monkeypatch.setattr(ari_session, "COMPARE_S", 0.05)
    server.mute = True
    async with running(telephony_of(server, posted)):
        await until_logged(caplog, "did not say within 0.05 s what exists")
        assert posted.all == []
        server.mute = False
        await posted.first(NodeConnected)


async def test_a_connection_that_is_dead_is_left(server, posted, monkeypatch, caplog):
    """Nothing comes, not even a pong: a websocket stuck in Asterisk, or a cable pulled."""
    monkeypatch.setattr(ari_transport, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(ari_session, "COMPARE_S", 30.0)
    server.deaf = True
    async with running(telephony_of(server, posted)):
        await until_logged(caplog, "telephony away: node lab: ServerTimeoutError")
        server.deaf = False
        await posted.first(NodeConnected)


async def test_a_connection_that_never_opens_is_left(posted, monkeypatch, caplog):
    monkeypatch.setattr(ari_transport, "CONNECT_S", 0.05)
    writers = []
    quiet = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{quiet.sockets[0].getsockname()[1]}"
    telephony = AriTelephony(node=NODE, url=url, user=USER, secret=SECRET, post=posted)
    async with running(telephony):
        await until_logged(caplog, "no answer within 0.05 s")
    quiet.close()
    for writer in writers:
        writer.close()


@pytest.mark.parametrize(
    "answer",
    [
        (("GET", "channels"), (200, {"what": "is this"})),
        (("GET", "channels"), (500, {"message": "out of memory"})),
        (("PUT", "applications"), (404, {"message": "Application not found"})),
        (("GET", "bridges"), (200, None)),
    ],
)
async def test_what_exists_must_be_told(server, posted, caplog, answer):
    request, told = answer
    server.answers[request] = told
    async with running(telephony_of(server, posted)):
        await until_logged(caplog, "telephony away")
        assert posted.all == []
        server.answers.clear()
        await posted.first(NodeConnected)


async def test_an_unknown_start_time_does_not_keep_us_away(server, posted):
    server.answers["GET", "asterisk"] = (500, {"message": "no"})
    async with running(telephony_of(server, posted)):
        assert (await posted.first(NodeConnected)).boot_id == ""


# Losing it.


async def test_a_loss_is_told_before_what_it_makes_fail(server, posted, caplog):
    """The core leaves failures of a lost node to the reconciliation: it must know of the loss."""
    caplog.set_level(logging.INFO)
    async with connected(server, posted) as telephony:
        server.mute = True
        telephony.send(NOBODY)
        telephony.send(ring(CallId("x")))
        server.cut()
        await posted.first(NodeDisconnected)
        failed = [await posted.first(CommandFailed) for _ in range(2)]
        assert {(type(each.command).__name__, each.why) for each in failed} == {
            ("AnswerCall", "connection lost"),
            ("RingPhone", "connection lost"),
        }
        server.mute = False
        await posted.first(NodeConnected)
    lines = [record.getMessage() for record in caplog.records if "telephony" in record.getMessage()]
    assert [line.split(":")[0] for line in lines] == [
        "telephony connected",
        "telephony lost",
        "telephony connected",
    ]


@pytest.mark.parametrize(("version", "warnings"), [("22.10.1+dfsg", 2), ("22.11.0", 0)])
async def test_an_asterisk_with_a_fatal_fault_is_warned_of_at_each_connection(
    server, posted, caplog, version, warnings
):
    server.version = version
    async with connected(server, posted):
        server.cut()
        await posted.first(NodeDisconnected)
        await posted.first(NodeConnected)
    lines = [line for line in caplog.messages if "Refer-Sub: false" in line]
    assert len(lines) == warnings
    assert all(line.startswith(f"telephony: node {NODE}: Asterisk 22.10.1 is") for line in lines)


async def test_asterisk_comes_back_empty_handed(server, posted):
    """A restart of Asterisk: other boot, no channels; and on we go."""
    async with connected(server, posted) as telephony:
        arrive(server)
        await posted.first(CallArrived)
        await server.stop()
        await posted.first(NodeDisconnected)
        telephony.send(NOBODY)
        await posted.exactly(CommandFailed(NOBODY, 0, "not connected"))
        server.switch.restart()
        await server.listen()
        assert await posted.first(NodeConnected) == NodeConnected(NODE, (), (), "boot 2")
        arrive(server)
        await posted.first(CallArrived)
    assert posted.count(CallerHungUp) == 0


async def test_another_engine_takes_the_application(server, posted, caplog):
    """Asterisk then sends this one nothing any more: that must not look like a quiet day."""
    async with connected(server, posted):
        headers = ari_transport.authorization(USER, SECRET)
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(ari_transport.events_url(server.url), headers=headers),
        ):
            await posted.first(NodeDisconnected)
            await until_logged(caplog, "another connection has taken over our application")
        await posted.first(NodeConnected)


async def test_steady_connections_start_the_backoff_anew(server, posted, monkeypatch):
    slept = []
    real = asyncio.sleep

    async def sleep(seconds):
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(ari_telephony, "BACKOFF_FIRST_S", 1.0)
    monkeypatch.setattr(ari_telephony, "BACKOFF_MAX_S", 8.0)
    monkeypatch.setattr(ari_telephony.asyncio, "sleep", sleep)
    async with connected(server, posted):
        for n in range(4):
            monkeypatch.setattr(ari_telephony, "STEADY_S", 0.0 if n == 3 else 99.0)
            server.cut()
            await posted.first(NodeConnected)
    rounds = [each for each in slept if each >= 0.5]
    assert [round(each / (0.5 * 2**n)) in {1, 2} for n, each in enumerate(rounds[:3])] == [True] * 3
    assert rounds[3] <= 1.0


# While the lists are made.


async def test_arrivals_around_the_lists_are_told_once_each(server, posted):
    """One before the filter, one between the lists, one after: each is heard of exactly once."""
    arrive(server, channel_id="before")
    server.before["PUT", "applications"] = lambda: arrive(server, channel_id="filter")
    server.before["GET", "bridges"] = lambda: arrive(server, channel_id="between")

    def at_the_lists():
        del server.before["GET", "channels"]
        asyncio.get_running_loop().call_soon(lambda: arrive(server, channel_id="after"))

    server.before["GET", "channels"] = at_the_lists
    async with running(telephony_of(server, posted)):
        seen = await posted.first(NodeConnected)
        await posted.until(
            lambda each: each == CallArrived("after", NODE, "carrier", "6400", "", "", 0)
        )
    told = [each.channel_id for each in seen.channels]
    told += [each.call_id for each in posted.all if type(each) is CallArrived]
    assert sorted(told) == ["after", "before", "between", "filter"]


async def test_ends_around_the_lists(server, posted):
    """Who ends before the lists are made is not in them and not told; who ends after is told."""
    early, late = arrive(server, channel_id="early"), arrive(server, channel_id="late")
    server.before["GET", "bridges"] = lambda: server.switch.leave(early)

    def after_the_lists():
        asyncio.get_running_loop().call_soon(server.switch.leave, late)

    server.before["GET", "channels"] = after_the_lists
    async with running(telephony_of(server, posted)):
        seen = await posted.first(NodeConnected)
        await posted.exactly(CallerHungUp(CallId("late"), 16))
    assert [each.channel_id for each in seen.channels] == ["late"]
    assert [type(each) for each in posted.all] == [NodeConnected, CallerHungUp, NodeDisconnected]


async def test_an_answer_around_the_lists_is_told_once(server, posted):
    async with connected(server, posted) as telephony:
        call_id = CallId(arrive(server).channel_id)
        telephony.send(ring(call_id))
        await posted.first(LegRinging)
        server.before["GET", "channels"] = lambda: server.switch.pick_up("1001")
        server.cut()
        seen = await posted.first(NodeConnected)
        assert [each.up for each in seen.channels] == [False, True]
        telephony.send(NOBODY)
        await posted.first(CommandFailed)
    assert posted.count(LegAnswered) == 0


async def test_an_arrival_whose_event_is_late_is_not_told_twice(server, posted):
    """The lists had it; its StasisStart was still on the way."""
    channel = arrive(server)
    async with connected(server, posted) as telephony:
        late = {"type": "StasisStart", "channel": {"id": channel.channel_id}}
        server.say(late)
        telephony.send(NOBODY)
        await posted.first(CommandFailed)
    assert posted.count(CallArrived) == 0


async def test_commands_fail_until_the_comparison_is_done(server, posted):
    telephony = telephony_of(server, posted)
    server.before["GET", "channels"] = lambda: telephony.send(NOBODY)
    async with running(telephony):
        await posted.first(NodeConnected)
    assert posted.all[0] == CommandFailed(NOBODY, 0, "not connected")


# Strange messages.


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("no json", "json"),
        ("", "json"),
        ("[1, 2]", "json"),
        ("null", "json"),
        ("[" * 200_000, "json"),
        (b"\x00\x01", "frame"),
        ({"type": "StasisStart"}, "event StasisStart"),
        ({"type": "ChannelStateChange", "channel": []}, "event ChannelStateChange"),
        ({"type": "SomethingNew", "x": 1}, "event SomethingNew"),
        ({"type": 7}, "event 7"),
        ({"x": "y"}, "event None"),
    ],
)
async def test_strange_messages_are_counted_and_survived(server, posted, caplog, message, kind):
    async with connected(server, posted) as telephony:
        for _ in range(3):
            server.say(message)
        arrive(server)
        await posted.first(CallArrived)
        assert telephony.counters.oddities == {kind: 3}
    assert sum("counted from now on" in record.getMessage() for record in caplog.records) == 1


async def test_answers_nobody_waits_for_are_counted(server, posted):
    async with connected(server, posted) as telephony:
        server.say({"type": "RESTResponse", "request_id": "77", "status_code": 200})
        server.say({"type": "RESTResponse"})
        arrive(server)
        await posted.first(CallArrived)
        assert telephony.counters.late == 2
        assert not telephony.counters.oddities


async def test_a_huge_message_costs_the_connection_only(server, posted, monkeypatch, caplog):
    monkeypatch.setattr(ari_transport, "MESSAGE_BYTES_MAX", 10_000)
    async with connected(server, posted):
        server.say("x" * 20_000)
        await posted.first(NodeDisconnected)
        await posted.first(NodeConnected)
    assert "telephony lost: node lab: " in caplog.text


async def test_a_message_that_is_no_utf8_costs_the_connection_only(server, posted):
    async with connected(server, posted):
        writer = server._socket._writer
        writer.transport.write(b"\x81\x02\xff\xfe")
        await posted.first(NodeDisconnected)
        await posted.first(NodeConnected)


# Slow and failing requests.


async def test_an_answer_that_does_not_come_is_a_failure(server, posted, monkeypatch):
    monkeypatch.setattr(ari_client, "ANSWER_S", 0.05)
    async with connected(server, posted) as telephony:
        server.mute = True
        telephony.send(NOBODY)
        await posted.exactly(CommandFailed(NOBODY, 0, "no answer within 0.05 s"))
        await telephony.drain()
        server.mute = False
        telephony.send(NOBODY)
        assert (await posted.first(CommandFailed)).status == 404
        assert telephony.counters.failed == 2


async def test_a_flood_of_commands_fails_with_a_reason(server, posted, monkeypatch):
    monkeypatch.setattr(ari_client, "UNANSWERED_MAX", 10)
    async with connected(server, posted) as telephony:
        await telephony.drain()
        for _ in range(15):
            telephony.send(NOBODY)
        failed = [await posted.first(CommandFailed) for _ in range(15)]
    why = "10 requests are unanswered: Asterisk is overloaded or stuck"
    assert [each.why for each in failed] == [why] * 5 + ["Channel not found"] * 10


async def test_a_reader_that_does_not_read_blocks_nobody(server, posted, monkeypatch):
    """`send` writes past what the socket takes, never waits, and loses nothing."""
    async with connected(server, posted) as telephony:
        call_id = CallId(arrive(server).channel_id)
        await posted.first(CallArrived)
        for _ in range(4_000):  # About 5 MB: more than the kernel's buffers.
            name = "n" * 80
            telephony.send(
                PlayPrompt(NODE, playback_id_of(call_id, 1), call_id, ("sound:" + name * 12,), "en")
            )
        async with asyncio.timeout(20):
            await telephony.drain()
        played = [
            uri for method, uri, *_ in server.requests if "/play/" in uri and method == "POST"
        ]
        assert len(played) == 4_000
        server.switch.close()


async def test_a_leg_that_never_enters_fails_once(server, posted, monkeypatch):
    monkeypatch.setattr(ari_entering, "ENTER_S", 0.05)
    async with connected(server, posted) as telephony:
        server.enter_legs = False
        command = ring(CallId(arrive(server).channel_id))
        telephony.send(command)
        why = "the leg did not enter our application within 0.05 s"
        await posted.exactly(CommandFailed(command, 0, why))
    assert posted.count(CommandFailed) == 1


async def test_a_leg_in_the_making_fails_with_the_connection(server, posted):
    async with connected(server, posted) as telephony:
        server.enter_legs = False
        command = ring(CallId(arrive(server).channel_id))
        telephony.send(command)
        telephony.send(NOBODY)
        await posted.first(CommandFailed)
        server.cut()
        await posted.exactly(CommandFailed(command, 0, "connection lost"))
    assert posted.count(CommandFailed) == 2


async def test_drained_means_that_legs_are_dialled_too(server, posted):
    async with connected(server, posted) as telephony:
        command = ring(CallId(arrive(server).channel_id))
        telephony.send(command)
        await telephony.drain()
        assert server.requests[-1][1].endswith("/dial")
        server.enter_legs = False
        telephony.send(ring(command.call_id, "1002", 2))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await telephony.drain()


@pytest.mark.parametrize("status", [404, 409])
async def test_a_leg_that_cannot_be_dialled_fails(server, posted, status):
    async with connected(server, posted) as telephony:
        server.answers["POST", "channels/leg-"] = (status, {"message": "no"})
        command = ring(CallId(arrive(server).channel_id))
        telephony.send(command)
        await posted.exactly(CommandFailed(command, status, "no"))


async def test_a_leg_is_dialled_once(server, posted):
    """Dialled a second time Asterisk destroys it."""
    async with connected(server, posted) as telephony:
        command = ring(CallId(arrive(server).channel_id))
        telephony.send(command)
        await posted.first(LegRinging)
        telephony.send(command)
        for _ in range(2):
            server.event("StasisStart", channel={"id": command.leg_id}, args=[])
        telephony.send(NOBODY)
        await posted.first(CommandFailed)
    assert sum(uri.endswith("/dial") for _, uri, *_ in server.requests) == 1


async def test_a_leg_given_up_is_not_dialled(server, posted):
    async with connected(server, posted) as telephony:
        call_id = CallId(arrive(server).channel_id)
        telephony.send(ring(call_id))
        telephony.send(HangUpLeg(NODE, leg_id_of(call_id, 1), answered_elsewhere=False))
        await posted.exactly(LegEnded(leg_id_of(call_id, 1), 16))
    assert not any(uri.endswith("/dial") for _, uri, *_ in server.requests)


# Ears that come half-way.


def spy(call_id, whisper=False):
    bridge_id = monitor_bridge_id_of(call_id)
    return StartMonitor(NODE, monitor_id_of(call_id, 1), bridge_id, call_id, "spied", whisper)


def recording(stereo=False):
    recording_id = RecordingId("rec-x-1")
    return StartRecording(NODE, recording_id, CallId("spied"), "2026/x", stereo)


def change(what, stereo=False):
    return ChangeRecording(NODE, RecordingId("rec-x-1"), "2026/x", stereo, what)


def deleted(server):
    uris = [uri for method, uri, *_ in server.requests if method == "DELETE"]
    return [uri.removeprefix("channels/") for uri in uris if not uri.startswith("deviceStates")]


@pytest.mark.parametrize("stereo", [False, True])
async def test_an_ear_that_never_enters_fails_once_and_is_removed(
    server, posted, monkeypatch, stereo
):
    monkeypatch.setattr(ari_entering, "ENTER_S", 0.05)
    async with connected(server, posted) as telephony:
        server.enter_legs = False
        arrive(server, channel_id="spied")
        commands = [spy(CallId("boss")), recording(stereo)]
        pause = change(RecordingChange.PAUSE, stereo)
        for command in (*commands, pause):
            telephony.send(command)
        failed = [await posted.first(CommandFailed) for _ in range(3)]
        why = "the ear did not enter our application within 0.05 s"
        assert [each.command for each in failed] == [*commands, pause]
        assert {(each.status, each.why) for each in failed} == {(0, why)}
        await telephony.drain()
    assert deleted(server) == ["spy-boss-1", "rec-x-1"] + ["rec-x-1~r"] * stereo
    assert posted.count(CommandFailed) == 3


async def test_a_recording_that_never_begins_fails(server, posted, monkeypatch):
    monkeypatch.setattr(ari_entering, "ENTER_S", 0.05)
    async with connected(server, posted) as telephony:
        server.answers["POST", "channels/rec-x-1/record"] = (201, {})
        arrive(server, channel_id="spied")
        telephony.send(recording())
        why = "the ear did not begin to record within 0.05 s"
        await posted.exactly(CommandFailed(recording(), 0, why))


@pytest.mark.parametrize("stereo", [False, True])
async def test_ears_in_the_making_fail_with_the_connection(server, posted, stereo):
    async with connected(server, posted) as telephony:
        server.enter_legs = False
        arrive(server, channel_id="spied")
        commands = [spy(CallId("boss")), recording(stereo), change(RecordingChange.PAUSE, stereo)]
        for command in (*commands, NOBODY):
            telephony.send(command)
        await posted.first(CommandFailed)
        server.cut()
        failed = [await posted.first(CommandFailed) for _ in range(3)]
        assert failed == [CommandFailed(command, 0, "connection lost") for command in commands]


@pytest.mark.parametrize(
    ("place", "removed"),
    [
        ("channels/spied/snoop/rec-x-1~r", ["rec-x-1", "rec-x-1~r"]),
        ("channels/rec-x-1/record", ["rec-x-1", "rec-x-1~r"]),
        ("channels/rec-x-1~r/record", ["rec-x-1", "rec-x-1~r"]),
    ],
)
async def test_half_a_recording_is_none(server, posted, place, removed):
    async with connected(server, posted) as telephony:
        arrive(server, channel_id="spied")
        server.answers["POST", place] = (500, {"message": "no"})
        command, pause = recording(stereo=True), change(RecordingChange.PAUSE, stereo=True)
        telephony.send(command)
        telephony.send(pause)
        await posted.exactly(CommandFailed(command, 500, "no"))
        await posted.exactly(CommandFailed(pause, 500, "no"))
        await telephony.drain()
        assert not [each for each in server.switch.channels if each.startswith("rec-")]
    assert deleted(server)[:2] == removed
    assert posted.count(CommandFailed) == 2


@pytest.mark.parametrize("stereo", [False, True])
async def test_a_full_disk_is_told_and_the_ears_go(server, posted, stereo):
    async with connected(server, posted) as telephony:
        arrive(server, channel_id="spied")
        server.switch.ears.disk_full = True
        telephony.send(recording(stereo))
        finished = await posted.first(RecordingFinished)
        assert not finished.ok
        assert "disk is full" in finished.why
        await telephony.drain()
        assert list(server.switch.channels) == ["spied"]
    assert posted.count(RecordingFinished) == 1


async def test_a_monitor_given_up_is_not_brought_together(server, posted):
    async with connected(server, posted) as telephony:
        server.enter_legs = False
        arrive(server, channel_id="spied")
        arrive(server, channel_id="boss")
        command = spy(CallId("boss"), whisper=True)
        telephony.send(command)
        telephony.send(StopMonitor(NODE, command.monitor_id))
        await telephony.drain()
        late = {"id": command.monitor_id, "name": "Snoop/spied-00000001"}
        server.event("StasisStart", channel=late, args=[])
        telephony.send(NOBODY)
        await posted.first(CommandFailed)
    assert not any(uri.startswith("bridges/ear-") for _, uri, *_ in server.requests)


async def test_a_recorder_given_up_takes_its_changes_with_it(server, posted):
    async with connected(server, posted) as telephony:
        server.enter_legs = False
        arrive(server, channel_id="spied")
        pause = change(RecordingChange.PAUSE)
        for command in (recording(), pause, StopMonitor(NODE, MonitorId("rec-x-1"))):
            telephony.send(command)
        await posted.exactly(CommandFailed(pause, 404, "given up"))


# Transfers that are answered.


@pytest.mark.row("A-07")
@pytest.mark.parametrize("release", ["told", "gone", "never told", "cut"])
async def test_nobody_is_hung_up_before_the_phone_is_told_of_its_transfer(
    server, posted, monkeypatch, release
):
    """Asterisk would read the phone's other channel, and that would be gone."""
    monkeypatch.setattr(ari_settling, "SETTLE_S", 0.05 if release == "never told" else 30.0)
    async with connected(server, posted) as telephony:
        asker, other, third = (arrive(server, channel_id=each) for each in ("asker", "other", "x"))
        server.switch.refer(asker, "1002", other.channel_id)
        await posted.first(TransferRequested)
        server.echo_transfers = False
        if release == "gone":
            server.switch.leave(asker)
        telephony.send(AnswerTransfer(NODE, "asker", TransferState.DONE))
        hang_ups = [HangUpCall(NODE, CallId(each.channel_id), 16) for each in (asker, other)]
        for command in (*hang_ups, HangUpCall(NODE, CallId("x"), 16)):
            telephony.send(command)
        await posted.until(lambda each: each == CallerHungUp(CallId("x"), 0))
        deletions = [line for line in asked(server) if line.startswith("DELETE")]
        assert release == "gone" or deletions == ["DELETE channels/x"]
        if release == "told":
            server._transfer_told(asker, "channel_answered")
        elif release == "cut":
            server.cut()
            failed = [await posted.first(CommandFailed) for _ in range(2)]
            assert failed == [CommandFailed(each, 0, "connection lost") for each in hang_ups]
            return
        await posted.until(lambda each: each == CallerHungUp(CallId("other"), 0))
        async with asyncio.timeout(5):
            await telephony.drain()
        assert [line for line in asked(server) if line.startswith("DELETE")][-2:] == [
            "DELETE channels/asker",
            "DELETE channels/other",
        ]
        assert third.channel_id not in server.switch.channels


# What would wait for a prompt.


def asked(server):
    return [f"{method} {uri}" for method, uri, *_ in server.requests]


async def test_prompts_are_stopped_before_what_would_wait_for_them(server, posted):
    async with connected(server, posted) as telephony:
        call_id = CallId(arrive(server).channel_id)
        leg_id = leg_id_of(call_id, 1)
        first, second, third = (playback_id_of(call_id, n) for n in (1, 2, 3))
        telephony.send(PlayPrompt(NODE, first, call_id, ("sound:a",), "en"))
        telephony.send(PlayPrompt(NODE, second, call_id, ("sound:b",), "en"))
        telephony.send(AnswerCall(NODE, call_id))
        telephony.send(PlayPrompt(NODE, third, call_id, ("sound:c",), "en"))
        telephony.send(Connect(NODE, bridge_id_of(leg_id), call_id, leg_id))
        telephony.send(Connect(NODE, bridge_id_of(leg_id), call_id, leg_id))
        await telephony.drain()
    assert [line for line in asked(server) if not line.startswith(("GET", "PUT"))] == [
        f"POST channels/{call_id}/play/{first}",
        f"POST channels/{call_id}/play/{second}",
        f"DELETE playbacks/{first}",
        f"DELETE playbacks/{second}",
        f"POST channels/{call_id}/answer",
        f"POST channels/{call_id}/play/{third}",
        f"DELETE playbacks/{third}",
        *[
            f"POST bridges/{bridge_id_of(leg_id)}",
            f"POST bridges/{bridge_id_of(leg_id)}/addChannel",
        ]
        * 2,
        f"DELETE bridges/{bridge_id_of(leg_id)}",  # By the first: the second has not made it.
    ]


async def test_a_prompt_from_before_the_cut_is_stopped_too(server, posted):
    async with connected(server, posted) as telephony:
        call_id = CallId(arrive(server).channel_id)
        playback_id = playback_id_of(call_id, 1)
        other = CallId(arrive(server).channel_id)
        media = ("sound:a",) * 1_000
        telephony.send(PlayPrompt(NODE, playback_id, call_id, media, "en"))
        telephony.send(PlayPrompt(NODE, playback_id_of(other, 1), other, media, "en"))
        await telephony.drain()
        server.before["PUT", "applications"] = lambda: server.switch.hang_up(other)
        server.cut()
        await posted.first(NodeConnected)
        telephony.send(AnswerCall(NODE, call_id))
        telephony.send(AnswerCall(NODE, other))
        await telephony.drain()
    assert asked(server)[-3:] == [
        f"DELETE playbacks/{playback_id}",
        f"POST channels/{call_id}/answer",
        f"POST channels/{other}/answer",
    ]


async def test_a_prompt_that_has_ended_is_not_stopped(server, posted):
    async with connected(server, posted) as telephony:
        call_id = CallId(arrive(server).channel_id)
        done = playback_id_of(call_id, 1)
        telephony.send(PlayPrompt(NODE, done, call_id, ("sound:a",), "en"))
        await posted.until(lambda each: getattr(each, "playback_id", None) == done)
        telephony.send(AnswerCall(NODE, call_id))
        gone = PlayPrompt(NODE, playback_id_of("nobody", 1), "nobody", ("sound:a",), "en")
        telephony.send(gone)
        await posted.first(CommandFailed)
        telephony.send(NOBODY)
        await telephony.drain()
    assert not any("playbacks" in line for line in asked(server))


async def test_nothing_private_is_logged(server, posted, caplog):
    caplog.set_level(logging.DEBUG)
    async with connected(server, posted) as telephony:
        arrive(server, caller_number="5550001", caller_name="Ann")
        arrived = await posted.first(CallArrived)
        telephony.send(ring(arrived.call_id, "nobody", caller_number="5550001"))
        await posted.first(CommandFailed)
        server.say({"type": "StasisStart", "channel": {"id": 5550001}})
        server.say(json.dumps({"type": "StasisStart"}) + "5550001")
        server.cut()
        await posted.first(NodeConnected)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("engine")]
    assert ours
    assert not any("5550001" in line or "Ann" in line or SECRET in line for line in ours)
