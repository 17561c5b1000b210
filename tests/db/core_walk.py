"""Facts from the real core: a random walk through its inputs, outages and reloads among them."""

from __future__ import annotations

from random import Random  # noqa: TID251 - seeded

from engine.core.commands import PlayPrompt
from engine.core.facts import Fact
from engine.core.ids import AgentId, CallId, LegId, QueueId
from engine.core.inputs import (
    AgentAction,
    CallActionRequested,
    CallArrived,
    EngineStarted,
    HangUpNow,
    HoldChanged,
    LegAnswered,
    LegEnded,
    Monitor,
    NodeConnected,
    NodeDisconnected,
    Park,
    PickUp,
    PlaybackEnded,
    PresenceRequested,
    Record,
    RecordingAction,
    RecordingFinished,
    Redirect,
    SeenChannel,
    Transfer,
    TransferRequested,
)
from engine.core.model.dialogue import CallbackDialogue
from engine.core.places import ToExtension, ToQueue
from engine.core.policy import (
    MonitorMode,
    ParkingPolicy,
    Presence,
    QueuePolicy,
    RecordingPolicy,
    Right,
    Strategy,
)
from engine.core.waiting import KeyEvent, SurveyKey, SurveyPolicy
from tests.support.callback import terms, with_routes
from tests.support.centre import NODE, TRUNK, Centre, dynamic, policy, queue, static

AGENTS = ("1001", "1002", "1003", "1004")
MANAGER = "1009"
SURVEY = SurveyPolicy(("sound:how",), (SurveyKey("1", 5), SurveyKey("2", -1)))
PARKING = ParkingPolicy(701, 702, timeout_ms=20_000)


def _queues() -> tuple[QueuePolicy, ...]:
    return (
        queue(
            "6400",
            *static("1001"),
            *dynamic("1002", "1003"),
            strategy=Strategy.RING_ALL,
            wait_ms_max=40_000,
            failure=ToQueue(QueueId("6401")),
            wrapup_ms=5_000,
            wrapup_extend_ms=4_000,
            wrapup_extend_ms_max=8_000,
            ring_in_use=True,
            recording=RecordingPolicy(),
            managers=(MANAGER,),
            manager_rights=tuple(Right),
            callback=terms(attempts=2, spacing_ms=5_000, ring_timeout_ms=20_000),
            survey=SURVEY,
        ),
        queue(
            "6401",
            *static("1001", "1004"),
            *dynamic("1002"),
            wait_ms_max=60_000,
            waiting_max=3,
            autopause_after=2,
            agent_prompt="sound:hello",
            wrapup_ms=3_000,
            recording=RecordingPolicy(automatic=False),
            managers=(MANAGER,),
            manager_rights=tuple(Right),
            callback=terms(timeout_ms=90_000),
            key_events=(KeyEvent("3", ToQueue(QueueId("6400"))),),
        ),
    )


