"""What must be true between any two inputs. A breach is our own fault, whatever the outside did."""

from __future__ import annotations

from engine.core.ids import AgentId
from engine.core.matching.conditions import keeper_of, qualified
from engine.core.matching.shares import roster_of
from engine.core.model.agent import Agent, Membership, may_be_offered
from engine.core.model.call import Call, CallState, Visit
from engine.core.model.dialogue import DialogueKind, Purpose
from engine.core.model.grouped import GroupRinging
from engine.core.model.leg import LegState
from engine.core.model.line import Entry, Line
from engine.core.model.state import State
from engine.core.model.terms import terms_at
from engine.core.model.timers import TimerKind
from engine.core.policy import MemberKind, Strategy
from engine.core.prompting.hearing import hears_prompt
from engine.core.queueing.dispatch import first_servable
from engine.core.queueing.leaving import must_leave
from engine.core.queueing.pending import limit_of
from engine.core.supervision.monitoring import monitor_of
from engine.core.upkeep.callbacks_law import check_callbacks
from engine.core.upkeep.forecast_law import check_forecast


def check(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken. Looks at everything."""
    assert not state.dirty, "dispatch did not reach its fixed point"
    assert not state.following, "a call was left between two destinations"
    assert not state.leaving, "a line was left unlooked at"
    assert all(queue_id in state.lines for queue_id in state.overrides), "a removed queue is closed"
    for call in state.calls.values():
        _check_call(state, call)
    for agent in state.agents.values():
        _check_agent(state, agent)
    for call_id in state.parked.values():
        assert call_id in state.calls, "a slot is kept by a caller who is gone"
    check_callbacks(state)
    _check_lines(state)
    check_forecast(state)
    _check_legs(state)
    _check_monitors(state)
    _check_recordings(state)


_ENDS = {
    CallState.DIALLING: TimerKind.RING,
    CallState.LISTENING: TimerKind.CALL_PROMPT,
    CallState.SUMMONED: TimerKind.RING,
    CallState.PARKED: TimerKind.PARKED,
    CallState.ENDING: TimerKind.HANG_UP,
}
"""What bounds each state of a call that is not a wait or a talk."""


def _has_timer(state: State, kind: TimerKind, owner: str) -> bool:
    return state.timers.is_set(kind, owner)


def _check_call(state: State, call: Call) -> None:
    if call.state is CallState.ROUTING:
        assert call.then is not None, "a caller is nowhere"
        assert not state.node_up(call.node), "a caller is sent somewhere and does not go"
    assert (call.state is CallState.WAITING) == (call.visit is not None), "waiting without a visit"
    if call.visit is not None:
        _check_visit(state, call, call.visit)
    for call_state, kind in _ENDS.items():
        if call.state is call_state:
            assert _has_timer(state, kind, call.call_id), f"{call_state} without an end"
    _check_dialogue(state, call)
    if call.state is CallState.AWAY:
        assert call.sound is None, "a caller is away and hears us"
        assert not call.absent, "nobody is away"
        limited = call.flow is not None
        timed = state.timers.is_set(TimerKind.AWAY, call.call_id)
        assert limited == timed, "a call flow keeps a caller for ever, or none has a limit"
    else:
        assert call.flow is None or call.state is CallState.ENDING, "a call flow has who is here"
    if call.ringing_group is not None:
        _check_group(state, call, call.ringing_group)
    if call.state is CallState.SUMMONED:
        assert call.then is not None, "somebody is called for nothing"
    parked = call.slot is not None and state.parked.get(call.slot) == call.call_id
    assert parked == (call.state is CallState.PARKED), "a parked caller is in no slot, or two are"
    if call.state is CallState.TALKING:
        assert call.leg_id is not None
        leg = state.legs.get(call.leg_id)
        assert leg is not None, "a caller talks to nobody"
        assert leg.state is LegState.TALKING, "a caller talks to a phone that does not"


def _check_dialogue(state: State, call: Call) -> None:
    dialogue = call.dialogue
    if dialogue is None:
        assert call.state is not CallState.DECIDING, "a caller is asked nothing"
        assert not _has_timer(state, TimerKind.INPUT, call.call_id), "a key answers nothing"
        return
    if dialogue.kind is DialogueKind.CALLBACK:
        assert call.state is CallState.WAITING, "a callback is arranged with who does not wait"
    else:
        assert call.state is CallState.DECIDING, "a caller is asked who is elsewhere"
    asked = _has_timer(state, TimerKind.CALL_PROMPT, call.call_id)
    waits = _has_timer(state, TimerKind.INPUT, call.call_id)
    assert asked or waits, "a question without an end"
    assert (dialogue.kind is DialogueKind.MENU) == (dialogue.menu is not None), (
        "a menu without keys"
    )
    surveyed = dialogue.survey is not None and dialogue.about is not None
    assert (dialogue.kind is DialogueKind.SURVEY) == surveyed, "a survey about nothing"


def _check_group(state: State, call: Call, ringing: GroupRinging) -> None:
    assert call.state is CallState.DIALLING, "a group rings for a caller who is elsewhere"
    assert call.leg_id is None, "a caller is rung for directly, and in a group"
    assert ringing.legs, "a group rings without a phone"
    for leg_id in ringing.legs:
        leg = state.legs[leg_id]
        assert leg.rings, "a phone of a group does not ring"
        assert leg.call_id == call.call_id, "a phone of a group rings for another"


_WHILE_WAITING = (Purpose.JOIN, Purpose.ANNOUNCEMENT, Purpose.QUESTION)


def _check_visit(state: State, call: Call, visit: Visit) -> None:
    assert visit.queue_id in state.lines, "a caller waits in a queue that does not exist"
    engaged = visit.wanting or visit.offers or visit.resting or visit.joining
    assert engaged or not state.node_up(call.node), "a waiting caller is forgotten"
    for leg_id in visit.offers:
        assert leg_id in state.legs, "an offer without a phone"
    _check_terms(state, call, visit, state.lines[visit.queue_id])
    strategy = state.lines[visit.queue_id].policy.strategy
    if strategy is Strategy.RING_ALL and not visit.offers:
        assert not visit.tried, "a new ringing of all leaves somebody out"
    if visit.offers and visit.chosen is None:
        assert _has_timer(state, TimerKind.RING, call.call_id), "ringing without an end"
    if visit.directed is not None:
        assert list(visit.offers) == [visit.directed], "picked up, and others still ring"
        assert not visit.wanting, "picked up, and others are wanted"
    if visit.resting:
        retries = _has_timer(state, TimerKind.RETRY, call.call_id)
        assert retries or _has_timer(state, TimerKind.ATTEMPT, call.call_id), (
            "resting without an end"
        )
    if visit.joining:
        assert hears_prompt(state, call), "a join prompt that keeps agents away does not play"
        assert call.purpose is Purpose.JOIN, "another prompt keeps agents away"
    if hears_prompt(state, call):
        assert call.purpose in _WHILE_WAITING, f"who waits hears a prompt {call.purpose}"
    announces = visit.queue_due_ms > 0 or visit.progress_due_ms > 0
    planned = _has_timer(state, TimerKind.ANNOUNCE, call.call_id)
    assert announces == planned, "announcements without a moment, or the other way round"
    limit = limit_of(state, call, state.lines[visit.queue_id])
    for kind in (TimerKind.MAX_WAIT, TimerKind.CALLBACK):
        limited = limit is not None and limit[0] is kind
        waits = _has_timer(state, kind, call.call_id)
        assert not waits or limited, "a longest wait runs that nobody set"
        if visit.chosen is None and call.dialogue is None:
            assert waits or not limited, "a longest wait never ends"
    if visit.chosen is not None:
        called = call.callback is not None and call.callback.present
        prompted = _has_timer(state, TimerKind.AGENT_PROMPT, visit.chosen)
        assert prompted != called, "a prompt without an end"
        assert list(visit.offers) == [visit.chosen], "answered, and others still ring"


def _check_agent(state: State, agent: Agent) -> None:
    live = 0
    for leg_id in agent.legs:
        leg = state.legs[leg_id]
        theirs = leg.agent_id == agent.agent_id
        assert theirs or leg.phone_of == agent.agent_id, "a phone is in use by another's call"
        call = state.calls.get(leg.call_id)
        if theirs and call is not None and call.visit is not None and leg_id in call.visit.offers:
            live += 1
    assert live == agent.offers, "an agent's offers are miscounted"
    assert live <= 1, "an agent is offered two calls at once"
    assert agent.backing_off == state.timers.is_set(TimerKind.BACK_OFF, agent.agent_id), (
        "a failed phone is left alone without an end, or not at all"
    )
    wrapups = 0
    shared = state.policy.settings.shared_wrapup
    for queue_id, membership in agent.memberships.items():
        line = state.lines[queue_id]
        wrapups += membership.wrapup_id is not None
        _check_membership(state, agent, membership)
        may = may_be_offered(
            agent, membership, ring_in_use=line.policy.ring_in_use, shared_wrapup=shared
        )
        assert may == (agent.agent_id in line.available), "a line is wrong about who is available"
    assert wrapups == agent.wrapups, "an agent's wrap-ups are miscounted"


def _check_membership(state: State, agent: Agent, membership: Membership) -> None:
    due_ms = state.timers.due_ms(TimerKind.WRAPUP, f"{agent.agent_id}/{membership.queue_id}")
    if membership.wrapup_id is not None:
        assert due_ms == membership.wrapup_until_ms, "a wrap-up that does not end when it says"
    else:
        assert due_ms is None, "a wrap-up ends that does not run"
        assert membership.wrapup_until_ms == membership.wrapup_extended_ms == 0, (
            "a wrap-up is over and not forgotten"
        )
    if membership.login_id is None:
        assert membership.kind is MemberKind.DYNAMIC, "a static agent is logged out"
        assert membership.pause_id is None, "paused while logged out"
        assert membership.wrapup_id is None, "in wrap-up while logged out"
    if membership.pause_id is None:
        assert membership.pause_reason is None, "a reason for no pause"


def _check_lines(state: State) -> None:
    waiting = 0
    for line in state.lines.values():
        assert line.waiting == sorted(line.waiting), "a line is out of order"
        waiting += len(line.waiting)
        for *_, call_id in line.waiting:
            visit = state.calls[call_id].visit
            assert visit is not None, "somebody stands in line who does not wait"
            assert visit.queue_id == line.queue_id, "somebody stands in the wrong line"
        _check_wanting(state, line)
        _check_there(state, line)
        assert not must_leave(state, line), "a caller waits in a queue that is closed or empty"
        for level, roster in line.rosters.items():
            now = roster_of(state.agents, line, level)
            assert [id(each) for each in roster] == [id(each) for each in now], "an old rota"
        assert first_servable(state, line) is None, "a caller waits while an agent is free"
    assert waiting == sum(call.visit is not None for call in state.calls.values()), (
        "a caller waits outside of every line"
    )


def _check_there(state: State, line: Line) -> None:
    for rule, there in (
        (line.policy.join_empty, line.there_to_join),
        (line.policy.leave_empty, line.there_to_stay),
    ):
        found = [
            agent_id
            for agent_id in line.members
            if rule is not None and state.counts_as_there(state.agents[agent_id], line, rule)
        ]
        assert sorted(found) == sorted(there), "a line is wrong about who counts as there"


def _check_wanting(state: State, line: Line) -> None:
    for terms, entries in [(None, line.wanting), *line.pools.items()]:
        assert terms is None or entries, "a pool of nobody is kept"
        assert entries == sorted(entries), "a line is out of order"
        for entry in entries:
            visit = state.calls[entry[-1]].visit
            assert visit is not None, "somebody wants an agent who does not wait"
            assert visit.wanting, "a list of wanting callers is wrong"
            assert visit.terms == terms, "a caller wants an agent on other terms"
            for agent_id in line.available:
                assert _may_not(state, line, entry, agent_id), "a caller waits for a free agent"


def _may_not(state: State, line: Line, entry: Entry, agent_id: AgentId) -> bool:
    """Tells whether a free agent has a reason not to be rung for a caller who wants one.

    Said anew, agent by agent, and not in the way of `first_servable`.
    """
    call = state.calls[entry[-1]]
    visit = call.visit
    assert visit is not None
    agent = state.agents[agent_id]
    membership = agent.memberships[line.queue_id]
    if call.agent_id == agent_id:
        return True
    if visit.terms is not None:
        keeper = keeper_of(state, line, visit.terms)
        if keeper is not None and keeper[0] is not agent:
            return True
        if keeper is None and not qualified(state, visit.terms, agent, membership):
            return True
    if line.policy.strategy is not Strategy.RING_ALL:
        return False
    worse = line.policy.skill_based and any(
        state.legs[leg_id].level < membership.level for leg_id in visit.offers
    )
    return worse or agent_id in visit.tried


def _check_terms(state: State, call: Call, visit: Visit, line: Line) -> None:
    """Terms hold no longer than they were set for, and end by themselves if they ever do."""
    _, change_ms = terms_at(
        line.policy, call.required_skills, visit.kept_for, state.now_ms - visit.entered_ms
    )
    if change_ms is not None and (line.selective or call.required_skills):
        assert _has_timer(state, TimerKind.RELAX, call.call_id), "terms without an end"
    if line.policy.strategy is Strategy.PROGRESSIVE and visit.offers and visit.chosen is None:
        stepping = _has_timer(state, TimerKind.STEP, call.call_id)
        excused = visit.wanting or visit.directed is not None or not state.node_up(call.node)
        assert stepping or excused, "the last step"


def _check_legs(state: State) -> None:
    for leg in state.legs.values():
        call = state.calls.get(leg.call_id)
        if leg.state is LegState.ENDING:
            assert _has_timer(state, TimerKind.HANG_UP, leg.leg_id), "a hang-up without an end"
        else:
            assert call is not None, "a phone rings or talks for a call that is gone"
        if leg.state is LegState.TALKING:
            assert call is not None
            assert call.leg_id == leg.leg_id, "two phones talk to one caller"
        if leg.agent_id is not None:
            assert leg.leg_id in state.agents[leg.agent_id].legs, "an agent's phone is forgotten"


def _check_monitors(state: State) -> None:
    for call in state.calls.values():
        monitors = monitor_of(state, call) is not None
        assert monitors == (call.state is CallState.MONITORING), "a supervisor hears nothing known"
    for monitor in state.monitors.values():
        supervisor = state.calls.get(monitor.supervisor_call_id)
        assert supervisor is not None, "a supervisor is gone and monitors"
        assert monitor is monitor_of(state, supervisor), "a supervisor monitors in two ways"
        leg = state.legs.get(monitor.leg_id)
        assert leg is not None, "a phone is monitored that is gone"
        assert leg.state is LegState.TALKING, "a phone is monitored that does not talk"
        assert leg.call_id == monitor.call_id, "another talk is monitored than was allowed"
        assert leg.queue_id is not None, "a talk is monitored that is no queue's"
        assert leg.node == supervisor.node, "a talk is monitored on another node"
        parties = (leg.endpoint, state.calls[leg.call_id].endpoint)
        assert supervisor.endpoint not in parties, "somebody monitors their own talk"


def _check_recordings(state: State) -> None:
    for recording in state.recordings.values():
        stops = _has_timer(state, TimerKind.RECORDING, recording.recording_id)
        assert stops == (recording.stops > 0), "a recording stops without an end"
        leg = state.legs.get(recording.leg_id)
        runs = leg is not None and leg.recording_id == recording.recording_id
        assert runs != stops, "a recording belongs to no talk"
    for leg in state.legs.values():
        if leg.recording_id is None:
            continue
        assert leg.recording_id in state.recordings, "a talk is recorded by nothing"
        assert leg.state is LegState.TALKING, "a phone is recorded that does not talk"
        recorded = state.recordings[leg.recording_id].call_id
        assert recorded == leg.call_id, "a recording went on into another talk"
