"""Snapshots of older versions are read: an upgrade in the middle of a shift tears no talk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.core.codec import CodecError
from engine.core.commands import HangUpCall, HangUpLeg
from engine.core.facts import CallEnded, OfferEnded, TalkEnded, VisitEnded
from engine.core.ids import CallId, NodeId, bridge_id_of
from engine.core.inputs import EngineStarted, LegEnded, NodeConnected, PolicyApplied, SeenChannel
from engine.core.model.call import CallState
from engine.core.model.leg import LegState
from engine.core.model.state import Ended
from engine.core.router import RoutingCore
from tests.support.centre import NODE, Centre

pytestmark = [pytest.mark.unit]

OLD = sorted((Path(__file__).parent / "snapshots").glob("version-*.json"))


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


def test_there_is_a_snapshot_of_each_released_version() -> None:
    assert [path.stem for path in OLD] == ["version-2", "version-5", "version-6"]
