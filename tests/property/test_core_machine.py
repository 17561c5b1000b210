"""The core against any history: legal, late, foreign and doubled inputs, faults, restarts, reloads.

After each step `core.check()` holds (the centre calls it); at the end everything is healed, time
passes, and every caller's stay and every record must come to an end: nobody is forgotten.
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from engine.core.commands import PlayPrompt
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    AgentLoggedIn,
    AgentLoggedOut,
    CallbackEnded,
    CallbackRequested,
    CallEnded,
    CallParked,
    CallStarted,
    CallUnparked,
    HoldEnded,
    MonitorEnded,
    MonitorStarted,
    OfferEnded,
    OfferMade,
    PauseEnded,
    PauseStarted,
    RecordingEnded,
    RecordingStarted,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitStarted,
    WrapupEnded,
    WrapupStarted,
)
from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    QueueId,
    RecordingId,
    is_own,
)
from engine.core.inputs import (
    BY_SYSTEM,
    AgentAction,
    AgentActionRequested,
    CallActionRequested,
    CallAgentRequested,
    CommandFailed,
    DeviceState,
    EngineStarted,
    HangUpNow,
    HoldChanged,
    HoursChanged,
    HoursOverrideRequested,
    LegAnswered,
    LegEnded,
    LegRinging,
    Monitor,
    NodeConnected,
    NodeDisconnected,
    Park,
    PhoneDevice,
    PickUp,
    PlaybackEnded,
    PolicyApplied,
    PresenceRequested,
    Record,
    RecordingAction,
    RecordingFinished,
    Redirect,
    SeenChannel,
    SpyEnded,
    Transfer,
)
from engine.core.model.call import CallState
from engine.core.places import HangUp, PlayThenHangUp, ToExtension, ToQueue
from engine.core.policy import (
    InboundRoute,
    InitialState,
    Member,
    MemberKind,
    MonitorMode,
    OutboundRoute,
    ParkingPolicy,
    Policy,
    Presence,
    PresenceAction,
    PresenceRule,
    QueuePolicy,
    RecordingPolicy,
    Right,
    SkillStep,
    StickyPolicy,
    Strategy,
)
from engine.core.router import RoutingCore
from engine.core.waiting import (
    Announcements,
    CallbackPolicy,
    EmptyRule,
    HoursKind,
    HoursNow,
    KeyEvent,
    QueueHours,
    WaitingSound,
)
from tests.support.centre import NODE, TRUNK, Centre, changed, queue
from tests.support.centre import policy as centre_policy

# Many examples on a busy machine take their time; a hang is still found.
pytestmark = [pytest.mark.property, pytest.mark.timeout(600)]

AGENTS = ("1001", "1002", "1003", "1004")
QUEUES = ("6400", "6401", "6402")

DIGITS = (
    *("6400", "1002", "*76400", "*076401", "*076401*01", "*7", "*0799", "*766400"),
    *(
        "*746400",
        "*77",
        "*077",
        "*78",
        "*481",
        "*483",
        "*485",
        "*486",
        "*71002*6400",
        "*071002*6401*02",
    ),
    *("*901001", "*921002", "*931001", "*941002", "701", "702"),
)
MANAGER = "1004"

agents = st.sampled_from(AGENTS)
members = st.lists(
    st.builds(
        Member,
        agents.map(AgentId),
        st.sampled_from(MemberKind),
        st.integers(1, 2),
        st.integers(1, 3),
    ),
    max_size=4,
    unique_by=lambda member: member.agent_id,
)
failures = st.sampled_from(
    [HangUp(17), ToQueue(QueueId("6401")), ToExtension("1003"), PlayThenHangUp(("sound:bye",))]
)

destinations = st.one_of(failures, st.just(ToQueue(QueueId("6402"))), st.just(ToExtension("1001")))
wishes = st.one_of(
    st.sampled_from([PickUp(), PickUp(), Park(), HangUpNow()]),
    st.builds(Redirect, destinations),
    st.builds(Transfer, destinations),
    st.builds(Record, st.sampled_from(RecordingAction)),
    st.builds(Monitor, st.sampled_from(MonitorMode)),
)


CALL_BACK = "0012345#1"
"""The key for callbacks, a number that the route takes, and the confirmation."""
callbacks = st.sampled_from(
    [
        None,
        CallbackPolicy("0", 3_000, "0", ("out",), 60_000, attempts=2, spacing_ms=4_000),
        CallbackPolicy("0", 0, "0", ("out",), None, ring_timeout_ms=6_000),
        CallbackPolicy(None, 1_000, "0", ("out", "gone"), 5_000, attempts=3, spacing_ms=0),
    ]
)
ANNOUNCEMENTS = (
    Announcements(),
    Announcements(("sound:hello",), join_first=True, queue=("sound:ad",), queue_every_ms=3_000),
    Announcements(("sound:hello",), progress_every_ms=2_500, position=True, wait=True, thanks=True),
    Announcements((), False, ("sound:ad",), 2_000, 4_000, position=True, agent_id=True),
)
HOURS = (
    None,
    None,
    QueueHours("office", closed=HangUp(21)),
    QueueHours("office", HangUp(21), ToExtension("1002"), holiday_prompt=True),
    QueueHours("office", HangUp(21), ignore_holidays=True, leave_at_closing=True),
)
rules = st.one_of(
    st.none(), st.none(), st.builds(EmptyRule, st.booleans(), st.booleans(), st.booleans())
)


def queues(number: str) -> st.SearchStrategy[QueuePolicy]:
    return st.builds(
        lambda who, **options: queue(number, *who, **options),
        members,
        strategy=st.sampled_from(Strategy),
        skill_based=st.booleans(),
        weight=st.integers(1, 3),
        accelerate_ms=st.sampled_from([None, 10_000]),
        wait_ms_max=st.sampled_from([0, 30_000]),
        waiting_max=st.sampled_from([0, 2]),
        failure=failures,
        ring_timeout_ms=st.just(5_000),
        retry_interval_ms=st.sampled_from([0, 2_000]),
        wrapup_ms=st.sampled_from([0, 4_000]),
        wrapup_extend_ms=st.sampled_from([0, 3_000]),
        wrapup_extend_ms_max=st.just(4_000),
        agent_prompt=st.sampled_from([None, "sound:x"]),
        ring_in_use=st.booleans(),
        autopause_after=st.sampled_from([0, 2]),
        waiting_sound=st.sampled_from([WaitingSound("default"), WaitingSound(None)]),
        follow_forward=st.booleans(),
        progressive_step_ms=st.sampled_from([500, 2_000]),
        skill_steps=st.sampled_from([(), (SkillStep(0, 1), SkillStep(2_000, 2))]),
        required_skills_ms=st.sampled_from([0, 2_500]),
        sticky=st.sampled_from([None, StickyPolicy(memory_ms=8_000, hold_out_ms=2_000)]),
        recording=st.sampled_from([None, RecordingPolicy(), RecordingPolicy(automatic=False)]),
        callback=callbacks,
        managers=st.sampled_from([(), ("1004", "1009"), ("1001", "1009")]),
        manager_rights=st.just(tuple(Right)),
        announcements=st.sampled_from(ANNOUNCEMENTS),
        hold_music=st.sampled_from([None, "soft"]),
        hours=st.sampled_from(HOURS),
        key_events=st.sampled_from([(), (KeyEvent("4", ToExtension("1003")),)]),
        join_empty=rules,
        leave_empty=rules,
    )


def with_choosy_callers(policy: Policy) -> Policy:
    """Who dials 1 comes before others in queue 6400 and wants French there, which two agents speak."""
    route = InboundRoute("vip", "1", ToQueue(QueueId("6400")), None, 1, ("french",))
    return dataclasses.replace(
        policy,
        inbound_routes=(route, *policy.inbound_routes),
        agents=tuple(
            dataclasses.replace(each, skills=("french",)) if each.agent_id in AGENTS[1:3] else each
            for each in policy.agents
        ),
        outbound_routes=(OutboundRoute("out", "00.", TRUNK),),
        extensions=tuple(
            dataclasses.replace(each, outbound_routes=("out",)) for each in policy.extensions
        ),
    )


PRESENCE_RULES = (
    PresenceRule(Presence.AVAILABLE, PresenceAction.LOG_IN_LAST),
    PresenceRule(Presence.BUSINESS_TRIP, PresenceAction.LOG_IN_ALL),
    PresenceRule(Presence.LUNCH, PresenceAction.PAUSE_ALL, "Lunch"),
    PresenceRule(Presence.OFF_WORK, PresenceAction.LOG_OUT_ALL),
)


class AnyHistory(RuleBasedStateMachine):
    """Rules are things that can happen, sensible or not."""

    centre: Centre

    @initialize(
        lines=st.tuples(*[queues(number) for number in QUEUES]),
        shared=st.booleans(),
        initial=st.sampled_from(InitialState),
        pause_ms=st.sampled_from([0, 3_000]),
    )
    def open_centre(
        self, lines: tuple[QueuePolicy, ...], shared: bool, initial: InitialState, pause_ms: int
    ) -> None:
        self.lines = lines
        self.centre = Centre(
            *lines,
            shared_wrapup=shared,
            initial_state=initial,
            failed_offer_pause_ms=pause_ms,
            presence_rules=PRESENCE_RULES,
            parking=ParkingPolicy(701, 702, 8_000),
            lost_node_ms=20_000,
        )
        self.strangers = 0
        self.hours = HoursNow("office", HoursKind.OPEN, HoursKind.OPEN)
        self.apply(*lines)

    def apply(self, *lines: QueuePolicy) -> None:
        settings = self.centre.policy.settings
        policy = with_choosy_callers(centre_policy(*lines))
        self.centre.policy = dataclasses.replace(policy, settings=settings)
        self.centre.give(PolicyApplied(self.centre.policy, (self.hours,)))

    def pick(self, data: st.DataObject, population: Any) -> Any:
        return data.draw(st.sampled_from(list(population)))

    @rule(number=st.sampled_from([*QUEUES, "1", "999"]))
    def caller_dials(self, number: str) -> None:
        self.centre.call(number)

    @rule(
        agent=agents,
        digits=st.sampled_from(DIGITS),
    )
    def agent_dials(self, agent: str, digits: str) -> None:
        self.centre.call(digits, source=agent)

    @rule(duration_ms=st.sampled_from([1, 500, 2_000, 7_000]))
    def time_passes(self, duration_ms: int) -> None:
        self.centre.wait(duration_ms)

    @rule()
    def asterisk_obeys(self) -> None:
        self.centre.obey()

    @precondition(lambda self: self.rung())
    @rule(data=st.data(), cause=st.sampled_from([0, 16, 17, 19, 20, 21]), what=st.integers(0, 3))
    def phone_does(self, data: st.DataObject, cause: int, what: int) -> None:
        leg_id = self.pick(data, self.rung())
        happened = (LegRinging(leg_id), LegAnswered(leg_id), LegAnswered(leg_id))
        self.centre.give(happened[what] if what < 3 else LegEnded(leg_id, cause))

    def rung(self) -> list[LegId]:
        """Channels of phones that Usher rang."""
        state = self.centre.core.state
        return [*state.legs, *(LegId(call_id) for call_id in state.calls if is_own(call_id))]

    @precondition(lambda self: self.centre.core.state.calls)
    @rule(
        data=st.data(),
        wish=wishes,
        by=st.sampled_from(["1004", "1004", "1001", BY_SYSTEM]),
        behind=st.sampled_from([0, 0, 0, 1]),
    )
    def person_asks(self, data: st.DataObject, wish: Any, by: str, behind: int) -> None:
        call = self.pick(data, self.centre.core.state.calls.values())
        self.centre.give(CallActionRequested("r", call.call_id, wish, by, call.version - behind))
        told = [*self.centre.told(ActionDone), *self.centre.told(ActionRefused)]
        assert len([each for each in told if each.request_id == "r"]) == 1

    @rule(agent=agents, by=agents)
    def person_calls_agent(self, agent: str, by: str) -> None:
        self.centre.give(CallAgentRequested("r", AgentId(agent), by))

    @precondition(lambda self: self.centre.core.state.legs)
    @rule(data=st.data(), to=st.sampled_from(["", "1002", "1003", "00171", "6400"]))
    def phone_forwards(self, data: st.DataObject, to: str) -> None:
        leg_id = self.pick(data, self.centre.core.state.legs)
        self.centre.give(LegEnded(leg_id, 0, forward_to=to))

    @precondition(lambda self: self.centre.core.state.calls)
    @rule(data=st.data())
    def caller_hangs_up(self, data: st.DataObject) -> None:
        self.centre.hang_up(self.pick(data, self.centre.core.state.calls))

    @precondition(lambda self: self.centre.core.state.calls)
    @rule(
        data=st.data(),
        supervisor=st.sampled_from(["1004", "1009"]),
        mode=st.sampled_from(MonitorMode),
    )
    def supervisor_dials(self, data: st.DataObject, supervisor: str, mode: MonitorMode) -> None:
        state = self.centre.core.state
        talks = [call.call_id for call in state.calls.values() if call.state is CallState.TALKING]
        self.centre.supervise(supervisor, self.pick(data, [*talks, "nobody"]), mode)

    @rule(data=st.data(), digit=st.sampled_from("0456"), anybody=st.booleans())
    def key_is_pressed(self, data: st.DataObject, digit: str, anybody: bool) -> None:
        state = self.centre.core.state
        supervisors = [monitor.supervisor_call_id for monitor in state.monitors.values()]
        pressing = [*state.calls, "nobody"] if anybody or not supervisors else supervisors
        self.centre.press(self.pick(data, pressing), digit)

    @rule(kind=st.sampled_from(HoursKind), usual=st.sampled_from(HoursKind), prompt=st.booleans())
    def hours_change(self, kind: HoursKind, usual: HoursKind, prompt: bool) -> None:
        if kind is not HoursKind.HOLIDAY or usual is HoursKind.HOLIDAY:
            usual = HoursKind.OPEN if kind is HoursKind.OPEN else HoursKind.CLOSED
        holiday = "May Day" if kind is HoursKind.HOLIDAY else ""
        media = ("sound:holiday",) if prompt and holiday else ()
        self.hours = HoursNow("office", kind, usual, holiday, media)
        self.centre.give(HoursChanged((self.hours,)))

    @rule(number=st.sampled_from([*QUEUES, "999"]), closed=st.booleans(), by=agents)
    def hours_are_overridden(self, number: str, closed: bool, by: str) -> None:
        before = dict(self.centre.core.state.overrides)
        self.centre.give(HoursOverrideRequested(QueueId(number), closed, by, "r"))
        refused = self.centre.told(ActionRefused)
        assert len(refused) + len(self.centre.told(ActionDone)) == 1
        assert (before == self.centre.core.state.overrides) == bool(refused)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), keys=st.sampled_from(["0", "1", "02", CALL_BACK, "0" * 45, "*#"]))
    def waiting_caller_presses(self, data: st.DataObject, keys: str) -> None:
        """Who waits asks for a callback, or presses anything."""
        self.press(self.pick(data, self.waiting()), keys)

    def press(self, call_id: CallId, keys: str) -> None:
        for key in keys:
            self.centre.press(call_id, key)

    def waiting(self) -> list[CallId]:
        """Who stands in line, with or without a channel."""
        calls = self.centre.core.state.calls.values()
        return [call.call_id for call in calls if call.visit is not None]

    @rule(data=st.data(), ok=st.booleans(), spy=st.booleans())
    def ear_ends(self, data: st.DataObject, ok: bool, spy: bool) -> None:
        state = self.centre.core.state
        if spy:
            ears = [*state.monitors, MonitorId("spy-old-1")]
            self.centre.give(SpyEnded(self.pick(data, ears)))
        else:
            recordings = [*state.recordings, RecordingId("rec-old-1")]
            self.centre.give(RecordingFinished(self.pick(data, recordings), ok, "because"))

    @precondition(lambda self: self.centre.core.state.legs)
    @rule(data=st.data(), action=st.sampled_from(RecordingAction))
    def recording_is_changed(self, data: st.DataObject, action: RecordingAction) -> None:
        leg_id = self.pick(data, self.centre.core.state.legs)
        self.centre.record(leg_id, action, "1009")

    @rule(data=st.data(), held=st.booleans())
    def hold_changes(self, data: st.DataObject, held: bool) -> None:
        state = self.centre.core.state
        channel = self.pick(data, [*state.calls, *state.legs, "nobody"])
        self.centre.give(HoldChanged(channel, held))

    @rule(
        agent=agents,
        number=st.sampled_from([*QUEUES, None]),
        action=st.sampled_from(AgentAction),
        reason=st.sampled_from([None, "Lunch", "Nonsense"]),
        by=st.sampled_from([None, BY_SYSTEM, BY_SYSTEM, MANAGER]),
        seen=st.sampled_from([None, None, 0]),
    )
    def service_asks(
        self,
        agent: str,
        number: str | None,
        action: AgentAction,
        reason: str,
        by: str | None,
        seen: int | None,
    ) -> None:
        queue_id = None if number is None else QueueId(number)
        who = AgentId(agent)
        self.ask(AgentActionRequested(who, queue_id, action, by or agent, reason, "r", seen), agent)

    @rule(
        agent=agents,
        presence=st.sampled_from(Presence),
        by=st.sampled_from([None, BY_SYSTEM, MANAGER]),
        seen=st.sampled_from([None, None, 0]),
    )
    def presence_is_asked(
        self, agent: str, presence: Presence, by: str | None, seen: int | None
    ) -> None:
        self.ask(PresenceRequested(AgentId(agent), presence, by or agent, "r", seen), agent)

    def ask(self, asked: AgentActionRequested | PresenceRequested, agent: str) -> None:
        """Asks; there is exactly one answer, and a refusal changes nothing."""
        version = self.centre.core.state.agents[AgentId(agent)].version
        outputs = self.centre.give(asked)
        done, refused = self.centre.told(ActionDone), self.centre.told(ActionRefused)
        assert len(done) + len(refused) == 1
        if refused:
            assert outputs == refused
            assert self.centre.core.state.agents[AgentId(agent)].version == version

    @rule(agent=agents, reachable=st.booleans())
    def phone_registers(self, agent: str, reachable: bool) -> None:
        self.centre.reach(agent, reachable=reachable)

    @rule(agent=agents, device=st.sampled_from(DeviceState))
    def device_changes(self, agent: str, device: DeviceState) -> None:
        self.centre.give(PhoneDevice(NODE, EndpointName(agent), device))

    @precondition(lambda self: self.centre.commands)
    @rule(data=st.data(), status=st.sampled_from([0, 404, 409, 500]))
    def command_fails(self, data: st.DataObject, status: int) -> None:
        command = self.pick(data, self.centre.commands[-8:])
        self.centre.give(CommandFailed(command, status, "because"))

    @rule(ok=st.booleans())
    def prompts_end(self, ok: bool) -> None:
        for prompt in [c for c in self.centre.commands[-10:] if isinstance(c, PlayPrompt)]:
            self.centre.give(PlaybackEnded(prompt.playback_id, ok))

    @rule()
    def connection_is_lost(self) -> None:
        self.centre.give(NodeDisconnected(NODE))

    @rule()
    def node_stays_away(self) -> None:
        self.centre.give(NodeDisconnected(NODE))
        self.centre.wait(20_000)

    @rule(data=st.data(), boot_id=st.sampled_from(["", "a", "b"]), stranger=st.booleans())
    def connection_is_back(self, data: st.DataObject, boot_id: str, stranger: bool) -> None:
        state = self.centre.core.state
        channels = [
            SeenChannel(name, data.draw(st.booleans()), None, TRUNK, "6400")
            for name in [
                *state.calls,
                *state.legs,
                *state.monitors,
                *state.recordings,
                *state.nodes[NODE].lost,
            ]
            if data.draw(st.integers(0, 4)) > 0
        ]
        if boot_id not in ("", state.nodes[NODE].boot_id):
            channels.clear()  # A restarted Asterisk has none of the channels that it had.
        if stranger:
            self.strangers += 1
            channels.append(SeenChannel(f"s{self.strangers}", up=False, dialled="6401"))
            channels.append(SeenChannel(f"leg-s{self.strangers}-1", up=True))
        bridges = ("talk-leg-old-1", "ear-old", "somebody-elses")
        self.centre.give(NodeConnected(NODE, tuple(channels), bridges, boot_id))

    @rule(data=st.data())
    def configuration_changes(self, data: st.DataObject) -> None:
        kept = [
            changed(
                line,
                strategy=data.draw(st.sampled_from(Strategy)),
                skill_steps=data.draw(st.sampled_from([line.skill_steps, ()])),
                callback=data.draw(callbacks),
                announcements=data.draw(st.sampled_from(ANNOUNCEMENTS)),
            )
            for line in self.lines
            if data.draw(st.integers(0, 3)) > 0
        ]
        self.apply(*kept)

    @rule()
    def engine_dies_and_comes_back(self) -> None:
        snapshot = self.centre.core.snapshot()
        restored = RoutingCore.restore(json.loads(json.dumps(snapshot)))
        assert restored.snapshot() == snapshot
        self.centre.core = restored
        self.centre.give(EngineStarted())

    def teardown(self) -> None:
        if not hasattr(self, "centre"):
            return
        centre = self.centre
        state = centre.core.state
        everything = (*state.calls, *state.legs, *state.monitors, *state.recordings)
        channels = tuple(SeenChannel(name, up=True) for name in everything)
        centre.give(NodeConnected(NODE, channels))
        for _ in range(3):
            centre.wait(5_000)
            centre.obey()
        for _ in range(10):  # Until the last callback has failed: nobody answers any more.
            for call_id in list(centre.core.state.calls):
                centre.hang_up(call_id)
            centre.obey()
            centre.wait(10_000)
        for call in list(centre.core.state.calls.values()):  # Of queues without a longest wait.
            assert call.absent
            centre.give(
                CallActionRequested("r", call.call_id, HangUpNow(), BY_SYSTEM, call.version)
            )
        centre.obey()
        centre.wait(600_000)  # Nobody says that recordings have stopped.
        self.everything_has_ended()

    def everything_has_ended(self) -> None:
        centre = self.centre
        state = centre.core.state
        assert not state.calls
        assert not state.legs
        assert not state.parked
        assert not state.callbacks
        assert not state.monitors
        assert not state.recordings
        assert all(not line.waiting and not line.wanting for line in state.lines.values())
        for begun, ended, name in [
            (CallStarted, CallEnded, "call_id"),
            (VisitStarted, VisitEnded, "visit_id"),
            (CallbackRequested, CallbackEnded, "callback_id"),
            (OfferMade, OfferEnded, "offer_id"),
            (TalkStarted, TalkEnded, "talk_id"),
            (WrapupStarted, WrapupEnded, "wrapup_id"),
            (CallParked, CallUnparked, "park_id"),
            (MonitorStarted, MonitorEnded, "monitor_id"),
            (RecordingStarted, RecordingEnded, "recording_id"),
        ]:
            first = sorted(getattr(fact, name) for fact in centre.of(begun))
            last = sorted(getattr(fact, name) for fact in centre.of(ended))
            assert first == last, f"every {begun.__name__} has exactly one {ended.__name__}"
            assert len(set(first)) == len(first)
            began_ms = {getattr(fact, name): fact.at_ms for fact in centre.of(begun)}
            for fact in centre.of(ended):
                assert began_ms[getattr(fact, name)] <= fact.at_ms, "nothing ends before it begins"
        for talk in centre.of(TalkEnded):
            assert talk.talk_ms >= 0
        for hold in centre.of(HoldEnded):
            assert hold.hold_ms >= 0
        for visit in centre.of(VisitEnded):
            assert 0 <= visit.ring_ms <= visit.wait_ms
        seqs = [fact.seq for fact in centre.facts]
        assert seqs == list(range(1, len(seqs) + 1)), "no fact is lost, doubled or out of order"
        for begun, ended, running in [
            (AgentLoggedIn, AgentLoggedOut, "login_id"),
            (PauseStarted, PauseEnded, "pause_id"),
        ]:
            first = [fact.spell_id for fact in centre.of(begun)]
            last = [fact.spell_id for fact in centre.of(ended)]
            open_spells = [
                getattr(membership, running)
                for agent in state.agents.values()
                for membership in agent.memberships.values()
                if getattr(membership, running) is not None
            ]
            assert sorted(first) == sorted(last + open_spells), (
                f"{begun.__name__}: a spell too many"
            )
        for agent in state.agents.values():
            assert not agent.own_calls
            assert agent.offers == 0
            assert agent.wrapups == 0
            assert not agent.backing_off


AnyHistory.TestCase.settings = settings(
    max_examples=int(os.environ.get("USHER_EXAMPLES", "120")),
    stateful_step_count=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestAnyHistory = AnyHistory.TestCase
