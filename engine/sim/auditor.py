"""The auditor: an independent model of a call centre that judges every step of the core.

It is fed with (time, input, commands and facts) and sees nothing else; it shares no code with the
core but the vocabulary. Its laws follow from the specification's rows; docs/simulation.md
lists them. Whoever breaks one raises `AuditFailure`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast, get_args

from engine.core import commands, facts, inputs
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.inputs import Input
from engine.sim.audit.agents import AgentLaws
from engine.sim.audit.agreement import Agreement
from engine.sim.audit.announcements import AnnouncementLaws
from engine.sim.audit.availability import may_take, wants
from engine.sim.audit.books import Books, QueueBook
from engine.sim.audit.callbacks import CallbackLaws
from engine.sim.audit.calls import CallLaws
from engine.sim.audit.care import CareLaws
from engine.sim.audit.closing import ClosingLaws
from engine.sim.audit.configuration import ConfigurationLaws
from engine.sim.audit.dialogues import DialogueLaws
from engine.sim.audit.due import Dues
from engine.sim.audit.ears import EarLaws
from engine.sim.audit.groups import GroupLaws
from engine.sim.audit.heard import Heard
from engine.sim.audit.hours import HoursLaws
from engine.sim.audit.offers import OfferLaws
from engine.sim.audit.passing import PassingLaws
from engine.sim.audit.places import PlaceLaws
from engine.sim.audit.step import Step
from engine.sim.audit.terms import Answer
from engine.sim.audit.told import Told
from engine.sim.audit.welcome import WelcomeLaws
from engine.sim.options import Options

Handler = Callable[[Any], None]

_WITHOUT_DUTY = (inputs.TimePassed, inputs.PhoneDevice, inputs.PhoneReachable)
"""Inputs that oblige the core to nothing by themselves, and are frequent."""


_MOVES = frozenset(
    (
        facts.CallStarted,
        facts.CallEnded,
        facts.VisitStarted,
        facts.VisitEnded,
        facts.TalkStarted,
        facts.TalkEnded,
        facts.CallTransferred,
        facts.CallParked,
        facts.CallUnparked,
    )
)
"""Facts whose `seq` is the new version of their call (S-03)."""


class Auditor:
    """Judges each step; `observe` is its only ear."""

    def __init__(self, options: Options) -> None:
        """Begins before the first input. Of the options only the timers' lateness matters here."""
        self._every = options.audit_every
        self._steps = 0
        self._seq = 0
        self._books = Books()
        self._dues = Dues(self._books, options.faults.timer_late_ms_max)
        self._step = Step()
        self._agents = AgentLaws(self._books, self._dues)
        self._offers = OfferLaws(self._books, self._dues, self._agents, self._step)
        self._calls = CallLaws(self._books, self._dues, self._step)
        self._heard = Heard(self._books, self._step)
        self._callbacks = CallbackLaws(self._books, self._dues, self._step)
        self._care = CareLaws(self._books, self._dues, self._step)
        self._hours = HoursLaws(self._books)
        self._closing = ClosingLaws(self._books, self._step)
        self._dialogues = DialogueLaws(self._books, self._step)
        self._places = PlaceLaws(self._books, self._step, self._dialogues)
        self._groups = GroupLaws(self._books, self._dues, self._step)
        self._announcements = AnnouncementLaws(self._books, self._dues)
        self._told = Told(self._books, self._step, self._callbacks)
        self._passing = PassingLaws(self._books, self._dues, self._step)
        self._ears = EarLaws(self._books, self._step)
        self._welcome = WelcomeLaws(self._books)
        self._agreement = Agreement(self._books, self._dues, self._step)
        self._configuration = ConfigurationLaws(self._books, self._dues)
        self._on_input: dict[type, Handler] = {
            inputs.PolicyApplied: self._policy_applied,
            inputs.EngineStarted: self._heard.engine_started,
            inputs.TimePassed: self._time_passed,
            inputs.CallArrived: self._heard.call_arrived,
            inputs.CallerHungUp: self._heard.caller_hung_up,
            inputs.LegAnswered: self._leg_answered,
            inputs.LegEnded: self._heard.leg_ended,
            inputs.CallCameBack: self._care.came_back,
            inputs.DigitPressed: self._care.digit_pressed,
            inputs.HoursChanged: self._hours.changed,
            inputs.PhoneReachable: self._heard.phone_reachable,
            inputs.PhoneDevice: self._heard.phone_device,
            inputs.NodeConnected: self._node_connected,
            inputs.NodeDisconnected: self._heard.node_disconnected,
            inputs.CommandFailed: self._command_failed,
            inputs.CallActionRequested: self._passing.asked,
            inputs.SpyEnded: self._ears.spy_ended,
            inputs.RecordingFinished: self._ears.recording_finished,
            inputs.AgentActionRequested: self._agents.asked,
            inputs.PlaybackEnded: self._playback_ended,
        }
        self._listeners: dict[type, tuple[bool, Handler | None]] = {
            **dict.fromkeys(get_args(Command), (False, None)),
            **dict.fromkeys(get_args(Fact), (True, None)),
            **{kind: (False, handler) for kind, handler in self._command_handlers().items()},
            **{kind: (True, handler) for kind, handler in self._fact_handlers().items()},
        }
        """For each kind of output: whether it is a fact, and who hears it."""

    def _command_handlers(self) -> dict[type, Handler]:
        return {
            commands.AnswerCall: self._told.answer_call,
            commands.RingPhone: self._ring_phone,
            commands.HangUpLeg: self._told.hang_up_leg,
            commands.HangUpCall: self._told.hang_up_call,
            commands.Connect: self._connect,
            commands.DestroyBridge: self._destroy_bridge,
            commands.StartMonitor: self._ears.start_monitor,
            commands.StopMonitor: self._ears.stop_monitor,
            commands.JoinTalk: self._ears.join_talk,
            commands.LeaveTalk: self._ears.leave_talk,
            commands.StartRecording: self._ears.start_recording,
            commands.ChangeRecording: self._ears.change_recording,
            commands.StartWaitingSound: self._start_sound,
            commands.StopWaitingSound: self._stop_sound,
            commands.PlayPrompt: self._play_prompt,
            commands.StopPrompt: self._stop_prompt,
            commands.SendToDialplan: self._send_to_dialplan,
            commands.FetchCall: self._care.fetch,
        }

    def _fact_handlers(self) -> dict[type, Handler]:
        return {
            facts.CallStarted: self._call_started,
            facts.CallbackRequested: self._callbacks.requested,
            facts.CallbackAttempted: self._callbacks.attempted,
            facts.CallbackEnded: self._callbacks.ended,
            facts.QueueHoursChanged: self._hours.noted,
            facts.CallRouted: self._places.routed,
            facts.SurveyEnded: self._dialogues.survey_ended,
            facts.CallEnded: self._call_ended,
            facts.VisitStarted: self._visit_started,
            facts.VisitEnded: self._visit_ended,
            facts.TalkStarted: self._calls.talk_started,
            facts.TalkEnded: self._talk_ended,
            facts.HoldStarted: self._calls.hold_started,
            facts.HoldEnded: self._calls.hold_ended,
            facts.ActionRefused: self._refused,
            facts.ActionDone: self._passing.done,
            facts.CallTransferred: self._passing.transferred,
            facts.CallParked: self._passing.parked,
            facts.CallUnparked: self._passing.unparked,
            facts.MonitorStarted: self._ears.monitor_started,
            facts.MonitorEnded: self._ears.monitor_ended,
            facts.RecordingStarted: self._ears.recording_started,
            facts.RecordingPaused: self._ears.recording_paused,
            facts.RecordingResumed: self._ears.recording_resumed,
            facts.RecordingEnded: self._ears.recording_ended,
            facts.OfferMade: self._offers.made,
            facts.OfferEnded: self._offers.ended,
            facts.AgentLoggedIn: self._agents.logged_in,
            facts.AgentLoggedOut: self._agents.logged_out,
            facts.PauseStarted: self._agents.pause_started,
            facts.PauseEnded: self._agents.pause_ended,
            facts.AgentAutoPaused: self._agents.auto_paused,
            facts.WrapupStarted: self._agents.wrapup_started,
            facts.WrapupEnded: self._agents.wrapup_ended,
            facts.WrapupExtended: self._agents.wrapup_extended,
        }

    def observe(self, now_ms: int, happened: Input, outputs: Sequence[Command | Fact]) -> None:
        """Takes one step of the core.

        Raises:
            AuditFailure: the step broke a law.
        """
        books = self._books
        if now_ms < books.now_ms:
            raise books.fail("time", f"{now_ms} comes after {books.now_ms}")
        books.now_ms = now_ms
        self._steps += 1
        thorough = self._steps % self._every == 0
        self._callbacks.begins(happened)
        self._dialogues.begins(happened)
        self._places.begins(happened)
        on_input = self._on_input.get(type(happened))
        if on_input is not None:
            on_input(happened)
        if outputs:
            self._offers.check_order = self._calls.exact_places = thorough
            listeners = self._listeners
            for output in outputs:
                is_fact, listener = listeners[type(output)]
                if is_fact:
                    self._seq += 1
                    if output.seq != self._seq or output.at_ms != now_ms:  # type: ignore[union-attr]
                        self._check_stamp(cast("Fact", output))
                if listener is not None:
                    listener(output)
                    if is_fact and type(output) in _MOVES:
                        self._moved(output)
            self._step_ends()
        elif on_input is not None and type(happened) not in _WITHOUT_DUTY:
            self._step_ends()
        self._dues.check()
        if thorough:
            self._check_nobody_waits_in_vain()

    def finish(self, now_ms: int) -> None:
        """After the liveness phase: everything that began has ended.

        Raises:
            AuditFailure: something is still open.
        """
        books = self._books
        books.now_ms = now_ms
        for call in books.calls.values():
            raise books.fail("liveness", f"call {call.call_id} never ended")
        for leg in books.legs.values():
            raise books.fail("liveness", f"{leg.leg_id} never ended")
        self._ears.finish()
        self._callbacks.finish()
        for slot in books.slots:
            raise books.fail("liveness", f"slot {slot} is taken for ever")
        for agent in books.agents.values():
            if agent.offers or agent.talks:
                raise books.fail("liveness", f"{agent.agent_id} never became free")
            for member in agent.members.values():
                if member.wrapup is not None:
                    raise books.fail("liveness", f"{agent.agent_id} is in wrap-up for ever")

    def _check_stamp(self, fact: Fact) -> None:
        """Facts are numbered without a gap and told when they happen (a visit counts from before)."""
        if fact.seq != self._seq:
            raise self._books.fail(
                "sequence", f"fact {fact.seq} came where {self._seq} was expected"
            )
        if type(fact) is not facts.VisitStarted:
            raise self._books.fail("time", f"{fact} was told at another time")

    def _step_ends(self) -> None:
        agents, step = self._agents, self._step
        if agents.owed or agents.must_pause or agents.wrapups_begun or step.talks_over:
            agents.step_ends(step.talks_over)
        if step.attention:
            self._ears.step_ends()
            self._callbacks.step_ends()
            self._care.step_ends()
            self._dialogues.step_ends()
            self._places.step_ends()
            self._groups.step_ends()
            self._closing.step_ends()
            self._agreement.step_ends()
        if self._configuration.changed:
            self._configuration.step_ends()
        if self._hours.turned:
            self._hours.step_ends()

    def _policy_applied(self, happened: inputs.PolicyApplied) -> None:
        self._configuration.applied(happened.policy)
        self._callbacks.policy_changed()
        self._care.policy_changed(happened.policy)
        self._announcements.policy_changed()
        self._hours.applied(happened)

    def _moved(self, fact: Any) -> None:  # noqa: ANN401
        call = self._books.calls.get(fact.call_id)
        if call is not None:
            call.version = fact.seq

    def _node_connected(self, happened: inputs.NodeConnected) -> None:
        self._heard.node_connected(happened)
        self._welcome.node_connected(happened)
        self._care.node_connected(happened)
        self._announcements.node_connected(happened)
        self._ears.reconciled(happened)

    def _command_failed(self, happened: inputs.CommandFailed) -> None:
        self._heard.command_failed(happened)
        self._welcome.failed(happened)
        self._care.failed(happened)
        self._ears.failed(happened)

    def _play_prompt(self, command: commands.PlayPrompt) -> None:
        self._told.play_prompt(command)
        self._announcements.play_prompt(command)
        self._dialogues.play_prompt(command)
        self._care.play_prompt(command)
        self._welcome.play_prompt(command)

    def _stop_prompt(self, command: commands.StopPrompt) -> None:
        self._care.stop_prompt(command)
        self._welcome.stop_prompt(command)

    def _connect(self, command: commands.Connect) -> None:
        self._told.connect(command)
        self._care.connect(command)

    def _start_sound(self, command: commands.StartWaitingSound) -> None:
        self._told.start_sound(command)
        self._care.start_sound(command)

    def _stop_sound(self, command: commands.StopWaitingSound) -> None:
        self._told.stop_sound(command)
        self._care.stop_sound(command)

    def _send_to_dialplan(self, command: commands.SendToDialplan) -> None:
        self._told.send_to_dialplan(command)
        self._care.send(command)

    def _playback_ended(self, happened: inputs.PlaybackEnded) -> None:
        self._welcome.playback_ended(happened)
        self._care.playback_ended(happened)

    def _leg_answered(self, happened: inputs.LegAnswered) -> None:
        self._groups.answered(happened)
        self._heard.leg_answered(happened)

    def _ring_phone(self, command: commands.RingPhone) -> None:
        self._groups.ring_phone(command)
        self._told.ring_phone(command)

    def _call_ended(self, fact: facts.CallEnded) -> None:
        self._dialogues.call_ended(fact)
        self._calls.call_ended(fact)

    def _visit_started(self, fact: facts.VisitStarted) -> None:
        self._calls.visit_started(fact)
        self._closing.visit_started(fact)
        self._announcements.visit_started(fact)

    def _visit_ended(self, fact: facts.VisitEnded) -> None:
        self._closing.visit_ended(fact)
        self._places.visit_ended(fact)
        self._calls.visit_ended(fact)

    def _talk_ended(self, fact: facts.TalkEnded) -> None:
        call = self._books.calls.get(fact.call_id)
        self._dialogues.talk_ended(fact, None if call is None else call.talk)
        self._calls.talk_ended(fact)

    def _call_started(self, fact: facts.CallStarted) -> None:
        self._calls.call_started(fact)
        if fact.source is facts.SourceKind.CALLBACK:
            self._callbacks.call_started(fact)

    def _destroy_bridge(self, command: commands.DestroyBridge) -> None:
        self._told.destroy_bridge(command)
        self._ears.destroy_bridge(command)

    def _refused(self, fact: facts.ActionRefused) -> None:
        self._agents.refused(fact)
        self._passing.refused(fact)

    def _time_passed(self, _: inputs.TimePassed) -> None:
        self._books.fired_ms = self._books.now_ms

    def _check_nobody_waits_in_vain(self) -> None:
        """The first law: nobody waits while an agent who may take the call is free."""
        for queue in self._books.queues.values():
            if queue.waiting:
                self._closing.check(queue)
                self._check_queue(queue)

    def _check_queue(self, queue: QueueBook) -> None:
        books = self._books
        free = [
            member for member in queue.members.values() if may_take(books, member) is Answer.YES
        ]
        for visit in queue.waiting.values():
            for member in free:
                if wants(books, visit, member) is Answer.YES:
                    raise books.fail(
                        "waits in vain",
                        f"{visit.visit_id} waits while {member.agent.agent_id} is free",
                    )
            many = len(visit.offers)
            if many > 1 and not visit.rings_many:
                raise books.fail("one call", f"{visit.visit_id} rings {many} agents at once")
