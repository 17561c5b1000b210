"""Where callers are, and what they hear: one place, one sound at a time, and never silence.

A caller is in a queue, a talk, a slot, a monitoring, or the dialplan's; or phones ring for them; or
they hear a prompt, or are asked for a key (menu, survey, callback), for which silence has its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.core.commands import (
    Connect,
    FetchCall,
    PlayPrompt,
    SendToDialplan,
    StartWaitingSound,
    StopPrompt,
    StopWaitingSound,
)
from engine.core.ids import CallId, LegId, NodeId
from engine.core.inputs import (
    CallCameBack,
    CommandFailed,
    DigitPressed,
    NodeConnected,
    PlaybackEnded,
)
from engine.core.policy import Policy
from engine.sim.audit.books import Books, CallBook
from engine.sim.audit.due import LATER_MS, Dues
from engine.sim.audit.journeys import NEVER_MS
from engine.sim.audit.step import Step

PROMPT_MS_MAX: Final = 600_000
"""A prompt that nobody says is over counts as over by then."""
KEY_MS: Final = 5_000
"""For so long a waiting caller is in silence who is asked for a key."""


@dataclass(slots=True, eq=False)
class _Stay:
    """A caller in the dialplan, who is to be taken back at `over_ms` (epoch ms; NEVER_MS: never)."""

    command: SendToDialplan
    over_ms: int
    fetched: bool = False


class CareLaws:
    """Follows each caller's ear."""

    def __init__(self, books: Books, dues: Dues, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._step = step
        self._sent: dict[CallId, _Stay] = {}
        """How callers were sent into the dialplan last."""
        self._key_ms = KEY_MS
        """The longest silence in which any place waits for a key."""

    def policy_changed(self, policy: Policy) -> None:
        """Who is asked is asked by the old configuration, so the longest ever counts."""
        times = [menu.timeout_ms for menu in policy.menus]
        times += [each.survey.timeout_ms for each in policy.queues if each.survey is not None]
        self._key_ms = max([self._key_ms, *times])

    # --- commands -------------------------------------------------------------------------------

    def play_prompt(self, command: PlayPrompt) -> None:
        """A prompt begins, where nothing else is heard."""
        books = self._books
        leg = books.legs.get(LegId(command.channel_id))
        if leg is not None:
            if leg.talk_id is not None:
                raise books.fail("care", f"{leg.leg_id} hears a prompt in a talk")
            return
        call = books.calls.get(CallId(command.channel_id))
        if call is None:
            return
        if call.talk is not None:
            raise books.fail("care", f"call {call.call_id} hears a prompt in a talk")
        if call.away:
            raise books.fail("care", f"call {call.call_id} is away, and is to hear a prompt")
        if call.ear.hears(books.now_ms) and not self._comes_back(call):
            raise books.fail("care", f"call {call.call_id} hears two prompts at once")
        if not command.media:
            raise books.fail("care", f"call {call.call_id} hears a prompt of nothing")
        call.ear.prompt, call.ear.prompt_until_ms = (
            command.playback_id,
            books.now_ms + PROMPT_MS_MAX,
        )
        call.ear.music = False
        call.ear.quiet_since_ms = NEVER_MS
        self._touch(call)

    def stop_prompt(self, command: StopPrompt) -> None:
        """It ends before its time."""
        call = self._books.calls.get(CallId(command.channel_id))
        if call is not None and call.ear.prompt == command.playback_id:
            call.ear.prompt = None
            self._touch(call)

    def start_sound(self, command: StartWaitingSound) -> None:
        """Music begins, not beside a prompt."""
        call = self._books.calls.get(command.call_id)
        if call is None:
            return
        if call.ear.hears(self._books.now_ms) and not self._comes_back(call):
            raise self._books.fail("care", f"call {call.call_id} hears music beside a prompt")
        if call.away:
            raise self._books.fail("care", f"call {call.call_id} is away, and is to hear music")
        if not call.ear.music:
            call.ear.music_since_ms = self._books.now_ms
        call.ear.music = True
        call.ear.quiet_since_ms = NEVER_MS
        call.ear.excused = False
        self._touch(call)

    def stop_sound(self, command: StopWaitingSound) -> None:
        """Music ends."""
        call = self._books.calls.get(command.call_id)
        if call is not None:
            call.ear.music = False
            self._touch(call)

    def connect(self, command: Connect) -> None:
        """Whatever plays to either is cut off."""
        for channel_id in (command.call_id, command.leg_id):
            call = self._books.calls.get(CallId(channel_id))
            if call is not None:
                call.ear.music, call.ear.prompt = False, None
                if call.away:
                    raise self._books.fail("care", f"call {call.call_id} is away, and talks")

    def send(self, command: SendToDialplan) -> None:
        """The dialplan gets a caller, who was nowhere else."""
        books = self._books
        call = books.calls.get(command.call_id)
        if call is None or call.ended:
            raise books.fail("one life", f"{command.call_id} is sent away, but does not live")
        if call.callback is not None:
            raise books.fail("care", f"call {call.call_id} is nobody, and is sent away")
        if call.away and not self._comes_back(call):
            raise books.fail("one place", f"call {call.call_id} is sent away twice")
        call.away, call.ear.music, call.ear.prompt = True, False, None
        before = self._sent.get(call.call_id)
        if before is None or before.command != command:  # Else it is said again.
            self._stays(call, command)
        self._touch(call)

    def _stays(self, call: CallBook, command: SendToDialplan) -> None:
        where = (command.context, command.extension)
        flows = [
            each
            for each in self._books.policy.call_flows
            if (each.context, each.extension) == where and each.limit_ms > 0
        ]
        over_ms = self._books.now_ms + flows[0].limit_ms if flows else NEVER_MS
        stay = self._sent[call.call_id] = _Stay(command, over_ms)
        if over_ms != NEVER_MS:
            self._dues.expect(over_ms, self._over_staying, (call, stay))

    def _over_staying(self, subject: tuple[CallBook, _Stay]) -> tuple[str, NodeId | None] | None:
        call, stay = subject
        if call.gone or call.ended or not call.away or stay.fetched:
            return None
        if self._sent[call.call_id] is not stay:
            return None
        return f"the stay of {call.call_id} in a call flow", call.node

    def fetch(self, command: FetchCall) -> None:
        """Nobody is taken back but from a call flow that has a limit, when that is over."""
        books = self._books
        call = books.calls.get(command.call_id)
        if call is None or call.ended or not call.away:
            raise books.fail("care", f"{command.call_id} is taken back from nowhere")
        stay = self._sent[command.call_id]
        if stay.over_ms == NEVER_MS or books.now_ms < stay.over_ms:
            raise books.fail("timers", f"call {call.call_id} is taken back before its time")
        stay.fetched = True

    # --- what was heard of them -----------------------------------------------------------------

    def playback_ended(self, happened: PlaybackEnded) -> None:
        """A prompt is over."""
        self._over(happened.playback_id)

    def failed(self, happened: CommandFailed) -> None:
        """What was to be heard is not."""
        command = happened.command
        if isinstance(command, PlayPrompt):
            self._over(command.playback_id)
        elif isinstance(command, StartWaitingSound | StopWaitingSound):
            call = self._books.calls.get(command.call_id)
            if call is not None and isinstance(command, StartWaitingSound):
                call.ear.music = False
                call.ear.excused = True
        elif isinstance(command, SendToDialplan):
            call = self._books.calls.get(command.call_id)
            # While the node is out of reach nobody knows whether it was done.
            if call is not None and call.away and self._books.node_up(call.node):
                call.away = False
                self._touch(call)

    def came_back(self, happened: CallCameBack) -> None:
        """The dialplan gives a caller back, who must go on."""
        call = self._books.calls.get(happened.call_id)
        if call is not None and call.away and not call.ended:
            call.away = False
            self._step.moved.append(call)
            self._touch(call)

    def digit_pressed(self, happened: DigitPressed) -> None:
        """Silence after a key counts anew."""
        call = self._books.calls.get(CallId(happened.channel_id))
        if call is not None:
            call.ear.key_ms = self._books.now_ms
            self._touch(call)

    def node_connected(self, happened: NodeConnected) -> None:
        """What they hear is put in order in this step."""
        away = {each.channel_id: each.away for each in happened.channels}
        for call in self._books.calls.values():
            if call.node == happened.node:
                call.ear.excused = False
                if call.away and not away.get(call.call_id, True):
                    call.away = False
                self._step.touched[call.call_id] = call

    def _over(self, playback_id: str) -> None:
        channel_id = playback_id.removeprefix("play-").rpartition("-")[0]
        call = self._books.calls.get(CallId(channel_id))
        if call is not None and call.ear.prompt == playback_id:
            call.ear.prompt = None
            self._touch(call)

    def _comes_back(self, call: CallBook) -> bool:
        """Tells whether its node is just back, so that things are said again."""
        seen = self._step.reconciled
        return seen is not None and seen.node == call.node

    def _touch(self, call: CallBook) -> None:
        self._step.touched[call.call_id] = call
        self._step.attention = True

    # --- the step -------------------------------------------------------------------------------

    def step_ends(self) -> None:
        """Whoever was touched is in one place, and not in silence."""
        for call in self._step.touched.values():
            if call.ended or call.gone or call.as_leg is not None or call.is_absent():
                continue
            if self._books.node_up(call.node):
                self._check(call)

    def _check(self, call: CallBook) -> None:
        books = self._books
        places = (call.visit, call.talk, call.parked, call.monitor, call.away or None)
        where = sum(place is not None for place in places)
        if where > 1:
            raise books.fail("one place", f"call {call.call_id} is in {where} places")
        hears = call.ear.hears(books.now_ms)
        if where and call.visit is None:
            if hears and call.parked is None:
                raise books.fail("care", f"call {call.call_id} hears a prompt where it is")
            return
        if call.visit is not None and call.callback is None:
            if hears or call.ear.music or call.ear.excused or call.doubtful:
                return
            if call.visit.queue.policy.callback is None:
                raise books.fail("care", f"call {call.call_id} waits in silence")
            self._expect(call, KEY_MS)
        elif where == 0 and not hears and not call.summoned:
            rings = any(not leg.hung_up and not leg.gone for leg in call.legs.values())
            if not rings:
                self._expect(call, self._key_ms)

    def _expect(self, call: CallBook, limit_ms: int) -> None:
        if call.ear.quiet_since_ms == NEVER_MS:
            call.ear.quiet_since_ms = self._books.now_ms
            due_ms = self._books.now_ms + limit_ms
            self._dues.expect(due_ms, self._silent, (call, limit_ms, self._books.now_ms))

    def _silent(self, subject: tuple[CallBook, int, int]) -> tuple[str, NodeId] | int | None:
        """A silence in which a key is waited for."""
        call, limit_ms, begun_ms = subject
        now_ms = self._books.now_ms
        if call.ear.quiet_since_ms != begun_ms:
            return None  # Something was heard since.
        if call.ended or call.gone or call.as_leg is not None or call.is_absent():
            return None
        rings = any(not leg.hung_up and not leg.gone for leg in call.legs.values())
        elsewhere = call.talk or call.parked or call.monitor or call.away or call.summoned or rings
        waits = call.visit is not None
        if (elsewhere and not waits) or call.ear.hears(now_ms) or call.ear.music:
            call.ear.quiet_since_ms = NEVER_MS
            return None
        if call.ear.excused or call.doubtful or not self._books.node_up(call.node):
            return LATER_MS
        if waits and call.visit is not None and call.visit.chosen is not None:
            return LATER_MS
        since_ms = max(call.ear.key_ms, call.ear.quiet_since_ms)
        if now_ms <= since_ms + limit_ms + self._dues.late_ms:
            return since_ms + limit_ms + self._dues.late_ms + 1 - now_ms
        where = "waits" if waits else "is nowhere,"
        return f"call {call.call_id} {where} in silence since {since_ms}; its end", call.node
