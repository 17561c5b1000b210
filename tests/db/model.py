"""A small model of a call centre that tells lawful facts at random: what the real core could tell.

Several visits of a call, several offers at once, overlapping agents, holds, recordings, monitoring,
parking. It knows nothing of tables. `model_people` adds what people do of themselves, `model_waiting`
callbacks, surveys, ways and opening hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - given by hypothesis

from engine.core.facts import (
    CallEnd,
    Fact,
    InputIgnored,
    OfferOutcome,
    OfferReason,
    ParkEnd,
    VisitReason,
    WrapupEnd,
)
from engine.core.policy import MonitorMode
from tests.db.waiting import WaitingStory

QUEUES = ("6400", "6401")
AGENTS = ("1001", "1002", "1003")
SLOTS = ("701", "702")


@dataclass
class ModelCall:
    call_id: str
    queue: str | None = None
    visits: int = 0
    legs: int = 0
    offers: dict[int, str] = field(default_factory=dict)
    """Live offers: leg, agent."""
    talk: tuple[int, str] | None = None
    holds: int = 0
    on_hold: bool = False
    recording: bool = False
    recordings: int = 0
    paused: bool = False
    monitored: int = 0
    """Number of the running spell of monitoring; 0: none."""
    monitors: int = 0
    parkings: int = 0
    surveyed: tuple[int, str, str] | None = None
    """Its last talk in a queue: leg, agent, queue."""


class Model:
    """Tells `steps` random steps."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.story = WaitingStory()
        self.calls: list[ModelCall] = []
        self.made = 0
        self.spells = 0
        self.wrapups: dict[tuple[str, str], str] = {}
        self.parked: dict[str, ModelCall] = {}
        """By slot. Such a call is in no queue and talks with nobody."""

    def acts(self) -> tuple[Callable[[], None], ...]:
        """What may happen next; often what is there more than once."""
        return (
            self._new_call,
            self._enter,
            self._ring,
            self._ring,
            self._refuse,
            self._connect,
            self._leave,
            self._hold,
            self._part,
            self._end,
            self._record,
            self._record,
            self._pause_recording,
            self._pause_recording,
            self._monitor,
            self._pass_on,
            self._park,
            self._unpark,
            self._ignore,
        )

    def tell(self, steps: int) -> list[Fact]:
        """Tells what happens in so many steps."""
        acts = self.acts()
        for _ in range(steps):
            self.story.wait(self.rng.choice((0, 0, 1, 700, 4_000)))
            self.rng.choice(acts)()
        return self.story.facts

    def _pick(self, *, waiting: bool = False, talking: bool = False) -> ModelCall | None:
        fitting = [
            call
            for call in self.calls
            if (call.queue is not None) == waiting
            and (call.talk is not None) == talking
            and call not in self.parked.values()
        ]
        return self.rng.choice(fitting) if fitting else None

    def _new_call(self) -> None:
        self.made += 1
        call = ModelCall(f"usher-n1-{self.made}")
        self.calls.append(call)
        self.story.call(call.call_id, f"555{self.made:04}")

    def _enter(self) -> None:
        call = self._pick()
        if call is None:
            return
        call.queue = self.rng.choice(QUEUES)
        call.visits += 1
        self.story.visit(call.call_id, call.queue, call.visits)

    def _ring(self) -> None:
        call = self._pick(waiting=True)
        busy = self._rung()
        free = [agent for agent in AGENTS if agent not in busy]
        if call is None or not free:
            return
        call.legs += 1
        call.offers[call.legs] = self.rng.choice(free)
        assert call.queue is not None
        self.story.offer(
            call.call_id, call.offers[call.legs], call.legs, queue=call.queue, n=call.visits
        )

    def _rung(self) -> set[str]:
        """Agents to whom a call is offered."""
        return {agent for each in self.calls for agent in each.offers.values()}

    def _end_offer(
        self, call: ModelCall, leg: int, outcome: OfferOutcome, reason: OfferReason
    ) -> None:
        assert call.queue is not None
        self.story.offer_over(
            call.call_id,
            call.offers.pop(leg),
            leg,
            outcome,
            reason,
            queue=call.queue,
            n=call.visits,
        )

    def _refuse(self) -> None:
        ringing = [call for call in self.calls if call.offers]
        if ringing:
            call = self.rng.choice(ringing)
            leg = self.rng.choice(list(call.offers))
            reason = self.rng.choice((OfferReason.NO_ANSWER, OfferReason.BUSY))
            self._end_offer(call, leg, OfferOutcome.MISSED, reason)

    def _connect(self) -> None:
        ringing = [call for call in self.calls if call.offers]
        if not ringing:
            return
        call = self.rng.choice(ringing)
        leg, agent = self.rng.choice(list(call.offers.items()))
        for other in [each for each in call.offers if each != leg]:
            self._end_offer(call, other, OfferOutcome.CANCELLED, OfferReason.ANSWERED_ELSEWHERE)
        assert call.queue is not None
        self.story.answered(call.call_id, agent, queue=call.queue, n=call.visits)
        self._end_offer(call, leg, OfferOutcome.ANSWERED, OfferReason.ANSWERED)
        self.story.talk(call.call_id, agent, leg, queue=call.queue, n=call.visits)
        call.talk = (leg, agent)

    def _leave(self) -> None:
        """Hangs up while waiting, or overflows to another queue in the same breath."""
        call = self._pick(waiting=True)
        if call is None:
            return
        assert call.queue is not None
        abandons = self.rng.random() < 0.5
        reason = OfferReason.CALLER_HUNG_UP if abandons else OfferReason.VISIT_ENDED
        for leg in list(call.offers):
            self._end_offer(call, leg, OfferOutcome.CANCELLED, reason)
        if abandons:
            self.story.abandoned(call.call_id, queue=call.queue, n=call.visits)
            self._over(call, CallEnd.CALLER)
            return
        why = self.rng.choice((VisitReason.MAX_WAIT, VisitReason.QUEUE_REMOVED))
        self.story.missed(call.call_id, queue=call.queue, n=call.visits, reason=why)
        left, call.queue = call.queue, None
        if self.rng.random() < 0.8:
            self._overflow(call, left, self.rng.choice(QUEUES))

    def _overflow(self, call: ModelCall, _left: str, queue: str) -> None:
        call.visits += 1
        call.queue = queue
        self.story.visit(call.call_id, queue, call.visits)

    def _hold(self) -> None:
        call = self._pick(waiting=True, talking=True)
        if call is None or call.talk is None:
            return
        leg = call.talk[0]
        if call.on_hold:
            self.story.hold_over(call.call_id, leg, call.holds)
        else:
            call.holds += 1
            self.story.hold(call.call_id, leg, call.holds)
        call.on_hold = not call.on_hold

    def _part(self) -> None:
        call = self._pick(waiting=True, talking=True)
        if call is not None:
            by = self.rng.choice((CallEnd.CALLER, CallEnd.AGENT))
            self._end_talk(call, by)
            self._close(call, by)

    def _close(self, call: ModelCall, by: CallEnd) -> None:
        """What comes after a queue's talk."""
        self._over(call, by)

    def _end_talk(self, call: ModelCall, by: CallEnd) -> None:
        assert call.talk is not None
        assert call.queue is not None
        leg, agent = call.talk
        if call.on_hold:
            self.story.hold_over(call.call_id, leg, call.holds)
        if call.recording:
            ok = self.rng.random() < 0.8
            why = "" if ok else "disk full"
            self.story.record_over(call.call_id, leg, call.recordings, ok=ok, why=why)
        if call.monitored:
            self.story.monitor_over(f"s-{call.call_id}", call.monitored, call.call_id)
        self.story.talk_over(call.call_id, leg, by)
        key = (agent, call.queue)
        if key in self.wrapups:
            self.story.wrapup_over(self.wrapups[key], agent, WrapupEnd.REPLACED, call.queue)
        self.wrapups[key] = self._spell()
        self.story.wrapup(self.wrapups[key], agent, call.call_id, queue=call.queue)
        call.talk = call.queue = None
        call.on_hold = call.recording = call.paused = False
        call.monitored = call.holds = 0

    def _record(self) -> None:
        call = self._pick(waiting=True, talking=True)
        if call is None or call.talk is None:
            return
        leg, agent = call.talk
        if call.recording:
            self.story.record_over(call.call_id, leg, call.recordings)
        else:
            call.recordings += 1
            self.story.record(call.call_id, agent, leg, call.recordings)
        call.recording, call.paused = not call.recording, False

    def _pause_recording(self) -> None:
        recorded = [call for call in self.calls if call.recording]
        if not recorded:
            return
        call = self.rng.choice(recorded)
        assert call.talk is not None
        tell = self.story.record_resume if call.paused else self.story.record_pause
        tell(call.call_id, call.talk[0], call.recordings)
        call.paused = not call.paused

    def _monitor(self) -> None:
        """Begins; or changes the mode, which is an end and a start."""
        call = self._pick(waiting=True, talking=True)
        if call is None or call.talk is None:
            return
        if call.monitored:
            self.story.monitor_over(f"s-{call.call_id}", call.monitored, call.call_id)
        call.monitors += 1
        call.monitored = call.monitors
        mode = self.rng.choice(list(MonitorMode))
        supervisor = f"s-{call.call_id}"
        self.story.monitor(supervisor, call.monitored, call.call_id, call.talk[1], mode)

    def _pass_on(self) -> None:
        call = self._pick(waiting=True, talking=True)
        if call is None or call.talk is None:
            return
        agent = call.talk[1]
        self._end_talk(call, CallEnd.TRANSFERRED)
        self.story.transfer(call.call_id, agent, self.rng.choice(AGENTS))

    def _park(self) -> None:
        free = [slot for slot in SLOTS if slot not in self.parked]
        call = self._pick()
        if call is None or not free:
            return
        slot = self.rng.choice(free)
        self.parked[slot] = call
        call.parkings += 1
        self.story.park(call.call_id, slot, self.rng.choice(AGENTS), call.parkings)

    def _unpark(self) -> None:
        if self.parked:
            slot = self.rng.choice(list(self.parked))
            call = self.parked.pop(slot)
            why = self.rng.choice((ParkEnd.RETRIEVED, ParkEnd.TIMED_OUT, ParkEnd.REDIRECTED))
            by = "" if why is ParkEnd.TIMED_OUT else "1002"
            self.story.unpark(call.call_id, slot, why, by, call.parkings)

    def _end(self) -> None:
        call = self._pick()
        if call is not None:
            self._over(call, CallEnd.SYSTEM)

    def _over(self, call: ModelCall, by: CallEnd) -> None:
        self.story.call_over(call.call_id, by)
        self.calls.remove(call)

    def _spell(self) -> str:
        self.spells += 1
        return f"spell.{self.spells}"

    def _ignore(self) -> None:
        seq = len(self.story.facts) + 1
        self.story.facts.append(InputIgnored(seq, self.story.now_ms, "LegRinging", "no such leg"))
