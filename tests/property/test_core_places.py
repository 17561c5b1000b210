"""The core against any history, in a house of menus, ring groups, boxes, call flows and surveys.

All that can happen in `test_core_machine` can happen here too; its laws hold, and each survey that
was begun ends exactly once.
"""

from __future__ import annotations

import dataclasses
import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from engine.core.facts import SurveyEnded
from engine.core.ids import CallId, QueueId, TalkId, playback_id_of
from engine.core.inputs import (
    BY_SYSTEM,
    CallActionRequested,
    CallCameBack,
    LegAnswered,
    NodeConnected,
    PlaybackEnded,
    PolicyApplied,
    Redirect,
    SeenChannel,
    Transfer,
    TransferRequested,
)
from engine.core.model.call import CallState
from engine.core.model.dialogue import SurveyDialogue
from engine.core.places import (
    CallFlow,
    Destination,
    GroupStrategy,
    HangUp,
    Menu,
    MenuKey,
    PlayThenHangUp,
    RingGroup,
    ToCallFlow,
    ToExtension,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
    VoicemailBox,
)
from engine.core.policy import InboundRoute, QueuePolicy
from engine.core.waiting import SurveyKey, SurveyPolicy
from tests.property.test_core_machine import AGENTS, QUEUES, AnyHistory
from tests.support.centre import NODE, TRUNK

pytestmark = [pytest.mark.property, pytest.mark.timeout(600)]

KEYS = "0123456789*#"
MENUS = (
    Menu(
        "main",
        ("sound:main",),
        (
            MenuKey("1", ToQueue(QueueId("6400")), priority=2),
            MenuKey("2", ToMenu("numbers"), required_skills=("french",)),
            MenuKey("3", ToRingGroup("desk")),
            MenuKey("4", ToVoicemail("1001")),
            MenuKey("*", ToCallFlow("shop")),
        ),
        timeout_ms=2_000,
        tries=2,
        wrong_media=("sound:wrong",),
        silence=ToMenu("numbers"),
        wrong=ToQueue(QueueId("6401")),
    ),
    Menu(
        "numbers",
        (),
        (MenuKey("6", ToMenu("main")), MenuKey("#", ToRingGroup("row"))),
        timeout_ms=1_000,
        silence_media=("sound:silence",),
        silence=ToMenu("main"),
        direct_dial=True,
        language="zh",
    ),
)
GROUPS = (
    RingGroup("desk", AGENTS, ring_timeout_ms=3_000, failure=ToRingGroup("row")),
    RingGroup("row", AGENTS, GroupStrategy.IN_ORDER, 1_500),
    RingGroup("nobody", (), failure=ToMenu("main")),
)
RATING = (SurveyKey("1", 1), SurveyKey("2", 2), SurveyKey("22", 22))
SURVEYS = {
    "6400": SurveyPolicy(("sound:rate",), RATING, ("sound:thanks",), timeout_ms=1_500),
    "6401": SurveyPolicy(("sound:rate",), RATING, timeout_ms=500, tries=1),
}
PLACES: dict[str, Destination] = {
    "50": ToMenu("main"),
    "51": ToMenu("numbers"),
    "52": ToRingGroup("desk"),
    "53": ToRingGroup("row"),
    "54": ToVoicemail("8000"),
    "55": ToCallFlow("shop"),
    "56": ToRingGroup("nobody"),
    "57": ToMenu("gone"),
}
INSTEAD: dict[type, Destination] = {
    HangUp: ToMenu("main"),
    ToExtension: ToRingGroup("desk"),
    PlayThenHangUp: ToCallFlow("shop"),
}
"""Where the queues of this house send callers, instead of where they do in the other."""

places = st.sampled_from(list(PLACES.values()))


