"""Words about transfers, parking, monitoring and recording that a meddler changes, and their laws."""

from __future__ import annotations

from typing import Any

from engine.core.commands import (
    ChangeRecording,
    JoinTalk,
    RecordingChange,
    StartMonitor,
    StartRecording,
    StopMonitor,
)
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallParked,
    CallTransferred,
    CallUnparked,
    MonitorEnded,
    MonitorStarted,
    ParkEnd,
    RecordingEnded,
    RecordingPaused,
    RecordingStarted,
    TransferKind,
    WrapupExtended,
)
from engine.core.ids import SPY_PREFIX, LegId, bridge_id_of
from tests.sim.planted import changes, drops, twice, with_fields


def whispers_instead(command: StartMonitor) -> list[Any]:
    return with_fields(whisper=not command.whisper)(command)


def joins_too(command: StartMonitor) -> list[Any]:
    bridge_id = bridge_id_of(LegId(command.channel_id))
    return [command, JoinTalk(command.node, bridge_id, command.call_id)]


def attended(fact: CallTransferred) -> bool:
    return fact.kind is TransferKind.ATTENDED


def of_a_spy(command: StopMonitor) -> bool:
    return command.monitor_id.startswith(SPY_PREFIX)


def pauses(command: ChangeRecording) -> bool:
    return command.change is RecordingChange.PAUSE


def stops(command: ChangeRecording) -> bool:
    return command.change is RecordingChange.STOP


def asked_by_service(fact: ActionRefused) -> bool:
    return bool(fact.request_id) and bool(fact.call_id)


def acts_on_a_call(fact: ActionDone) -> bool:
    return fact.action in ("transfer", "park", "redirect", "pick_up")


def of_a_queue(fact: MonitorStarted) -> bool:
    return fact.queue_id is not None


def rings_out(fact: CallUnparked) -> bool:
    return fact.why is ParkEnd.TIMED_OUT


DESK_WORDS: list[tuple[str, Any, str]] = [
    ("a spy goes on listening", drops(StopMonitor, of_a_spy, nth=1), "ears"),
    ("a listener joins the talk", changes(StartMonitor, joins_too, nth=1), "ears"),
    ("a barge joins nothing", drops(JoinTalk, nth=1), "ears"),
    ("a listener hears nothing", drops(StartMonitor, nth=1), "ears"),
    ("a listener is heard", changes(StartMonitor, whispers_instead, nth=1), "ears"),
    (
        "a supervisor hears somebody else's talk",
        changes(StartMonitor, with_fields(channel_id="x"), nth=1),
        "ears",
    ),
    ("a monitoring does not end", drops(MonitorEnded, nth=1), "ears|one place"),
    ("a monitoring ends twice", changes(MonitorEnded, twice, nth=1), "one end"),
    ("a monitoring begins twice", changes(MonitorStarted, twice, nth=1), "one place"),
    (
        "a stranger monitors",
        changes(MonitorStarted, with_fields(by="1001"), of_a_queue, nth=1),
        "rights",
    ),
    ("a monitoring is not told", drops(MonitorStarted, nth=1), "ears"),
    ("a talk is not recorded", drops(RecordingStarted), "recording"),
    ("a recording is only on paper", drops(StartRecording), "commands"),
    ("a recording is told twice", changes(RecordingStarted, twice), "one place"),
    ("a recording outlasts its talk", drops(ChangeRecording, stops), "recording"),
    ("a pause is only on paper", drops(ChangeRecording, pauses, nth=1), "commands"),
    ("a pause is told twice", changes(RecordingPaused, twice, nth=1), "spells"),
    ("a recording's end is not told", drops(RecordingEnded), "one end"),
    ("a recording ends twice", changes(RecordingEnded, twice), "one end"),
    ("a caller is parked twice", changes(CallParked, twice, nth=1), "one place"),
    ("a slot that is none", changes(CallParked, with_fields(slot="9"), nth=1), "truth"),
    ("a caller is parked on paper only", drops(CallParked, nth=1), "one place|one end"),
    ("a slot is never free", drops(CallUnparked, nth=1), "one place|timers"),
    ("a slot is left twice", changes(CallUnparked, twice, nth=1), "one end"),
    (
        "another slot is left",
        changes(CallUnparked, with_fields(slot="701x"), rings_out, nth=1),
        "one end",
    ),
    (
        "a slot is left by a manager who did not ask",
        changes(CallUnparked, with_fields(why=ParkEnd.REDIRECTED), rings_out, nth=1),
        "truth",
    ),
    (
        "a consultation joins out of the blue",
        drops(CallTransferred, attended, nth=1),
        "truth|commands",
    ),
    ("an action is not answered", drops(ActionDone, acts_on_a_call, nth=1), "actions"),
    ("an action is answered twice", changes(ActionDone, twice, acts_on_a_call, nth=1), "actions"),
    ("a refusal is not told", drops(ActionRefused, asked_by_service, nth=1), "actions"),
    (
        "a wrap-up is too much longer",
        changes(
            WrapupExtended, lambda fact: with_fields(until_ms=fact.until_ms + 60_000)(fact), nth=1
        ),
        "timers",
    ),
]
