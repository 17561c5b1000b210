"""ARI events to inputs: each event in each stage of a channel's life."""

from __future__ import annotations

import copy
import dataclasses

import pytest

from engine.adapters.ari.decode import EVENTS, Decoder
from engine.adapters.ari.ears import twin_of
from engine.adapters.ari.fields import Nonsense, seen_channel
from engine.adapters.ari.recorders import ENDED_BY_ITSELF
from engine.adapters.ari.signals import entering, settled, starting
from engine.core.commands import SendToDialplan
from engine.core.ids import CallId, NodeId
from engine.core.inputs import (
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    HoldChanged,
    LegAnswered,
    LegEnded,
    LegRinging,
    PlaybackEnded,
    RecordingFinished,
    SeenChannel,
    SpyEnded,
    TransferRequested,
)

pytestmark = pytest.mark.unit

CALL, LEG = "n1-1763800000.7", "leg-n1-1763800000.7-1"
OWN, SPY, RECORDER = "own-e-1", "spy-n1-1763800000.9-1", f"rec-{LEG}-1"
TWIN = twin_of(RECORDER)


def channel(channel_id=CALL, state="Ring", **fields):
    return {
        "id": channel_id,
        "name": "PJSIP/trunk-a-0000002a",
        "state": state,
        "caller": {"name": "Ann", "number": "5550001"},
        "connected": {"name": "", "number": ""},
        "dialplan": {"context": "in", "exten": "6400", "priority": 1},
        "creationtime": "2026-11-22T15:27:49.359+0000",
        **fields,
    }


def event(kind, channel_id=CALL, state="Ring", **fields):
    return {"type": kind, "channel": channel(channel_id, state), **fields}


def start(channel_id=CALL):
    return event("StasisStart", channel_id, args=[])


def state(name, channel_id=LEG):
    return event("ChannelStateChange", channel_id, name)


def request(channel_id=CALL, **fields):
    return event("ChannelHangupRequest", channel_id, **fields)


def soft(channel_id=CALL):
    return request(channel_id, cause=32, soft=True)


def ended(channel_id=CALL):
    return event("StasisEnd", channel_id)


def destroyed(cause, channel_id=LEG):
    return event("ChannelDestroyed", channel_id, cause=cause, cause_txt="?")


def playback(name):
    return {"type": "PlaybackFinished", "playback": {"id": "play-x-1", "state": name}}


def key(digit, channel_id=CALL):
    return event("ChannelDtmfReceived", channel_id, "Up", digit=digit, duration_ms=100)


def dialled(forward=""):
    return {"type": "Dial", "peer": channel(LEG), "dialstatus": "", "forward": forward}


def transfer(wanted, by=LEG, other=None):
    refer_to = {"requested_destination": wanted}
    if other is not None:
        refer_to["destination_channel"] = channel(other)
    referred_by = {"source_channel": channel(by), "connected_channel": channel("somebody")}
    return {"type": "ChannelTransfer", "refer_to": refer_to, "referred_by": referred_by}


def ear(ear_id=RECORDER):
    made = start(ear_id)
    made["channel"]["name"] = f"Snoop/{CALL}-00000001"
    return made


def recorded(ear_id=RECORDER, failed=None, kind="channel"):
    recording = {"name": "2026/x", "state": "done", "target_uri": f"{kind}:{ear_id}"}
    if failed is None:
        return {"type": "RecordingFinished", "recording": recording}
    return {"type": "RecordingFailed", "recording": {**recording, "cause": failed}}


ARRIVED = CallArrived(CALL, "n1", "trunk-a", "6400", "5550001", "Ann", 1795361269359)