class AnyPlace(AnyHistory):
    """The same, and what can happen in such places."""

    has_menus = has_groups = True

    def apply(self, *lines: QueuePolicy) -> None:
        self.current = lines
        self.begun: dict[TalkId, None] = getattr(self, "begun", {})
        super().apply(
            *(
                dataclasses.replace(
                    line,
                    failure=INSTEAD.get(type(line.failure), line.failure),
                    survey=SURVEYS.get(line.queue_id),
                )
                for line in lines
            )
        )
        self.centre.policy = dataclasses.replace(
            self.centre.policy,
            menus=MENUS if self.has_menus else (),
            ring_groups=GROUPS if self.has_groups else (),
            call_flows=(CallFlow("shop", "shop"),) if self.has_menus else (),
            voicemail_boxes=(VoicemailBox("8000", ("1001", "1002")),),
            extensions=tuple(
                dataclasses.replace(each, voicemail=each.number == "1001")
                for each in self.centre.policy.extensions
            ),
            inbound_routes=(
                *self.centre.policy.inbound_routes,
                *(InboundRoute(f"to {number}", number, to) for number, to in PLACES.items()),
            ),
        )
        self.centre.give(PolicyApplied(self.centre.policy, (self.hours,)))

    @invariant()
    def surveys_are_seen(self) -> None:
        if not hasattr(self, "centre"):
            return
        for call in self.centre.core.state.calls.values():
            if isinstance(call.dialogue, SurveyDialogue):
                self.begun[call.dialogue.about.talk_id] = None

    @rule(number=st.sampled_from(list(PLACES)))
    def caller_dials_a_place(self, number: str) -> None:
        self.centre.call(number)

    @rule(agent=st.sampled_from(AGENTS), digits=st.sampled_from(["*97", "*978000", "*971001"]))
    def agent_listens(self, agent: str, digits: str) -> None:
        self.centre.call(digits, source=agent)

    @precondition(lambda self: self.deciding())
    @rule(data=st.data(), keys=st.text(KEYS, min_size=1, max_size=5))
    def caller_presses(self, data: st.DataObject, keys: str) -> None:
        call_id = self.pick(data, self.deciding())
        for key in keys:
            self.centre.press(call_id, key)

    @precondition(lambda self: self.deciding())
    @rule(data=st.data(), times=st.integers(1, 4), ok=st.booleans())
    def caller_is_silent(self, data: st.DataObject, times: int, ok: bool) -> None:
        call_id = self.pick(data, self.deciding())
        for _ in range(times):
            call = self.centre.core.state.calls.get(call_id)
            if call is not None and call.playback_id is not None:
                self.centre.give(PlaybackEnded(call.playback_id, ok))
            self.centre.wait(1_000)

    @precondition(lambda self: self.deciding())
    @rule(data=st.data(), key=st.sampled_from("07#"))
    def caller_leans_on_a_key(self, data: st.DataObject, key: str) -> None:
        call_id = self.pick(data, self.deciding())
        for _ in range(40):
            self.centre.press(call_id, key)

    def deciding(self) -> list[CallId]:
        calls = self.centre.core.state.calls.values()
        return [call.call_id for call in calls if call.state is CallState.DECIDING]

    @precondition(lambda self: self.centre.core.state.calls)
    @rule(
        data=st.data(),
        dialled=st.sampled_from([*QUEUES, "1002", "50", "55", "*97", "", "s", "999"]),
        sane=st.booleans(),
    )
    def caller_comes_back(self, data: st.DataObject, dialled: str, sane: bool) -> None:
        calls = self.centre.core.state.calls.values()
        away = [call.call_id for call in calls if call.state is CallState.AWAY]
        call_id = self.pick(data, away if away and sane else [call.call_id for call in calls])
        self.centre.give(CallCameBack(call_id, dialled))

    @precondition(lambda self: self.centre.core.state.legs)
    @rule(data=st.data(), then=st.sampled_from(["", "9", "1", "22"]))
    def agent_talks_and_hangs_up(self, data: st.DataObject, then: str) -> None:
        leg = self.pick(data, self.centre.core.state.legs.values())
        self.centre.give(LegAnswered(leg.leg_id))
        self.centre.give(PlaybackEnded(playback_id_of(leg.leg_id, 1), ok=True))
        self.centre.end_leg(leg.leg_id, 16)
        for key in then:
            self.centre.press(leg.call_id, key)

    @precondition(lambda self: self.centre.core.state.calls)
    @rule(data=st.data(), to=places)
    def person_sends_to_a_place(self, data: st.DataObject, to: Destination) -> None:
        call = self.pick(data, self.centre.core.state.calls.values())
        action = Transfer(to) if call.state is CallState.TALKING else Redirect(to)
        self.centre.give(CallActionRequested("r", call.call_id, action, BY_SYSTEM, call.version))

    @precondition(lambda self: self.centre.core.state.legs)
    @rule(
        data=st.data(),
        number=st.sampled_from(["6401", "1003", "701"]),
        attended=st.booleans(),
    )
    def phone_transfers(self, data: st.DataObject, number: str, attended: bool) -> None:
        state = self.centre.core.state
        leg = self.pick(data, state.legs.values())
        own = [call.call_id for call in state.calls.values() if call.endpoint == leg.endpoint]
        other = self.pick(data, own) if attended and own else None
        self.centre.give(TransferRequested(leg.leg_id, "" if other else number, other))

    @rule(menus=st.booleans(), groups=st.booleans())
    def places_change(self, menus: bool, groups: bool) -> None:
        self.has_menus, self.has_groups = menus, groups
        self.apply(*self.current)

    @rule(data=st.data())
    def connection_knows_who_is_away(self, data: st.DataObject) -> None:
        state = self.centre.core.state
        channels = [
            SeenChannel(
                call.call_id,
                data.draw(st.booleans()),
                None,
                TRUNK,
                data.draw(st.sampled_from([call.dialled, "6400", "s"])),
                away=call.state is CallState.AWAY and data.draw(st.booleans()),
                trip=data.draw(st.sampled_from([0, call.trip.ordinal if call.trip else 0])),
            )
            for call in state.calls.values()
            if data.draw(st.integers(0, 4)) > 0
        ]
        channels += [SeenChannel(leg_id, up=data.draw(st.booleans())) for leg_id in state.legs]
        self.strangers += 1
        channels.append(SeenChannel(f"a{self.strangers}", True, None, TRUNK, "s", away=True))
        self.centre.give(NodeConnected(NODE, tuple(channels)))

    def everything_has_ended(self) -> None:
        super().everything_has_ended()
        ended = [fact.talk_id for fact in self.centre.of(SurveyEnded)]
        assert len(set(ended)) == len(ended), "a survey ends twice"
        assert not self.begun.keys() - set(ended), "a survey never ends"


AnyPlace.TestCase.settings = settings(
    max_examples=int(os.environ.get("USHER_EXAMPLES", "60")),
    stateful_step_count=50,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestAnyPlace = AnyPlace.TestCase