class CoreWalk:
    """Tells what the core told during `steps` random inputs."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.centre = Centre(*_queues(), seed=seed, parking=PARKING)
        self.centre.reload(with_routes(policy(*_queues(), parking=PARKING)))

    def tell(self, steps: int) -> list[Fact]:
        acts = (
            self._call,
            self._call,
            self._wait,
            self._wait,
            self._wait,
            self._answer,
            self._answer,
            self._hang_up,
            self._end_leg,
            self._hold,
            self._pass_on,
            self._command,
            self._command,
            self._finish,
            self._say,
            self._pick_up_phone,
            self._act,
            self._act,
            self._obey,
            self._reconnect,
            self._reload,
            self._press,
            self._confirm,
            self._hear,
        )
        weights = (6, 6, 6, 6, 6, 8, 8, 4, 5, 4, 4, 6, 6, 4, 1, 8, 4, 4, 6, 1, 1, 12, 8, 12)
        for _ in range(steps):
            self.rng.choices(acts, weights)[0]()
        return list(self.centre.facts)

    def _call(self) -> None:
        if self.rng.random() < 0.8:
            self._call_queue()
            return
        dialled = self.rng.choice(("1002", "1004", "6401", "701", "702"))
        self.centre.call(dialled, source=self.rng.choice((*AGENTS, "1008")))

    def _call_queue(self) -> None:
        """Somebody calls who calls more often."""
        self.centre.calls += 1
        call_id, dialled = CallId(f"c{self.centre.calls}"), self.rng.choice(("6400", "6401"))
        number = f"0151{self.rng.randrange(1_000, 1_006)}"
        now_ms = self.centre.now_ms
        self.centre.give(CallArrived(call_id, NODE, TRUNK, dialled, number, "Ann", now_ms))

    def _press(self) -> None:
        """Mostly a key for which a caller can be asked."""
        call_id = self._a_call()
        if call_id is not None:
            self.centre.press(call_id, self.rng.choice("22111135"))

    def _confirm(self) -> None:
        """A caller who is asked for a callback says yes."""
        asked = [
            call.call_id
            for call in self.centre.core.state.calls.values()
            if isinstance(call.dialogue, CallbackDialogue)
        ]
        if asked:
            self.centre.press(self.rng.choice(asked), "1")

    def _hear(self) -> None:
        """A prompt is over."""
        prompts = self.centre.of(PlayPrompt)
        if prompts:
            heard = self.rng.choice(prompts[-5:])
            self.centre.give(PlaybackEnded(heard.playback_id, self.rng.random() < 0.9))

    def _wait(self) -> None:
        self.centre.wait(self.rng.choice((1, 500, 6_000, 25_000)))

    def _answer(self) -> None:
        ringing = list(self.centre.ringing())
        if ringing:
            self.centre.answer(self.rng.choice(ringing))

    def _a_call(self) -> CallId | None:
        calls = list(self.centre.core.state.calls)
        return self.rng.choice(calls) if calls else None

    def _a_leg(self) -> LegId | None:
        legs = list(self.centre.core.state.legs)
        return self.rng.choice(legs) if legs else None

    def _hang_up(self) -> None:
        call_id = self._a_call()
        if call_id is not None:
            self.centre.hang_up(call_id)

    def _end_leg(self) -> None:
        leg_id = self._a_leg()
        if leg_id is not None:
            self.centre.give(LegEnded(leg_id, self.rng.choice((16, 17, 19, 21, 38))))

    def _hold(self) -> None:
        channel = self._a_leg() if self.rng.random() < 0.7 else self._a_call()
        if channel is not None:
            self.centre.give(HoldChanged(channel, self.rng.random() < 0.6))

    def _pass_on(self) -> None:
        """A phone transfers: to a queue or a phone, or to its other call if it has one."""
        channel = self._a_leg() if self.rng.random() < 0.7 else self._a_call()
        if channel is None:
            return
        other = self._a_leg() if self.rng.random() < 0.5 else None
        target = self.rng.choice(("6400", "6401", "1002", "1004", "999"))
        self.centre.give(TransferRequested(channel, target, other))

    def _command(self) -> None:
        """The manager does something with a call, seen as it is or as it was."""
        call_id = self._a_call()
        if call_id is None:
            return
        destination = self.rng.choice((ToQueue(QueueId("6401")), ToExtension("1003")))
        action = self.rng.choice(
            (
                PickUp(),
                Redirect(destination),
                Transfer(destination),
                Park(),
                Park(),
                HangUpNow(),
                *(Monitor(mode) for mode in MonitorMode),
                *(Record(wanted) for wanted in RecordingAction),
            )
        )
        seen = self.centre.core.state.calls[call_id].version - (self.rng.random() < 0.1)
        request = f"r{len(self.centre.facts)}"
        self.centre.give(CallActionRequested(request, call_id, action, MANAGER, seen))

    def _pick_up_phone(self) -> None:
        """A phone that rings for a direct call, or for a call that Usher places."""
        state = self.centre.core.state
        own = [LegId(call_id) for call_id in state.calls if call_id.startswith("own-")]
        legs = [*state.legs, *own]
        if legs:
            self.centre.give(LegAnswered(self.rng.choice(legs)))

    def _finish(self) -> None:
        """Asterisk closes a file."""
        running = list(self.centre.core.state.recordings)
        if running:
            ok = self.rng.random() < 0.8
            self.centre.give(RecordingFinished(self.rng.choice(running), ok, "" if ok else "full"))

    def _say(self) -> None:
        agent, presence = self.rng.choice(AGENTS), self.rng.choice(list(Presence))
        self.centre.give(PresenceRequested(AgentId(agent), presence, agent, "p"))

    def _act(self) -> None:
        reason = self.rng.choice((None, "Lunch", "Break"))
        self.centre.act(
            self.rng.choice(AGENTS),
            self.rng.choice(("6400", "6401", "6499")),
            self.rng.choice(list(AgentAction)),
            reason,
        )

    def _obey(self) -> None:
        self.centre.obey()

    def _reconnect(self) -> None:
        """The connection, the engine or Asterisk was away; some channels are gone since."""
        state = self.centre.core.state
        if self.rng.random() < 0.3:
            self.centre.give(EngineStarted())
        else:
            self.centre.give(NodeDisconnected(NODE))
        self.centre.wait(self.rng.choice((10, 30_000)))
        channels = tuple(
            SeenChannel(channel, up=self.rng.random() < 0.5)
            for channel in (*state.calls, *state.legs)
            if self.rng.random() < 0.7
        )
        boot = self.rng.choice(("b1", "b1", "b2"))
        if boot != self.centre.core.state.nodes[NODE].boot_id:
            channels = ()  # A restarted Asterisk has none of the channels that it had.
        self.centre.give(NodeConnected(NODE, channels, (), boot))

    def _reload(self) -> None:
        """A queue disappears, and comes back."""
        self.centre.reload(with_routes(policy(_queues()[1], parking=PARKING)))
        self.centre.reload(with_routes(policy(*_queues(), parking=PARKING)))