# What Asterisk says in turn, and what the core is told of it.
STORIES = {
    "a caller waits and leaves": (
        [start(), request(cause=16), ended()],
        [ARRIVED, CallerHungUp(CALL, 16)],
    ),
    "a BYE whose cause is missing is a plain one": (
        [start(), request(), ended()],
        [ARRIVED, CallerHungUp(CALL, 16)],
    ),
    "a cause of 0 is a missing one": (
        [start(), request(cause=0), ended()],
        [ARRIVED, CallerHungUp(CALL, 16)],
    ),
    "a CANCEL is a plain hang-up": (
        [start(), request(cause=127, tech_cause=487), ended()],
        [ARRIVED, CallerHungUp(CALL, 16)],
    ),
    "interworking that is no CANCEL": (
        [start(), request(cause=127, tech_cause=500), ended()],
        [ARRIVED, CallerHungUp(CALL, 127)],
    ),
    "a caller let go by us": ([start(), soft(), ended()], [ARRIVED, CallerHungUp(CALL, 0)]),
    "a caller whose destruction is told, too": (
        [start(), soft(), destroyed(44, CALL), ended()],
        [ARRIVED, CallerHungUp(CALL, 44)],
    ),
    "a caller gone before the arrival was told": (
        [request(cause=16), start(), ended()],
        [ARRIVED, CallerHungUp(CALL, 0)],
    ),
    "an arrival told twice": ([start(), start()], [ARRIVED]),
    "a caller's own states are no news": ([start(), state("Up", CALL)], [ARRIVED]),
    "a leg rings, is answered, leaves": (
        [
            start(LEG),
            state("Ringing"),
            state("Ringing"),
            state("Up"),
            state("Up"),
            request(LEG, cause=16),
            ended(LEG),
            destroyed(16),
        ],
        [LegRinging(LEG), LegAnswered(LEG), LegEnded(LEG, 16)],
    ),
    "answered without ringing": ([start(LEG), state("Up")], [LegAnswered(LEG)]),
    "ringing told after the answer": (
        [start(LEG), state("Up"), state("Ringing")],
        [LegAnswered(LEG)],
    ),
    "states that mean nothing": ([start(LEG), state("Down"), state("Dialing")], []),
    "a refusal": (
        [start(LEG), request(LEG, cause=17, tech_cause=486), ended(LEG), destroyed(17)],
        [LegEnded(LEG, 17)],
    ),
    "a refusal whose cause comes late": (
        [start(LEG), request(LEG), ended(LEG), destroyed(21)],
        [LegEnded(LEG, 21)],
    ),
    "an answered leg whose BYE has no cause": (
        [start(LEG), state("Up"), request(LEG), ended(LEG), destroyed(16)],
        [LegAnswered(LEG), LegEnded(LEG, 16)],
    ),
    "a leg let go by us, or timed out": (
        [start(LEG), state("Ringing"), soft(LEG), ended(LEG), destroyed(19)],
        [LegRinging(LEG), LegEnded(LEG, 19)],
    ),
    "a leg let go before it entered": (
        [soft(LEG), start(LEG), ended(LEG), request(LEG, cause=26), destroyed(26)],
        [LegEnded(LEG, 26)],
    ),
    "hold of either": (
        [start(), start(LEG), event("ChannelHold", LEG), event("ChannelUnhold", CALL)],
        [ARRIVED, HoldChanged(LEG, held=True), HoldChanged(CALL, held=False)],
    ),
    "hold of a stranger": ([event("ChannelHold", "other"), event("ChannelUnhold", "other")], []),
    "strangers": (
        [
            state("Up"),
            request(cause=16),
            ended(),
            destroyed(16),
            destroyed(16, CALL),
        ],
        [],
    ),
    "prompts": (
        [playback("done"), playback("failed")],
        [PlaybackEnded("play-x-1", ok=True), PlaybackEnded("play-x-1", ok=False)],
    ),
    "a call of our own begins and ends as a leg": (
        [start(OWN), state("Ringing", OWN), state("Up", OWN), request(OWN, cause=16), ended(OWN)],
        [LegRinging(OWN), LegAnswered(OWN), LegEnded(OWN, 16)],
    ),
    "a phone forwards, told before its hang-up": (
        [
            start(LEG),
            dialled(),
            dialled("1002"),
            request(LEG, cause=23, tech_cause=302),
            dialled("1002"),
            ended(LEG),
            destroyed(23),
        ],
        [LegEnded(LEG, 23, "1002")],
    ),
    "a phone forwards, told after its hang-up": (
        [
            start(LEG),
            state("Ringing"),
            request(LEG, cause=23, tech_cause=302),
            dialled("+49 30#"),
            dialled("+49 30#"),
            ended(LEG),
            destroyed(23),
        ],
        [LegRinging(LEG), LegEnded(LEG, 23, "+49 30#")],
    ),
    "a phone that moved has another cause": (
        [
            start(LEG),
            request(LEG, cause=16, tech_cause=301),
            dialled("1002"),
            {**destroyed(16), "tech_cause": 301},
        ],
        [LegEnded(LEG, 23, "1002")],
    ),
    "a phone forwards to nobody who could be dialled": (
        [start(LEG), request(LEG, cause=23, tech_cause=302), ended(LEG), destroyed(23)],
        [LegEnded(LEG, 23, "")],
    ),
    "nobody can be told where it moved": (
        [
            start(LEG),
            request(LEG, cause=16, tech_cause=301),
            {**destroyed(16), "tech_cause": 301},
        ],
        [LegEnded(LEG, 23, "")],
    ),
    "an answered phone does not forward": (
        [start(LEG), state("Up"), dialled("1002"), request(LEG, cause=23), destroyed(23)],
        [LegAnswered(LEG), LegEnded(LEG, 23)],
    ),
    "a stranger's dialling": ([dialled("1002"), dialled()], []),
    "keys": (
        [start(), start(LEG), start(SPY), key("7"), key("#", LEG), key("1", SPY), key("2", "x")],
        [ARRIVED, DigitPressed(CALL, "7"), DigitPressed(LEG, "#")],
    ),
    "a blind transfer": (
        [start(LEG), transfer({"destination": "1002"})],
        [TransferRequested(LEG, "1002")],
    ),
    "a caller of the house transfers": (
        [start(), transfer({"destination": "*7"}, by=CALL)],
        [ARRIVED, TransferRequested(CALL, "*7")],
    ),
    "an attended transfer": (
        [start(LEG), transfer({"destination": "1002", "protocol_id": "a@b"}, other=CALL)],
        [TransferRequested(LEG, "1002", CALL)],
    ),
    "an attended transfer to a call that is not here": (
        [start(LEG), transfer({"destination": "1002", "protocol_id": "a@b"})],
        [TransferRequested(LEG, "1002", "")],
    ),
    "a transfer to nobody": ([start(LEG), transfer({})], [TransferRequested(LEG, "")]),
    "echoes of our answers, and a stranger's transfer": (
        [
            start(LEG),
            {**transfer({"destination": "1002"}), "state": "channel_answered"},
            transfer({"destination": "1002"}, by="other"),
        ],
        [],
    ),
    "a spy comes and goes": (
        [start(SPY), state("Up", SPY), soft(SPY), ended(SPY), destroyed(16, SPY)],
        [SpyEnded(SPY)],
    ),
    "a spy is gone with whom it heard": (
        [start(LEG), start(SPY), request(LEG, cause=17), ended(LEG), ended(SPY)],
        [LegEnded(LEG, 17), SpyEnded(SPY)],
    ),
    "a recording is over when its caller hangs up": (
        [start(), ear(), request(cause=16), ended(), recorded(), ended(RECORDER)],
        [ARRIVED, CallerHungUp(CALL, 16), RecordingFinished(RECORDER, ok=True)],
    ),
    "a recording is over when we let the caller go": (
        [start(), ear(), soft(), recorded(), ended(), ended(RECORDER)],
        [ARRIVED, RecordingFinished(RECORDER, ok=True), CallerHungUp(CALL, 0)],
    ),
    "a recording is over when its ear is removed": (
        [start(), ear(), soft(RECORDER), recorded(), recorded(), ended(RECORDER)],
        [ARRIVED, RecordingFinished(RECORDER, ok=True)],
    ),
    "a recording ends for no reason": (
        [start(), ear(), recorded(), soft(RECORDER), ended(RECORDER)],
        [ARRIVED, RecordingFinished(RECORDER, ok=False, why=ENDED_BY_ITSELF)],
    ),
    "another's hang-up is no reason": (
        [ear(), start("other"), soft("other"), recorded()],
        [
            dataclasses.replace(ARRIVED, call_id="other"),
            RecordingFinished(RECORDER, ok=False, why=ENDED_BY_ITSELF),
        ],
    ),
    "a recording says why it failed": (
        [ear(), recorded(failed="no space")],
        [RecordingFinished(RECORDER, ok=False, why="no space")],
    ),
    "both halves of a stereo recording make one": (
        [ear(), ear(TWIN), soft(CALL), start(), soft(), recorded(TWIN), recorded(), ended(TWIN)],
        [ARRIVED, RecordingFinished(RECORDER, ok=True)],
    ),
    "a stereo recording fails with its first half that does": (
        [ear(), ear(TWIN), recorded(TWIN), recorded(), ended(RECORDER), ended(TWIN)],
        [RecordingFinished(RECORDER, ok=False, why=ENDED_BY_ITSELF)],
    ),
    "a half that went without a word": (
        [start(), ear(), ear(TWIN), ended(TWIN), soft(), recorded()],
        [ARRIVED, RecordingFinished(RECORDER, ok=True)],
    ),
    "a recording begins": ([ear(), {**recorded(), "type": "RecordingStarted"}], []),
    "recordings of others, or of bridges": (
        [recorded("other"), recorded("x", kind="bridge"), recorded(RECORDER)],
        [],
    ),
    "other events": ([{"type": "BridgeCreated"}, {"type": "ApplicationReplaced"}], []),
    "no type at all": ([{}, {"type": None}, {"type": ["StasisStart"]}], []),
}


