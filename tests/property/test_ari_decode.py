"""Whatever comes over the wire: the ARI decoder says nonsense to it, or tells a lawful story."""

from __future__ import annotations

import contextlib
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adapters.ari.compare import picture
from engine.adapters.ari.decode import EVENTS, Decoder
from engine.adapters.ari.fields import Nonsense
from engine.adapters.ari.signals import entering, settled, starting
from engine.core import codec
from engine.core.ids import NodeId, is_ear
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    RecordingFinished,
    SpyEnded,
)

pytestmark = pytest.mark.property

NODE = NodeId("n1")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
kinds = st.sampled_from([*EVENTS, "Unheard"])
ids = st.sampled_from(
    ["n1-1", "n1-2", "leg-n1-1-1", "leg-n1-2-1", "own-e-1", "spy-n1-1-1", "rec-n1-1-1-1"]
)
states = st.sampled_from(["Down", "Ring", "Ringing", "Up", "Busy"])


def fixed(**fields):
    return st.fixed_dictionaries({key: st.just(value) for key, value in fields.items()})


good_channels = st.builds(
    lambda channel_id, state: {
        "id": channel_id,
        "name": "Snoop/n1-1-00000001" if is_ear(channel_id) else "PJSIP/carrier-00000001",
        "state": state,
        "caller": {"name": "", "number": ""},
        "dialplan": {"exten": "6400"},
        "creationtime": "2026-11-22T15:27:49.359+0000",
    },
    ids,
    states,
)
causes = st.fixed_dictionaries(
    {},
    optional={
        "cause": st.integers(0, 130),
        "soft": st.booleans(),
        "tech_cause": st.sampled_from([302, 486, 487]),
        "forward": st.sampled_from(["", "1002"]),
    },
)
good_events = st.builds(
    lambda kind, channel, more: {
        "type": kind,
        "channel": channel,
        "playback": {"id": "play-n1-1-1", "state": "done"},
        "peer": channel,
        "digit": "5",
        "recording": {"target_uri": f"channel:{channel['id']}"},
        "referred_by": {"source_channel": channel},
        "refer_to": {"requested_destination": {"destination": "1002"}},
        **more,
    },
    kinds,
    good_channels,
    causes,
)
half_good_events = st.builds(
    lambda kind, channel, more: {"type": kind, "channel": channel, **more},
    kinds | anything,
    good_channels | anything | st.dictionaries(st.sampled_from(["id", "name", "state"]), anything),
    st.dictionaries(
        st.sampled_from(
            ["cause", "soft", "playback", "digit", "peer", "forward", "recording", "refer_to"]
        ),
        anything,
        max_size=3,
    ),
)


@settings(deadline=None)
@given(st.lists(half_good_events | st.dictionaries(st.text(max_size=8), anything), max_size=6))
def test_any_object_is_an_input_or_nonsense(events):
    decoder = Decoder(NODE)
    for event in events:
        try:
            entering(event)
            starting(event)
            settled(event)
            happened = decoder.decode(event)
        except Nonsense:
            continue
        if happened is not None:  # And what it is can be written into the journal.
            text = json.dumps(codec.encode(happened)).encode()
            assert codec.decode(Input, json.loads(text)) == happened


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["application", "channels", "bridges", "status"]), anything))
def test_any_lists_are_a_picture_or_nonsense(answers):
    answers = {"application": None, "channels": None, "bridges": None, **answers}
    odd = []
    with contextlib.suppress(Nonsense):
        picture(NODE, answers, lambda kind, text: odd.append((kind, text)))


@settings(deadline=None)
@given(st.lists(good_channels | anything, max_size=5), st.lists(ids, max_size=3))
def test_one_strange_channel_does_not_hide_the_others(channels, ours):
    answers = {"application": {"channel_ids": ours}, "channels": channels, "bridges": []}
    odd = []
    seen = picture(NODE, answers, lambda kind, text: odd.append(kind))
    good = [
        each["id"]
        for each in channels
        if isinstance(each, dict)
        and "dialplan" in each
        and (each["id"] in ours or each["id"].startswith(("leg-", "own-", "spy-", "rec-")))
    ]
    assert [each.channel_id for each in seen.channels] == good
    strange = [each for each in channels if not (isinstance(each, dict) and "dialplan" in each)]
    assert odd == ["channel"] * len(strange)


@settings(deadline=None)
@given(st.lists(good_events, max_size=40))
def test_a_channel_begins_rings_answers_and_ends_once(events):
    """Between two arrivals of an id there is one end, and one answer at most; ringing comes first."""
    decoder = Decoder(NODE)
    told: dict[str, list[type]] = {}
    ears: list[SpyEnded | RecordingFinished] = []
    for event in events:
        happened = decoder.decode(event)
        if isinstance(happened, CallArrived | CallerHungUp):
            told.setdefault(happened.call_id, []).append(type(happened))
        elif isinstance(happened, SpyEnded | RecordingFinished):
            ears.append(happened)
        elif isinstance(happened, LegRinging | LegAnswered | LegEnded):
            told.setdefault(happened.leg_id, []).append(type(happened))
            if isinstance(happened, LegEnded):
                lives = told.pop(happened.leg_id)
                count = Counter(lives)
                assert max(count.values()) == 1
                order = [LegRinging, LegAnswered, LegEnded]
                assert lives == [each for each in order if each in count]
    for channel_id, lives in told.items():
        if not channel_id.startswith(("leg-", "own-")):
            assert lives == ([CallArrived, CallerHungUp] * len(lives))[: len(lives)]
    begun = Counter(event["channel"]["id"] for event in events if event["type"] == "StasisStart")
    ended = Counter(
        each.monitor_id if isinstance(each, SpyEnded) else each.recording_id for each in ears
    )
    assert all(ended[ear_id] <= begun[ear_id] for ear_id in ended)
