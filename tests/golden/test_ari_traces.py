"""What a real Asterisk 22.10 said, and what the adapter makes of it.

The traces were recorded by tests/golden/record_ari.py. A replay must do today, line by line, what
was done then; and what was told to the core then is written down here once more by hand.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from engine.adapters.ari.decode import EVENTS
from tests.support.ari_trace import FOLDER, Line, read_trace, replay

pytestmark = pytest.mark.golden

CALL = "CallArrived call"
TALK = [CALL, "LegRinging 1", "LegAnswered 1"]
TOLD = {
    "end_by_agent": [*TALK, "LegEnded 1 16", "CallerHungUp call 0"],
    "end_by_caller": [*TALK, "CallerHungUp call 16", "LegEnded 1 16"],
    "busy": [CALL, "LegEnded 1 17"],
    "rejected": [CALL, "LegEnded 1 21"],
    "no_answer": [CALL, "LegRinging 1", "LegEnded 1 19"],
    "silent": [CALL, "LegEnded 1 19"],
    "unregistered": [CALL, "CommandFailed RingPhone 500"],
    "caller_cancels": [CALL, "CallerHungUp call 16"],
    "caller_leaves_the_queue": [CALL, "LegRinging 1", "CallerHungUp call 16", "LegEnded 1 16"],
    "answered_elsewhere": [
        CALL,
        "LegRinging 1",
        "LegRinging 2",
        "LegRinging 3",
        "LegAnswered 2",
        "LegEnded 1 26",
        "LegEnded 3 26",
    ],
    "hold": [*TALK, "HoldChanged 1 True", "HoldChanged 1 False", "CallerHungUp call 0"],
    "prompts": [CALL, "PlaybackEnded True", "PlaybackEnded False"],
    "connected_out_of_a_prompt": [*TALK, "PlaybackEnded True"],
    "forwarded": [CALL, "LegEnded 1 23 1002", "CommandFailed AnswerCall 404"],
    "blind_transfer": [*TALK, "TransferRequested 1 1002", "TransferRequested 1 *7"],
    "attended_transfer": [
        *TALK,
        "HoldChanged 1 True",
        *TALK,  # The agent consults.
        "TransferRequested 1 1002 into another",
        "CallerHungUp call 0",
        "LegEnded 1 16",
    ],
    "call_of_our_own": ["LegEnded call 16"],
    "monitoring": [*TALK, CALL, "SpyEnded", "SpyEnded"],
    "keys_of_a_supervisor": [*TALK, CALL, *(f"DigitPressed call {key}" for key in "456")],
    "recording": [*TALK, "RecordingFinished True"],
    "stereo_recording_and_the_caller_leaves": [
        *TALK,
        "CallerHungUp call 16",
        "RecordingFinished True",
        "LegEnded 1 16",
    ],
    "reconnection": ["LegEnded 1 16", "CallerHungUp call 16"],
}
IN_ANY_ORDER = {
    "answered_elsewhere": "three phones ring, and two stop",
    "attended_transfer": "both channels of the agent are let go",
    "stereo_recording_and_the_caller_leaves": "the leg ends, and so the recording",
}


def told(line: Line) -> str:
    """Says an input shortly; legs by their number."""
    posted = line["posted"]
    words = [posted["t"]]
    if posted["t"] == "CommandFailed":
        words += [posted["command"]["t"], posted["status"]]
    channel = posted.get("leg_id") or posted.get("channel_id") or posted.get("call_id")
    if channel is not None:
        words.append(channel.rpartition("-")[2] if channel.startswith("leg-") else "call")
    words += [
        posted[key]
        for key in ("cause", "held", "digit", "target", "forward_to", "ok")
        if posted.get(key) is not None
    ]
    if posted.get("other_channel_id"):
        words.append("into another")
    return " ".join(map(str, words))


def events(lines: list[Line]) -> list[Line]:
    return [line["in"] for line in lines if "in" in line and line["in"]["type"] != "RESTResponse"]


def test_every_flow_has_a_trace_and_the_other_way_round():
    assert sorted(path.stem for path in FOLDER.glob("*.jsonl")) == sorted(TOLD)


@pytest.mark.parametrize("flow", TOLD)
async def test_replay(flow):
    lines = read_trace(FOLDER / f"{flow}.jsonl")
    done, counters = await replay(lines)
    assert done == lines
    assert not counters.oddities
    assert counters.late == 0


@pytest.mark.parametrize(("flow", "expected"), TOLD.items())
def test_what_was_told(flow, expected):
    posted = [line for line in read_trace(FOLDER / f"{flow}.jsonl") if "posted" in line]
    assert posted[0]["posted"]["t"] == "NodeConnected"
    rung = {"LegRinging 1", "LegRinging 2", "LegRinging 3"}
    in_order = [told(line) for line in posted[1:]]
    if flow in IN_ANY_ORDER:
        assert Counter(in_order) == Counter(expected)
        assert flow != "answered_elsewhere" or set(in_order[1:4]) == rung
    else:
        assert in_order == expected


@pytest.mark.parametrize("flow", TOLD)
def test_asterisk_sends_nothing_that_was_not_asked_for(flow):
    assert {event["type"] for event in events(read_trace(FOLDER / f"{flow}.jsonl"))} <= set(EVENTS)


@pytest.mark.parametrize("flow", TOLD)
def test_the_early_cause_is_the_true_cause(flow):
    """The hang-up request that is not soft has the cause that the destruction has later."""
    early, late = {}, {}
    for event in events(read_trace(FOLDER / f"{flow}.jsonl")):
        if event["type"] == "ChannelHangupRequest" and not event.get("soft"):
            early[event["channel"]["id"]] = event.get("cause")
        elif event["type"] == "ChannelDestroyed":
            late[event["channel"]["id"]] = event["cause"]
    for channel_id in early.keys() & late.keys():
        assert early[channel_id] in {late[channel_id], None}


def test_every_event_type_that_is_used_was_seen():
    """But for that of another engine, and RecordingFailed, which Asterisk does not even send then."""
    seen = {
        event["type"] for flow in TOLD for event in events(read_trace(FOLDER / f"{flow}.jsonl"))
    }
    assert seen == set(EVENTS) - {"ApplicationReplaced", "RecordingFailed"}


def test_the_traces_name_no_machine():
    text = "".join(path.read_text() for path in FOLDER.glob("*.jsonl"))
    assert '"02:' not in text
    assert json.dumps("/root")[1:-1] not in text