def tell(decoder, events):
    inputs = [decoder.decode(each) for each in events]
    return [each for each in inputs if each is not None]


@pytest.mark.parametrize(("events", "expected"), STORIES.values(), ids=STORIES)
def test_stories(events, expected):
    assert tell(Decoder("n1"), events) == expected


def test_every_event_type_has_a_story():
    told = [each.get("type") for events, _ in STORIES.values() for each in events]
    assert all(kind in told for kind in EVENTS)


def test_a_recording_that_we_stop_is_no_failure():
    decoder = Decoder("n1")
    tell(decoder, [ear(), ear(TWIN)])
    decoder.recording_stops(RECORDER)
    told = tell(decoder, [recorded(), recorded(TWIN)])
    assert told == [RecordingFinished(RECORDER, ok=True)]


def test_nothing_is_remembered_of_the_dead():
    decoder = Decoder("n1")
    for events, _ in STORIES.values():
        tell(decoder, events)
    dead = (CALL, LEG, OWN, SPY, RECORDER, TWIN, "other")
    tell(decoder, [destroyed(16, channel_id) for channel_id in dead])
    assert decoder.alive == 0
    assert not decoder._recorders._running


SEEN_CALL = SeenChannel(CALL, up=True)
SEEN_LEG = SeenChannel(LEG, up=False)


