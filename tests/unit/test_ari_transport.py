"""Addresses and the one trick of the transport: writing without waiting."""

from __future__ import annotations

import asyncio
import base64

import pytest
from aiohttp import ClientConnectionResetError

from engine.adapters.ari.compare import picture
from engine.adapters.ari.counters import KINDS_MAX, Counters
from engine.adapters.ari.fields import Nonsense
from engine.adapters.ari.transport import authorization, events_url, write_now
from engine.core.inputs import NodeConnected

pytestmark = pytest.mark.unit

EVENTS = "/ari/events?app=usher&subscribeAll=false"


@pytest.mark.parametrize(
    ("url", "events"),
    [
        ("http://127.0.0.1:8088", f"ws://127.0.0.1:8088{EVENTS}"),
        ("http://127.0.0.1:8088/", f"ws://127.0.0.1:8088{EVENTS}"),
        ("http://127.0.0.1:8088/ari", f"ws://127.0.0.1:8088{EVENTS}"),
        ("http://127.0.0.1:8088/ari/", f"ws://127.0.0.1:8088{EVENTS}"),
        ("https://pbx/prefix", f"wss://pbx/prefix{EVENTS}"),
        ("ws://[::1]:80", f"ws://[::1]:80{EVENTS}"),
        ("http://user:word@pbx:1/?x=y#z", f"ws://pbx:1{EVENTS}"),
    ],
)
def test_where_the_events_are(url, events):
    assert events_url(url) == events


def test_who_we_are_is_said_in_a_header():
    (value,) = authorization("usher", "gehéim:x").values()
    assert base64.b64decode(value.removeprefix("Basic ")) == "usher:gehéim:x".encode()


class Socket:
    def __init__(self, full=False, error=None):
        self.full, self.error, self.written, self.ended = full, error, [], 0
        self.room = asyncio.get_running_loop().create_future()

    async def send_str(self, text):
        if self.error is not None:
            raise self.error
        self.written.append(text)
        try:
            if self.full:
                await self.room
        finally:
            self.ended += 1


@pytest.mark.parametrize("full", [False, True])
async def test_frames_are_written_whether_there_is_room_or_not(full):
    """All of aiohttp's senders wait for one future, so it must be left as it was."""
    socket = Socket(full)
    write_now(socket, "x")
    write_now(socket, "y")
    assert socket.written == ["x", "y"]
    assert socket.ended == 2
    asyncio.get_running_loop().call_soon(socket.room.set_result, None)
    await socket.room


async def test_a_closed_socket_is_a_connection_error():
    with pytest.raises(ConnectionError):
        write_now(Socket(error=ClientConnectionResetError("closing")), "x")


def test_oddities_are_logged_once_a_kind_and_bounded(caplog):
    counters = Counters("n1")
    for _ in range(3):
        counters.odd("json", "a message that is not JSON")
    for n in range(KINDS_MAX + 50):
        counters.odd(f"kind {n}", "x")
    assert counters.oddities["json"] == 3
    assert len(counters.oddities) == KINDS_MAX + 1
    assert counters.oddities["other"] == 51
    lines = [record.message for record in caplog.records if "JSON" in record.message]
    assert lines == ["node n1 sent a message that is not JSON; counted from now on"]


def told(**answers):
    good = {
        "application": {"channel_ids": ["a", "gone"]},
        "info": {"status": {"startup_time": "T"}},
        "bridges": [],
        "channels": [],
    }
    return picture("n1", {**good, **answers}, lambda kind, text: None)


def channel(channel_id, state="Up", app_name="Stasis"):
    return {
        "id": channel_id,
        "name": "PJSIP/x-00000001",
        "state": state,
        "caller": {"name": "", "number": ""},
        "dialplan": {"exten": "6400", "app_name": app_name},
        "creationtime": "2026-11-22T15:27:49.359+0000",
    }


def test_the_picture_has_our_channels_and_our_bridges_only():
    """Somebody else's bridge (a conference, parking) is not ours to destroy."""
    bridges = [
        {"id": "talk-leg-a-1", "channels": ["a", "leg-a-1"]},
        {"id": "parking", "channels": ["other"]},
        {"id": "talk-empty", "channels": []},
    ]
    channels = [channel("a"), channel("leg-a-1", "Ringing"), channel("other")]
    seen = told(channels=channels, bridges=bridges)
    assert [(each.channel_id, each.up, each.bridge_id) for each in seen.channels] == [
        ("a", True, "talk-leg-a-1"),
        ("leg-a-1", False, "talk-leg-a-1"),
    ]
    assert seen.bridges == ("talk-leg-a-1", "talk-empty")


@pytest.mark.row("Q-03")
def test_a_caller_whom_the_dialplan_has_is_away():
    """Asterisk counts it to our application, as we subscribed to it, though it is elsewhere."""
    application = {"channel_ids": ["a", "leg-a-1"]}
    channels = [channel("a", app_name="VoiceMail"), channel("leg-a-1", app_name="AppDial2")]
    seen = told(application=application, channels=channels)
    assert [(each.channel_id, each.away) for each in seen.channels] == [
        ("a", True),
        ("leg-a-1", False),
    ]


@pytest.mark.parametrize("info", [None, {}, [], {"status": {}}, {"status": {"startup_time": 1}}])
def test_an_unknown_start_is_an_empty_boot_id(info):
    assert told(info=info) == NodeConnected("n1", (), (), "")


@pytest.mark.parametrize(
    "answers",
    [
        {"channels": None},
        {"channels": {}},
        {"bridges": "x"},
        {"bridges": [7]},
        {"bridges": [{"id": "x"}]},
        {"bridges": [{"id": 1, "channels": []}]},
        {"bridges": [{"id": "x", "channels": [1]}]},
        {"application": None},
        {"application": {"channel_ids": "a"}},
    ],
)
def test_lists_that_make_no_sense(answers):
    with pytest.raises(Nonsense):
        told(**answers)
