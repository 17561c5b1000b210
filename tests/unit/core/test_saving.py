"""Snapshots of older versions are read: an upgrade in the middle of a shift tears no talk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.core import codec
from engine.core.codec import CodecError
from engine.core.commands import HangUpCall, HangUpLeg
from engine.core.facts import CallEnded, OfferEnded, TalkEnded, VisitEnded
from engine.core.ids import CallId, NodeId, bridge_id_of
from engine.core.inputs import (
    CallCameBack,
    EngineStarted,
    LegEnded,
    NodeConnected,
    PolicyApplied,
    SeenChannel,
)
from engine.core.model.call import Call, CallState
from engine.core.model.dialogue import (
    CallbackDialogue,
    MenuDialogue,
    Prompt,
    Purpose,
    SurveyDialogue,
)
from engine.core.model.leg import LegState
from engine.core.model.state import Ended
from engine.core.model.whereabouts import Trip, WayBack
from engine.core.router import RoutingCore
from tests.support.centre import NODE, Centre

pytestmark = [pytest.mark.unit]

SNAPSHOTS = Path(__file__).parent / "snapshots"
OLD = sorted(SNAPSHOTS.glob("version-*.json"))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_a_centre_at_work_goes_on_from_an_older_versions_snapshot(path: Path) -> None:
    saved = json.loads(path.read_text())
    centre = Centre()
    centre.core = RoutingCore.restore(saved["snapshot"])
    centre.now_ms = saved["now_ms"]
    state = centre.core.state
    talking = [leg for leg in state.legs.values() if leg.state is LegState.TALKING]
    waiting = [call.call_id for call in state.calls.values() if call.visit is not None]
    assert talking
    assert waiting
    bridges = {
        name: bridge_id_of(leg.leg_id) for leg in talking for name in (leg.call_id, leg.leg_id)
    }
    up = {*bridges, *(each.call_id for each in state.calls.values() if each.answered)}
    callers = [each.call_id for each in state.calls.values() if not each.absent]
    channels = tuple(
        SeenChannel(
            name,
            up=name in up,
            bridge_id=bridges.get(name),
            away=name in state.calls and state.calls[CallId(name)].state is CallState.AWAY,
        )
        for name in (*callers, *state.legs, *state.monitors, *state.recordings)
    )
    places = {each.call_id: each.state for each in state.calls.values()}
    centre.give(EngineStarted())
    centre.give(PolicyApplied(state.policy))
    centre.give(NodeConnected(NODE, channels, tuple(bridges.values())))
    for kind in (HangUpLeg, HangUpCall, CallEnded, TalkEnded, VisitEnded, OfferEnded):
        assert not centre.of(kind), f"the upgrade itself brought about a {kind.__name__}"
    assert {each.call_id: each.state for each in state.calls.values()} == places
    seqs = [fact.seq for fact in centre.facts]
    assert seqs == list(range(saved["facts"] + 1, saved["facts"] + 1 + len(seqs)))
    for leg in talking:
        centre.give(LegEnded(leg.leg_id, 16))
    assert {fact.talk_id for fact in centre.of(TalkEnded)} == {leg.leg_id for leg in talking}
    assert RoutingCore.restore(centre.core.snapshot()).snapshot() == centre.core.snapshot()


def test_a_snapshot_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(CodecError, match="expected a snapshot of a version among"):
        RoutingCore.restore({**Centre().core.snapshot(), "version": 1})


def test_older_versions_told_of_ended_calls_only_when_they_ended() -> None:
    centre = Centre()
    for name in ("a", "a-b"):
        centre.give(NodeConnected(NodeId(name), (), ()))
    old = {"a-b-17.1": 1, "a-17.1": 2, "own-x-1": 3}
    state = RoutingCore.restore({**centre.core.snapshot(), "version": 4, "ended": old}).state
    assert state.ended == {
        CallId("a-b-17.1"): Ended(NodeId("a-b"), 1),
        CallId("a-17.1"): Ended(NodeId("a"), 2),
    }


def _version_6() -> dict[str, Any]:
    """A house in which a call is in each kind of place, and in each kind of dialogue."""
    snapshot: dict[str, Any] = json.loads((SNAPSHOTS / "version-6.json").read_text())["snapshot"]
    return snapshot


def _as_in_version_6(call: Call) -> dict[str, Any]:
    """Returns what that version said of a call in other words than today."""
    prompt = call.prompt or Prompt(None, (), Purpose.CLOSING)
    trip, back = call.trip or Trip(), call.way_back or WayBack()
    counts = codec.encode(call.counts)
    del counts["t"]
    return {
        **counts,
        "prompt": prompt.playback_id,
        "prompt_media": list(prompt.media),
        "purpose": prompt.purpose.value,
        "after": codec.encode(prompt.after),
        "away": trip.to,
        "sent": codec.encode(trip.sent),
        "trips": trip.ordinal,
        "slot": None if call.parked is None else call.parked.slot,
        "park_id": "" if call.parked is None else call.parked.park_id,
        "parked_by": back.by,
        "parked_from": back.queue_id,
        "park_rounds": back.rounds,
    }


def test_calls_of_version_6_keep_what_was_said_of_them_in_other_words() -> None:
    old = _version_6()
    state = RoutingCore.restore(old).state
    passed_on = [leg["was"] for leg in old["legs"] if leg["was"] is not None]
    calls = {**state.calls, **{leg.was.call_id: leg.was for leg in state.legs.values() if leg.was}}
    assert passed_on
    for told in [*old["calls"], *passed_on]:
        known = _as_in_version_6(calls[told["call_id"]])
        assert known == {name: told[name] for name in known}
    states = {call.state for call in state.calls.values()}
    assert states == {*CallState} - {CallState.ROUTING, CallState.ENDING}, "a place is not shown"


def test_who_was_never_parked_sent_away_or_spoken_to_has_nothing_of_it() -> None:
    state = RoutingCore.restore(_version_6()).state
    plain = [
        call
        for call in state.calls.values()
        if call.prompt is None and call.trip is None and call.parked is None
    ]
    assert {CallState.WAITING, CallState.TALKING} <= {call.state for call in plain}
    assert any(call.way_back is None for call in plain)
    assert any(call.parked is None and call.way_back is not None for call in plain)


def test_dialogues_of_version_6_are_of_their_kinds() -> None:
    old = _version_6()
    state = RoutingCore.restore(old).state
    told = [call for call in old["calls"] if call["dialogue"] is not None]
    kinds = {"menu": MenuDialogue, "survey": SurveyDialogue, "callback": CallbackDialogue}
    assert {call["dialogue"]["kind"] for call in told} == {*kinds}
    for call in told:
        was, dialogue = call["dialogue"], state.calls[CallId(call["call_id"])].dialogue
        assert isinstance(dialogue, kinds[was["kind"]])
        for name in ("timeout_ms", "digits", "tries", "unheard"):
            assert getattr(dialogue, name) == was[name]
        match dialogue:
            case MenuDialogue():
                assert codec.encode(dialogue.menu) == was["menu"]
            case SurveyDialogue():
                assert codec.encode(dialogue.about) == was["about"]
                assert codec.encode(dialogue.survey) == was["survey"]
            case CallbackDialogue():
                assert dialogue.trigger.value == was["name"]
                assert dialogue.step.value == was["step"]
                assert (dialogue.number, dialogue.rounds) == (was["number"], was["rounds"])


def test_a_caller_who_was_away_before_we_knew_of_it_comes_back() -> None:
    old = _version_6()
    (away,) = [call for call in old["calls"] if call["state"] == "away"]
    away.update(away="", sent=None, trips=0)
    centre = Centre()
    centre.core = RoutingCore.restore(old)
    centre.now_ms = old["now_ms"]
    centre.give(CallCameBack(CallId(away["call_id"]), "6400"))
    assert centre.core.state.calls[CallId(away["call_id"])].state is CallState.WAITING


@pytest.mark.parametrize(
    "damage",
    [
        {"calls": None},
        {"calls": ["Call"]},
        {"legs": 1},
        {"legs": [None]},
        {"calls": [{"t": "Call", "dialogue": {"t": "Dialogue", "kind": ["menu"]}}]},
        {"calls": [{"t": "Call", "slot": 701}]},
    ],
)
def test_a_damaged_snapshot_of_version_6_is_an_error_of_content(damage: dict[str, Any]) -> None:
    with pytest.raises(CodecError, match="Saved"):
        RoutingCore.restore({**_version_6(), **damage})


def test_there_is_a_snapshot_of_each_released_version() -> None:
    assert [path.stem for path in OLD] == ["version-2", "version-5", "version-6"]