@pytest.mark.parametrize(
    ("seen", "events", "expected"),
    [
        pytest.param([SEEN_CALL], [start()], [], id="its arrival is no news"),
        pytest.param([SEEN_CALL], [ended()], [CallerHungUp(CALL, 0)], id="its end is"),
        pytest.param([SEEN_LEG], [state("Up")], [LegAnswered(LEG)], id="an answer is"),
        pytest.param([SEEN_LEG], [state("Ringing")], [LegRinging(LEG)], id="ringing is"),
        pytest.param([SeenChannel(LEG, up=True)], [state("Up")], [], id="an old answer is not"),
        pytest.param([], [request(cause=16), ended()], [], id="the end of one unseen is not"),
        pytest.param(
            [SeenChannel(OWN, up=False)],
            [state("Up", OWN)],
            [LegAnswered(OWN)],
            id="the answer of a call of our own is",
        ),
        pytest.param([SeenChannel(SPY, up=True)], [ended(SPY)], [SpyEnded(SPY)], id="a spy's end"),
        pytest.param(
            [SEEN_CALL, SeenChannel(RECORDER, up=True, endpoint=CALL)],
            [request(cause=16), recorded()],
            [CallerHungUp(CALL, 16), RecordingFinished(RECORDER, ok=True)],
            id="a recording ends with its caller",
        ),
        pytest.param(
            [SEEN_CALL, SeenChannel(RECORDER, up=True, endpoint=CALL)],
            [recorded()],
            [RecordingFinished(RECORDER, ok=False, why=ENDED_BY_ITSELF)],
            id="a recording ends by itself",
        ),
    ],
)
def test_after_a_comparison(seen, events, expected):
    decoder = Decoder("n1")
    tell(decoder, [start(), start(LEG)])
    decoder.begin(seen)
    assert tell(decoder, events) == expected


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("PJSIP/1001-0000002a", "1001"),
        ("PJSIP/trunk-a-b-deadbeef", "trunk-a-b"),
        ("PJSIP/-x--00000000", "-x-"),
        ("PJSIP/1001", ""),
        ("PJSIP/1001-0000002A", ""),
        ("PJSIP/1001-0000002a<ZOMBIE>", ""),
        ("Local/1@x-0000002a;1", ""),
        ("", ""),
    ],
)
def test_endpoint_of_a_channel_name(name, endpoint):
    assert seen_channel(channel(name=name)).endpoint == endpoint


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann", "Ann"),
        (r"Ann \"A.\" \\", 'Ann "A." \\'),
        ("Zoë 王", "Zoë 王"),
        ("half \ud83d a pair", "half ? a pair"),
    ],
)
def test_caller_names(name, shown):
    assert seen_channel(channel(caller={"name": name, "number": ""})).caller_name == shown


