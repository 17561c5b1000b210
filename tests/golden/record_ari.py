"""Records tests/golden/ari/*.jsonl from a real Asterisk: python -m tests.golden.record_ari

To be run by hand after a change of what the adapter says, or of Asterisk; then read the difference.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.core.commands import (
    AnswerCall,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    StartWaitingSound,
    TransferState,
)
from engine.core.ids import bridge_id_of, leg_id_of, playback_id_of
from engine.core.inputs import (
    CallerHungUp,
    CommandFailed,
    HoldChanged,
    LegEnded,
    LegRinging,
    NodeConnected,
    PlaybackEnded,
)
from tests.support.ari_lab import AriLab, LabWorld, lab_world
from tests.support.ari_trace import Recorder
from tests.support.telephony_contract import (
    MUSIC,
    NODE,
    RINGING,
    Posted,
    TelephonyContract,
    ring,
)
from tests.support.telephony_features import TelephonyFeatures

steps, features = TelephonyContract(), TelephonyFeatures()


async def end_by_agent(world: LabWorld, posted: Posted) -> None:
    _, call_id, leg_id = await steps.talk(world, posted)
    await world.phones["1001"].hang_up()
    await posted.first(LegEnded)
    world.telephony.send(DestroyBridge(NODE, bridge_id_of(leg_id)))
    world.telephony.send(HangUpCall(NODE, call_id, 16))
    await posted.first(CallerHungUp)


async def end_by_caller(world: LabWorld, posted: Posted) -> None:
    customer, _, leg_id = await steps.talk(world, posted)
    customer.hang_up()
    await posted.first(CallerHungUp)
    world.telephony.send(DestroyBridge(NODE, bridge_id_of(leg_id)))
    world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=False))
    await posted.first(LegEnded)


async def refused(world: LabWorld, posted: Posted, manner: str) -> None:
    _, call_id = await steps.arrived(world, posted)
    getattr(world.phones["1001"], manner)()
    world.telephony.send(ring(call_id, timeout_ms=1_000))
    await posted.first(LegEnded)


async def busy(world: LabWorld, posted: Posted) -> None:
    await refused(world, posted, "be_busy")


async def rejected(world: LabWorld, posted: Posted) -> None:
    await refused(world, posted, "reject")


async def no_answer(world: LabWorld, posted: Posted) -> None:
    await refused(world, posted, "ring")


async def silent(world: LabWorld, posted: Posted) -> None:
    await refused(world, posted, "be_silent")


async def unregistered(world: LabWorld, posted: Posted) -> None:
    _, call_id = await steps.arrived(world, posted)
    world.telephony.send(ring(call_id, "1009"))
    await posted.first(CommandFailed)


async def caller_cancels(world: LabWorld, posted: Posted) -> None:
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(StartWaitingSound(NODE, call_id, RINGING))
    await world.telephony.drain()
    customer.hang_up()
    await posted.first(CallerHungUp)


async def caller_leaves_the_queue(world: LabWorld, posted: Posted) -> None:
    customer, call_id = await steps.arrived(world, posted)
    leg_id = leg_id_of(call_id, 1)
    world.telephony.send(ring(call_id))
    world.telephony.send(AnswerCall(NODE, call_id))
    world.telephony.send(StartWaitingSound(NODE, call_id, MUSIC))
    await posted.exactly(LegRinging(leg_id))
    customer.hang_up()
    await posted.first(CallerHungUp)
    world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=False))
    await posted.first(LegEnded)


async def answered_elsewhere(world: LabWorld, posted: Posted) -> None:
    await steps.test_three_phones_ring_and_one_answers(world, posted, None)


async def hold(world: LabWorld, posted: Posted) -> None:
    _, call_id, leg_id = await steps.talk(world, posted)
    await world.phones["1001"].hold()
    await posted.exactly(HoldChanged(leg_id, held=True))
    await world.phones["1001"].resume()
    await posted.exactly(HoldChanged(leg_id, held=False))
    world.telephony.send(HangUpCall(NODE, call_id, 16))
    await posted.first(CallerHungUp)


async def prompts(world: LabWorld, posted: Posted) -> None:
    _, call_id = await steps.arrived(world, posted)
    world.telephony.send(AnswerCall(NODE, call_id))
    for n, media in enumerate((("sound:beep", "digits:64"), ("sound:no-such",)), 1):
        world.telephony.send(PlayPrompt(NODE, playback_id_of(call_id, n), call_id, media, "en"))
        await posted.first(PlaybackEnded)


async def connected_out_of_a_prompt(world: LabWorld, posted: Posted) -> None:
    await steps.test_a_prompt_does_not_delay_the_connection(world, posted, None)


async def forwarded(world: LabWorld, posted: Posted) -> None:
    await features.test_a_phone_that_forwards_says_whereto(world, posted, None)


async def blind_transfer(world: LabWorld, posted: Posted) -> None:
    state = TransferState.REFUSED
    test = features.test_a_blind_transfer_is_told_and_nothing_else_happens
    await test(world, posted, None, state)


async def attended_transfer(world: LabWorld, posted: Posted) -> None:
    await features.test_an_attended_transfer_joins_the_two_who_are_left(world, posted, None)


async def call_of_our_own(world: LabWorld, posted: Posted) -> None:
    await features.test_a_call_of_our_own_is_given_up_before_it_could_ring(world, posted, None)


async def monitoring(world: LabWorld, posted: Posted) -> None:
    await features.test_listening_whispering_barging_and_back(world, posted, None)


async def keys_of_a_supervisor(world: LabWorld, posted: Posted) -> None:
    await features.test_a_supervisors_keys_are_told_in_every_mode(world, posted, None, "barge")


async def recording(world: LabWorld, posted: Posted) -> None:
    await features.test_a_recording_is_paused_resumed_and_stopped(world, posted, None, stereo=False)


async def stereo_recording_and_the_caller_leaves(world: LabWorld, posted: Posted) -> None:
    test = features.test_a_recording_ends_well_with_its_channel
    await test(world, posted, None, "caller", stereo=True)


async def reconnection(world: LabWorld, posted: Posted) -> None:
    await steps.test_what_happens_in_a_cut_is_found_afterwards(world, posted, None)


FLOWS: tuple[Callable[[LabWorld, Posted], Awaitable[None]], ...] = (
    end_by_agent,
    end_by_caller,
    busy,
    rejected,
    no_answer,
    silent,
    unregistered,
    caller_cancels,
    caller_leaves_the_queue,
    answered_elsewhere,
    hold,
    prompts,
    connected_out_of_a_prompt,
    forwarded,
    blind_transfer,
    attended_transfer,
    call_of_our_own,
    monitoring,
    keys_of_a_supervisor,
    recording,
    stereo_recording_and_the_caller_leaves,
    reconnection,
)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with AriLab(Path(folder) / "asterisk") as lab:
            for flow in FLOWS:
                await record(lab, flow)


async def record(lab: AriLab, flow: Callable[[LabWorld, Posted], Awaitable[None]]) -> None:
    posted = Posted()
    recorder = Recorder()

    def post(happened):
        if type(happened) is NodeConnected:
            # Only the last connection is kept: a replay begins with one.
            begin = max(i for i, line in enumerate(recorder.lines) if _first_question(line))
            del recorder.lines[:begin]
        recorder.posted(happened)
        posted(happened)

    with recorder:
        async with lab_world(lab, post) as world, asyncio.TaskGroup() as tasks:
            run = tasks.create_task(world.telephony.run())
            await posted.first(NodeConnected)
            await flow(world, posted)
            await world.telephony.drain()
            lines = list(recorder.lines)
            run.cancel()
    recorder.lines = lines
    recorder.write(flow.__name__)
    sys.stdout.write(f"{flow.__name__}: {len(lines)} lines\n")


def _first_question(line) -> bool:
    return "out" in line and line["out"]["request_id"] == "1"


if __name__ == "__main__":
    asyncio.run(main())
