"""Commands to ARI requests: every command, in every form that makes a difference."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from engine.adapters.ari.encode import (
    channels_made,
    dial,
    encode,
    filter_events,
    list_bridges,
    list_channels,
    once_entered,
    read_info,
    silent_first,
    stop_playback,
    undo,
)
from engine.adapters.ari.requests import AriRequest, Unspeakable, frame
from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Command,
    Connect,
    DestroyBridge,
    FetchCall,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    PlayToTalk,
    RecordingChange,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    StopPrompt,
    StopWaitingSound,
    TransferState,
)
from engine.core.ids import (
    BridgeId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    PlaybackId,
    RecordingId,
    own_call_id_of,
)
from engine.core.waiting import WaitingSound

pytestmark = pytest.mark.unit

NODE, CALL, LEG = NodeId("n1"), CallId("n1-1.2"), LegId("leg-n1-1.2-1")
BRIDGE, PLAYBACK = BridgeId("talk-leg-n1-1.2-1"), PlaybackId("play-n1-1.2-1")
SPY, EAR_BRIDGE = MonitorId("spy-n1-1.9-1"), BridgeId("ear-n1-1.9")
RECORDING = RecordingId("rec-leg-n1-1.2-1-1")
TWIN = f"{RECORDING}~r"
OWN = own_call_id_of("e", 1)
SHOWN = "CONNECTEDLINE(all,i)"


def ring(**fields):
    known = {
        "leg_id": LEG,
        "call_id": CALL,
        "endpoint": "1001",
        "number": None,
        "timeout_ms": 20_000,
        "caller_number": "555",
        "caller_name": "Ann",
    }
    return RingPhone(node=NODE, **{**known, **fields})


def create(endpoint="PJSIP/1001", variables=None, **query):
    query = {
        "endpoint": endpoint,
        "app": "usher",
        "channelId": LEG,
        **(query or {"originator": CALL}),
    }
    variables = {SHOWN: '"Ann" <555>'} if variables is None else variables
    body = {"variables": {"PJSIP_TRANSFER_HANDLING()": "ari-only", **variables}}
    return AriRequest("POST", "channels/create", query, body, (409,))


def monitor(*, whisper=False):
    return StartMonitor(NODE, SPY, EAR_BRIDGE, CALL, LEG, whisper)


def recording(*, stereo=False, name="2026/11/22/x-1"):
    return StartRecording(NODE, RECORDING, LEG, name, stereo)


def change(what, *, stereo=False, name="2026/11/22/x-1"):
    return ChangeRecording(NODE, RECORDING, name, stereo, what)


def snoop(channel_id, ear_id, spy, whisper="none"):
    query = {"app": "usher", "spy": spy, "whisper": whisper}
    return AriRequest("POST", f"channels/{channel_id}/snoop/{ear_id}", query)


def delete(channel_id):
    return AriRequest("DELETE", f"channels/{channel_id}", tolerated=(404,))


def progress(state):
    uri = f"channels/{LEG}/transfer_progress"
    return AriRequest("POST", uri, {"states": state}, tolerated=(404, 409, 412))


STRANGE_NAMES = ("", "/x", "../x", "a/../b", "a//b", "a/", ".hidden", "a b", "a\n", "ä", "a,b")
LIVE = "recordings/live/2026%2F11%2F22%2Fx-1"


def variable(name, value, channel_id=CALL, tolerated=()):
    query = {"variable": name, "value": value}
    return AriRequest("POST", f"channels/{channel_id}/variable", query, tolerated=tolerated)


def send_on(context="night", extension="s", *variables):
    return SendToDialplan(NODE, CALL, context, extension, variables)


TABLE = [
    (
        FetchCall(NODE, CALL, 2),
        [
            AriRequest(
                "POST",
                "channels",
                {
                    "endpoint": "Local/go@usher-fetch/n",
                    "context": "usher-fetch",
                    "extension": "over",
                    "priority": "1",
                    "timeout": "5",
                },
                {"variables": {"USHER_FETCH": CALL, "USHER_FETCH_TRIP": "2"}},
            )
        ],
    ),
    (AnswerCall(NODE, CALL), [AriRequest("POST", "channels/n1-1.2/answer")]),
    (
        StartWaitingSound(NODE, CALL, WaitingSound("jazz")),
        [AriRequest("POST", "channels/n1-1.2/moh", {"mohClass": "jazz"})],
    ),
    (
        StartWaitingSound(NODE, CALL, WaitingSound(None)),
        [AriRequest("POST", "channels/n1-1.2/ring")],
    ),
    (
        StopWaitingSound(NODE, CALL, WaitingSound("jazz")),
        [AriRequest("DELETE", "channels/n1-1.2/moh", tolerated=(404, 409, 412))],
    ),
    (
        StopWaitingSound(NODE, CALL, WaitingSound(None)),
        [AriRequest("DELETE", "channels/n1-1.2/ring", tolerated=(404, 409, 412))],
    ),
    (ring(), [create()]),
    (ring(leg_id=OWN, call_id=None), [create(channelId=OWN)]),
    (ring(number="+49*30#", endpoint="carrier"), [create("PJSIP/+49*30#@carrier")]),
    (ring(caller_name=""), [create(variables={SHOWN: '"" <555>'})]),
    (ring(caller_name="", caller_number=""), [create(variables={})]),
    (
        ring(caller_name='A"n\\n <x>\r\nB: c', caller_number='5"5\x005>'),
        [create(variables={SHOWN: '"Ann xB: c" <555>'})],
    ),
    (
        ring(caller_name="n" * 3_000, caller_number="1" * 3_000),
        [create(variables={SHOWN: f'"{"n" * 80}" <{"1" * 80}>'})],
    ),
    (
        ring(alert_info="<urn:x>;info=q\r\nEvil: 1"),
        [
            create(
                variables={
                    SHOWN: '"Ann" <555>',
                    "PJSIP_HEADER(add,Alert-Info)": "<urn:x>;info=qEvil: 1",
                }
            )
        ],
    ),
    (
        HangUpLeg(NODE, LEG, answered_elsewhere=True),
        [AriRequest("DELETE", "channels/leg-n1-1.2-1", {"reason": "answered_elsewhere"})],
    ),
    (
        HangUpLeg(NODE, LEG, answered_elsewhere=False),
        [AriRequest("DELETE", "channels/leg-n1-1.2-1", {"reason": "normal"})],
    ),
    (
        Connect(NODE, BRIDGE, CALL, LEG),
        [
            AriRequest("POST", f"bridges/{BRIDGE}", {"type": "mixing"}, tolerated=(409,)),
            AriRequest("POST", f"bridges/{BRIDGE}/addChannel", {"channel": f"{CALL},{LEG}"}),
        ],
    ),
    (
        Connect(NODE, BRIDGE, CALL, LEG, hold_music="jazz"),
        [
            variable("CHANNEL(musicclass)", "jazz", CALL, (400, 404, 409)),
            variable("CHANNEL(musicclass)", "jazz", LEG, (400, 404, 409)),
            AriRequest("POST", f"bridges/{BRIDGE}", {"type": "mixing"}, tolerated=(409,)),
            AriRequest("POST", f"bridges/{BRIDGE}/addChannel", {"channel": f"{CALL},{LEG}"}),
        ],
    ),
    (
        StopPrompt(NODE, PLAYBACK, CALL),
        [AriRequest("DELETE", f"playbacks/{PLAYBACK}", tolerated=(404,))],
    ),
    (
        PlayToTalk(NODE, PLAYBACK, BRIDGE, ("sound:a", "digits:64"), "zh"),
        [
            AriRequest(
                "POST",
                f"bridges/{BRIDGE}/play/{PLAYBACK}",
                {"media": "sound:a,digits:64", "lang": "zh"},
            )
        ],
    ),
    (
        send_on("night-2", "s", ("USHER_QUEUE", "6400"), ("USHER_CONTEXT", "elsewhere")),
        [
            AriRequest(
                "POST",
                "applications/usher/subscription",
                {"eventSource": f"channel:{CALL}"},
                tolerated=(422,),
            ),
            AriRequest("DELETE", f"channels/{CALL}/moh", tolerated=(404, 409)),
            AriRequest("DELETE", f"channels/{CALL}/ring", tolerated=(404, 409)),
            variable("USHER_QUEUE", "6400"),
            variable("USHER_CONTEXT", "elsewhere"),
            variable("USHER_CONTEXT", "night-2"),
            variable("USHER_EXTEN", "s"),
            AriRequest(
                "POST",
                f"channels/{CALL}/continue",
                {"context": "usher-away", "extension": "go", "priority": "1"},
            ),
        ],
    ),
    (
        DestroyBridge(NODE, BRIDGE),
        [AriRequest("DELETE", f"bridges/{BRIDGE}", tolerated=(404, 409))],
    ),
    (
        DestroyBridge(NODE, BRIDGE, ("n-1",)),
        [
            AriRequest(
                "POST",
                f"bridges/{BRIDGE}/removeChannel",
                {"channel": "n-1"},
                tolerated=(400, 404, 409, 422),
            ),
            AriRequest("DELETE", f"bridges/{BRIDGE}", tolerated=(404, 409)),
        ],
    ),
    (
        PlayPrompt(NODE, PLAYBACK, CALL, ("sound:a", "digits:64", "tone:busy"), "zh"),
        [
            AriRequest(
                "POST",
                f"channels/n1-1.2/play/{PLAYBACK}",
                {"media": "sound:a,digits:64,tone:busy", "lang": "zh"},
            )
        ],
    ),
    (
        HangUpCall(NODE, CALL, 34),
        [AriRequest("DELETE", "channels/n1-1.2", {"reason_code": "34"})],
    ),
    (AnswerTransfer(NODE, LEG, TransferState.DONE), [progress("channel_answered")]),
    (AnswerTransfer(NODE, LEG, TransferState.REFUSED), [progress("channel_declined")]),
    (monitor(), [snoop(LEG, SPY, "both", "none")]),
    (monitor(whisper=True), [snoop(LEG, SPY, "both", "out")]),
    (StopMonitor(NODE, SPY), [delete(SPY)]),
    (StopMonitor(NODE, MonitorId(RECORDING)), [delete(RECORDING), delete(TWIN)]),
    (
        JoinTalk(NODE, BRIDGE, CALL),
        [
            AriRequest(
                "POST",
                f"bridges/{BRIDGE}/addChannel",
                {"channel": CALL, "absorbDTMF": "true", "inhibitConnectedLineUpdates": "true"},
            )
        ],
    ),
    (
        JoinTalk(NODE, BRIDGE, CALL, held_id=LEG),
        [
            AriRequest("DELETE", f"channels/{LEG}/moh", tolerated=(400, 404, 409, 412)),
            AriRequest(
                "POST",
                f"bridges/{BRIDGE}/addChannel",
                {"channel": CALL, "absorbDTMF": "true", "inhibitConnectedLineUpdates": "true"},
            ),
        ],
    ),
    (
        LeaveTalk(NODE, BRIDGE, CALL, held_id=LEG),
        [
            AriRequest(
                "POST",
                f"bridges/{BRIDGE}/removeChannel",
                {"channel": CALL},
                tolerated=(400, 404, 409, 422),
            ),
            AriRequest("POST", f"channels/{LEG}/moh", tolerated=(400, 404, 409, 412)),
        ],
    ),
    (
        LeaveTalk(NODE, BRIDGE, CALL),
        [
            AriRequest(
                "POST",
                f"bridges/{BRIDGE}/removeChannel",
                {"channel": CALL},
                tolerated=(400, 404, 409, 422),
            )
        ],
    ),
    (
        HoldMusic(NODE, CALL),
        [AriRequest("POST", f"channels/{CALL}/moh", tolerated=(400, 404, 409, 412))],
    ),
    (recording(), [snoop(LEG, RECORDING, "both")]),
    (recording(stereo=True), [snoop(LEG, RECORDING, "out"), snoop(LEG, TWIN, "in")]),
    (change(RecordingChange.PAUSE), [AriRequest("POST", f"{LIVE}/pause")]),
    (change(RecordingChange.RESUME), [AriRequest("DELETE", f"{LIVE}/pause")]),
    (change(RecordingChange.STOP), [AriRequest("POST", f"{LIVE}/stop", tolerated=(404, 409))]),
    (
        change(RecordingChange.PAUSE, stereo=True),
        [AriRequest("POST", f"{LIVE}-left/pause"), AriRequest("POST", f"{LIVE}-right/pause")],
    ),
]


def record(ear_id, name):
    query = {"name": name, "format": "wav", "ifExists": "fail"}
    return AriRequest("POST", f"channels/{ear_id}/record", query)


SECOND_HALVES = [
    (ring(), (LEG,), [dial(ring())], []),
    (
        monitor(),
        (SPY,),
        [
            AriRequest(
                "POST", f"bridges/{EAR_BRIDGE}", {"type": "mixing,dtmf_events"}, tolerated=(409,)
            ),
            AriRequest(
                "POST",
                f"bridges/{EAR_BRIDGE}/addChannel",
                {"channel": f"{CALL},{SPY}", "inhibitConnectedLineUpdates": "true"},
            ),
        ],
        [delete(SPY)],
    ),
    (recording(), (RECORDING,), [record(RECORDING, "2026/11/22/x-1")], [delete(RECORDING)]),
    (
        recording(stereo=True),
        (RECORDING, TWIN),
        [record(RECORDING, "2026/11/22/x-1-left"), record(TWIN, "2026/11/22/x-1-right")],
        [delete(RECORDING), delete(TWIN)],
    ),
]


@pytest.mark.parametrize(("command", "channels", "second", "undone"), SECOND_HALVES)
def test_second_halves(command, channels, second, undone):
    assert channels_made(command) == channels
    assert list(once_entered(command)) == second
    assert list(undo(command)) == undone


@pytest.mark.parametrize(
    ("command", "channels"),
    [
        (AnswerCall(NODE, CALL), (CALL,)),
        (Connect(NODE, BRIDGE, CALL, LEG), (CALL, LEG)),
        (monitor(), (CALL,)),
        (JoinTalk(NODE, BRIDGE, CALL), (CALL,)),
        (LeaveTalk(NODE, BRIDGE, CALL), (CALL,)),
        (send_on(), (CALL,)),
        (ring(), ()),
        (HangUpCall(NODE, CALL, 16), ()),
    ],
)
def test_what_would_wait_for_a_prompt(command, channels):
    assert silent_first(command) == channels


@pytest.mark.parametrize(("command", "expected"), TABLE, ids=lambda each: type(each).__name__)
def test_requests(command, expected):
    assert list(encode(command)) == expected


def test_every_command_is_in_the_table():
    assert {type(command) for command, _ in TABLE} == set(get_args(Command))


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (ring(endpoint="10/01"), "endpoint"),
        (PlayToTalk(NODE, PLAYBACK, BRIDGE, (), "en"), "without media"),
        (PlayToTalk(NODE, PLAYBACK, BRIDGE, ("song:a",), "en"), "cannot be played"),
        *(
            (send_on(context), "context")
            for context in ("", "a b", "a,s,1", "${X}", "a]", "x" * 80)
        ),
        *((send_on("a", extension), "extension") for extension in ("", "1,2", "a b", "${X}")),
        *(
            (send_on("a", "s", pair), "variable")
            for pair in (("", "x"), ("A(b)", "x"), ("A=", "x"), ("9A", "x"), ("A", "x\ny"))
        ),
        (ring(endpoint="1001&1002"), "endpoint"),
        (ring(endpoint="a b"), "endpoint"),
        (ring(endpoint=""), "endpoint"),
        (ring(number="1@evil"), "number"),
        (ring(number="1001/sip:x"), "number"),
        (ring(number="1&PJSIP/2"), "number"),
        (ring(number=""), "number"),
        (ring(number="1\n"), "number"),
        (ring(number="1" * 81), "number"),
        (PlayPrompt(NODE, PLAYBACK, CALL, ("song:x",), "en"), "song:x"),
        (PlayPrompt(NODE, PLAYBACK, CALL, ("beep",), "en"), "beep"),
        (PlayPrompt(NODE, PLAYBACK, CALL, ("sound:a,sound:b",), "en"), "sound:a,sound:b"),
        (PlayPrompt(NODE, PLAYBACK, CALL, (), "en"), "without media"),
        *((recording(name=name), "recording") for name in STRANGE_NAMES),
        *((change(RecordingChange.PAUSE, name=name), "recording") for name in STRANGE_NAMES),
    ],
)
def test_what_cannot_be_said_is_not_sent(command, why):
    """One number must not become another endpoint, several phones, or a prompt that never ends."""
    with pytest.raises(Unspeakable, match=why):
        encode(command)


@pytest.mark.parametrize(
    ("timeout_ms", "timeout"), [(20_000, "20"), (20_001, "21"), (1, "1"), (0, "1"), (-5, "1")]
)
def test_dial_timeout_is_rounded_up_and_never_unlimited(timeout_ms, timeout):
    request = dial(ring(timeout_ms=timeout_ms))
    assert request == AriRequest("POST", f"channels/{LEG}/dial", {"timeout": timeout})


def test_names_are_quoted_in_uris():
    nasty = CallId("a/../b?c=d %é")
    (request,) = encode(AnswerCall(NODE, nasty))
    assert request.uri == "channels/a%2F..%2Fb%3Fc%3Dd%20%25%C3%A9/answer"
    assert stop_playback("a/b").uri == "playbacks/a%2Fb"


def test_a_filter_lets_answers_through():
    """Without RESTResponse Asterisk carries requests out and never answers again."""
    request = filter_events(("StasisStart",))
    assert request.method == "PUT"
    assert request.uri == "applications/usher/eventFilter"
    assert request.body == {"allowed": [{"type": "StasisStart"}, {"type": "RESTResponse"}]}


def test_questions():
    assert list_channels() == AriRequest("GET", "channels")
    assert list_bridges() == AriRequest("GET", "bridges")
    assert read_info() == AriRequest("GET", "asterisk/info", {"only": "status,system"})


def test_frame_of_a_request_with_everything():
    request = AriRequest("POST", "a/b", {"x": "1", "y": "é"}, {"variables": {"n": '"'}})
    message = json.loads(frame("7", request))
    assert json.loads(message.pop("message_body")) == {"variables": {"n": '"'}}
    assert message == {
        "type": "RESTRequest",
        "transaction_id": "7",
        "request_id": "7",
        "method": "POST",
        "uri": "a/b",
        "query_strings": [{"name": "x", "value": "1"}, {"name": "y", "value": "é"}],
        "content_type": "application/json",
    }


def test_frame_of_a_request_with_nothing():
    assert json.loads(frame("8", AriRequest("GET", "channels"))) == {
        "type": "RESTRequest",
        "transaction_id": "8",
        "request_id": "8",
        "method": "GET",
        "uri": "channels",
    }


def test_endpoint_names_may_have_dashes():
    (request,) = encode(ring(endpoint=EndpointName("trunk-a-b"), number="1"))
    assert request.query["endpoint"] == "PJSIP/1@trunk-a-b"