def test_seen_channel_in_full():
    assert seen_channel(channel(state="Up"), "talk-x") == SeenChannel(
        CALL, True, "talk-x", "trunk-a", "6400", "5550001", "Ann", 1795361269359
    )


@pytest.mark.parametrize(
    ("when", "epoch_ms"),
    [
        ("2026-11-22T15:27:49.359+0000", 1795361269359),
        ("2026-11-22T16:27:49.359+0100", 1795361269359),
        ("2026-11-22T15:27:49+00:00", 1795361269000),
        ("1970-01-01T00:00:00.001+0000", 1),
        ("0001-01-01T00:00:00+2359", -62135683140000),
    ],
)
def test_times(when, epoch_ms):
    assert seen_channel(channel(creationtime=when)).created_ms == epoch_ms


def broken(change):
    """Returns an arrival with one change."""
    made = copy.deepcopy(start())
    change(made)
    return made


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (broken(lambda e: e.pop("channel")), "channel is not an object"),
        (broken(lambda e: e.update(channel=[])), "channel is not an object"),
        (broken(lambda e: e["channel"].pop("id")), "id is not a string"),
        (broken(lambda e: e["channel"].update(id=7)), "id is not a string"),
        (broken(lambda e: e["channel"].pop("name")), "name is not a string"),
        (broken(lambda e: e["channel"].update(state=None)), "state is not a string"),
        (broken(lambda e: e["channel"].update(caller="x")), "caller is not an object"),
        (broken(lambda e: e["channel"]["caller"].pop("number")), "number is not a string"),
        (broken(lambda e: e["channel"].pop("dialplan")), "dialplan is not an object"),
        (broken(lambda e: e["channel"]["dialplan"].update(exten=1)), "exten is not a string"),
        (broken(lambda e: e["channel"].update(creationtime="now")), "creationtime is not a time"),
    ],
)
def test_nonsense_names_the_place_and_nothing_private(made, place):
    with pytest.raises(Nonsense, match=place) as caught:
        Decoder("n1").decode(made)
    assert "555" not in str(caught.value)


@pytest.mark.parametrize(
    "made",
    [
        request(cause="16"),
        request(cause=True),
        destroyed(None, CALL),
        {"type": "PlaybackFinished"},
        {"type": "PlaybackFinished", "playback": {"id": "x"}},
        {"type": "ChannelHold", "channel": {}},
        key(""),
        key("12"),
        key("x"),
        key(None),
        {"type": "Dial"},
        {"type": "Dial", "peer": channel(), "forward": 7},
        transfer({"destination": 7}, by=CALL),
        transfer([], by=CALL),
        {"type": "ChannelTransfer", "referred_by": {}, "refer_to": {}},
        {"type": "RecordingFinished"},
        {"type": "RecordingFinished", "recording": {}},
        {"type": "RecordingFailed", "recording": {"target_uri": "channel:x", "cause": 7}},
    ],
)
def test_nonsense_elsewhere(made):
    decoder = Decoder("n1")
    decoder.decode(start())
    with pytest.raises(Nonsense):
        decoder.decode(made)
    assert decoder.decode(ended()) == CallerHungUp(CALL, 0)


@pytest.mark.parametrize(
    ("made", "leg"), [(start(LEG), LEG), (start(), None), (ended(LEG), None), ({}, None)]
)
def test_entering(made, leg):
    assert entering(made) == leg


@pytest.mark.parametrize(
    ("made", "ear_id"),
    [
        ({**recorded(), "type": "RecordingStarted"}, RECORDER),
        ({**recorded(kind="bridge"), "type": "RecordingStarted"}, None),
        (recorded(), None),
        ({}, None),
    ],
)
def test_starting(made, ear_id):
    assert starting(made) == ear_id


@pytest.mark.parametrize(
    ("made", "channel_id"),
    [
        ({**transfer({}), "state": "channel_answered"}, LEG),
        (transfer({}), None),
        (recorded(), None),
        ({}, None),
    ],
)
def test_settled(made, channel_id):
    assert settled(made) == channel_id


def test_the_other_channel_of_a_phone_that_transfers_is_known_until_it_ends():
    decoder = Decoder("n1")
    tell(decoder, [start(LEG), transfer({"destination": "1"}, other=CALL)])
    assert decoder.other_channel(LEG) == CALL
    tell(decoder, [transfer({"destination": "1"})])
    assert decoder.other_channel(LEG) is None
    tell(decoder, [transfer({"destination": "1"}, other=CALL), destroyed(16)])
    assert decoder.other_channel(LEG) is None
    assert not decoder._other_of


SENT = SendToDialplan(NodeId("n1"), CallId(CALL), "night", "s")


@pytest.fixture
def leaving():
    """A decoder that knows a caller who is being sent into the dialplan."""
    decoder = Decoder("n1")
    decoder.decode(start())
    decoder.sends_away(SENT)
    return decoder


@pytest.fixture
def away(leaving):
    assert leaving.decode(ended()) is None
    return leaving


def back(*args, exten="6401"):
    dialplan = {"context": "usher-return", "exten": exten, "priority": 1}
    return {"type": "StasisStart", "args": list(args), "channel": channel(dialplan=dialplan)}


@pytest.mark.row("Q-03")
def test_who_comes_back_says_for_what(away):
    assert away.decode(back("back")) == CallCameBack(CALL, "6401")
    assert away.decode(key("5")) == DigitPressed(CALL, "5")
    # From now on it is a caller like others, but that its destruction is told too.
    assert away.decode(ended()) == CallerHungUp(CALL, 0)
    assert away.decode(destroyed(16, CALL)) is None


@pytest.mark.row("Q-03")
@pytest.mark.parametrize(
    ("events", "cause"),
    [
        ([soft(), destroyed(0, CALL)], 0),  # The dialplan came to its end.
        ([request(), destroyed(0, CALL)], 16),  # The caller hung up.
        ([request(cause=127, tech_cause=487), destroyed(127, CALL)], 16),  # Before an answer.
    ],
)
def test_an_end_in_the_dialplan_is_told_once(away, events, cause):
    assert tell(away, events) == [CallerHungUp(CALL, cause)]


@pytest.mark.row("Q-03")
@pytest.mark.parametrize("made", [LEG, "own-e-1"])
def test_a_channel_that_we_made_may_leave_too(made):
    """A called party who was passed on to a voicemail, or the customer of a callback."""
    sent = SendToDialplan(NodeId("n1"), CallId(made), "night", "s")
    decoder = Decoder("n1")
    tell(decoder, [start(made), state("Up", made)])
    for _ in range(2):
        decoder.sends_away(sent)
        assert tell(decoder, [ended(made), key("4", made)]) == []
        returns = back("back")
        returns["channel"]["id"] = made
        assert decoder.decode(returns) == CallCameBack(made, "6401")
        assert decoder.decode(key("5", made)) == DigitPressed(made, "5")
    decoder.sends_away(sent)
    assert decoder.not_sent(sent) is None
    # As with any leg the end of Stasis is not yet the end.
    assert decoder.decode(ended(made)) is None
    assert decoder.decode(destroyed(16, made)) == LegEnded(made, 16)


@pytest.mark.row("Q-03")
def test_a_phone_that_rings_is_sent_nowhere():
    decoder = Decoder("n1")
    decoder.decode(start(LEG))
    decoder.sends_away(SendToDialplan(NodeId("n1"), CallId(LEG), "night", "s"))
    assert decoder.decode(state("Up", LEG)) == LegAnswered(LEG)


@pytest.mark.row("Q-03")
def test_a_leg_that_is_away_after_a_comparison():
    decoder = Decoder("n1")
    seen = dataclasses.replace(seen_channel(channel(LEG, "Up")), away=True)
    decoder.begin([seen])
    assert decoder.decode(key("4", LEG)) is None
    assert decoder.decode(destroyed(16, LEG)) == CallerHungUp(LEG, 16)


def test_what_is_pressed_in_the_dialplan_is_nobodys_business(away):
    unheard = [key("4"), key("7"), event("ChannelHold"), event("ChannelStateChange", state="Up")]
    assert tell(away, unheard) == []


def test_nothing_there_is_a_failure_and_the_caller_is_here(away):
    failed = away.decode(back("lost"))
    assert failed == CommandFailed(SENT, 422, "there is nothing in the dialplan where it was sent")
    assert away.decode(ended()) == CallerHungUp(CALL, 0)


def test_lost_of_another_connection_asks_for_nothing():
    decoder = Decoder("n1")
    decoder.begin([dataclasses.replace(seen_channel(channel()), away=True)])
    assert decoder.decode(back("lost")) == CallCameBack(CALL, "")


def test_not_sent_after_all(leaving):
    assert leaving.not_sent(SENT) is None
    assert leaving.decode(ended()) == CallerHungUp(CALL, 0)


def test_gone_before_it_could_be_sent(away):
    """It left by itself, and as the subscription failed nothing more will be heard of it."""
    assert away.not_sent(SENT) == CallerHungUp(CALL, 0)
    assert not away.knows(CALL)


def test_away_after_a_comparison():
    decoder = Decoder("n1")
    decoder.begin([dataclasses.replace(seen_channel(channel()), away=True)])
    assert decoder.decode(key("4")) is None
    assert decoder.decode(back("in", "trunk-a")) == CallCameBack(CALL, "6401")


def test_what_was_played_to_a_talk_is_not_waited_for():
    ended_there = playback("done")
    ended_there["playback"]["target_uri"] = "bridge:talk-x"
    assert Decoder("n1").decode(ended_there) is None
