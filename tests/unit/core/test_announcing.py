"""What a waiting caller hears and when (P-01 to P-08): prompts and music, one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core import speech
from engine.core.commands import (
    AnswerCall,
    Connect,
    PlayPrompt,
    PlayToTalk,
    RingPhone,
    StartWaitingSound,
    StopPrompt,
)
from engine.core.facts import CallbackTrigger, TalkStarted, VisitEnded
from engine.core.ids import CallId, QueueId
from engine.core.inputs import (
    CallActionRequested,
    CommandFailed,
    EngineStarted,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    PickUp,
    PlaybackEnded,
    Redirect,
    SeenChannel,
)
from engine.core.model.call import Call
from engine.core.model.dialogue import CallbackDialogue
from engine.core.places import ToExtension, ToQueue
from engine.core.policy import Right
from engine.core.prompting.hearing import PROMPT_MS_MAX
from engine.core.prompting.questions import ask, end_dialogue
from engine.core.router import RoutingCore
from engine.core.waiting import Announcements, WaitingSound
from tests.support.centre import NODE, START_MS, Centre, changed, queue, static

pytestmark = pytest.mark.unit

HELLO = ("sound:hello",)
ADVERT = ("sound:advert", "sound:press-4")


def announced(*members: Any, **what: Any) -> Any:
    """A queue with these announcements."""
    options = {"retry_interval_ms": what.pop("retry_interval_ms", 5_000)}
    for name in ("language", "agent_prompt", "hold_music", "waiting_sound"):
        if name in what:
            options[name] = what.pop(name)
    return queue("6400", *members, announcements=Announcements(**what), **options)


def prompts(centre: Centre) -> list[tuple[int, tuple[str, ...]]]:
    """Prompts that the last input told."""
    return [(centre.now_ms - START_MS, each.media) for each in centre.told(PlayPrompt)]


def end_prompt(centre: Centre, call_id: CallId, *, ok: bool = True) -> None:
    """The caller's prompt is over."""
    playback_id = centre.core.state.calls[call_id].playback_id
    assert playback_id is not None
    centre.give(PlaybackEnded(playback_id, ok))


def listen(centre: Centre, call_id: CallId, until_ms: int, lasts_ms: int) -> list[Any]:
    """Lets time pass to `until_ms` after the start; prompts last so long.

    Returns what the caller hears: (when, media), and (when, "music").
    """
    heard: list[Any] = []
    ends_ms: int | None = None
    while True:
        due = [each for each in (centre.core.next_deadline(), ends_ms) if each is not None]
        if not due or min(due) - START_MS > until_ms:
            break
        at_ms = min(due)
        if at_ms == ends_ms:
            centre.wait(at_ms - centre.now_ms - 1 if at_ms > centre.now_ms else 0)
            centre.now_ms, ends_ms = at_ms, None
            end_prompt(centre, call_id)
        else:
            centre.wait(at_ms - centre.now_ms)
        for told in centre.last:
            if isinstance(told, PlayPrompt) and told.channel_id == call_id:
                assert ends_ms is None, "two prompts at once"
                heard.append((at_ms - START_MS, told.media))
                ends_ms = at_ms + lasts_ms
            if isinstance(told, StartWaitingSound):
                heard.append((at_ms - START_MS, "music"))
    centre.wait(max(0, START_MS + until_ms - centre.now_ms))
    return heard


def call_of(centre: Centre, call_id: CallId) -> Call:
    return centre.core.state.calls[call_id]


@pytest.mark.row("P-01")
@pytest.mark.row("P-02")
def test_the_join_prompt_comes_first_then_the_waiting_sound() -> None:
    """An agent's phone rings all the while, and is asked to before anything is played."""
    centre = Centre(announced(*static("1001"), join=HELLO))
    call_id = centre.call("6400")
    commands = [each for each in centre.last if not hasattr(each, "seq")]
    assert [type(each) for each in commands] == [RingPhone, AnswerCall, PlayPrompt]
    assert commands[2].media == HELLO
    end_prompt(centre, call_id)
    assert centre.told(StartWaitingSound)[0].sound == WaitingSound("default")


@pytest.mark.row("P-02")
def test_ringing_is_a_waiting_sound_too() -> None:
    centre = Centre(announced(join=HELLO, waiting_sound=WaitingSound(None)))
    call_id = centre.call("6400")
    assert centre.told(StartWaitingSound) == []
    end_prompt(centre, call_id)
    assert centre.told(StartWaitingSound)[0].sound == WaitingSound(None)


@pytest.mark.row("P-01")
@pytest.mark.parametrize("ok", [True, False])
def test_agents_can_be_rung_only_after_the_join_prompt(ok: bool) -> None:
    """The caller keeps place and time; a prompt that cannot be played keeps nobody waiting."""
    centre = Centre(announced(*static("1001"), join=HELLO, join_first=True))
    first = centre.call("6400")
    centre.wait(2_000)
    second = centre.call("6400")
    centre.wait(2_000)
    assert centre.of(RingPhone) == []
    end_prompt(centre, second, ok=ok)
    # The second has heard the prompt; the first still hears it, and is not rung for.
    assert [each.call_id for each in centre.told(RingPhone)] == [second]
    end_prompt(centre, first, ok=ok)
    assert centre.told(RingPhone) == []
    centre.answer("1001")
    assert centre.told(VisitEnded)[0].wait_ms == 2_000


@pytest.mark.row("P-01")
def test_a_join_prompt_that_asterisk_refuses_keeps_nobody_waiting() -> None:
    centre = Centre(announced(*static("1001"), join=HELLO, join_first=True))
    centre.call("6400")
    centre.give(CommandFailed(centre.told(PlayPrompt)[0], 500, "no such file"))
    assert centre.rang() == ["1001"]
    assert len(centre.told(StartWaitingSound)) == 1


@pytest.mark.row("P-01")
def test_nobody_says_that_the_join_prompt_is_over() -> None:
    centre = Centre(announced(*static("1001"), join=HELLO, join_first=True))
    centre.call("6400")
    centre.wait(PROMPT_MS_MAX - 1)
    assert centre.of(RingPhone) == []
    centre.wait(1)
    assert len(centre.of(RingPhone)) == 1


@pytest.mark.row("P-01")
def test_who_picks_a_call_up_need_not_wait_for_the_join_prompt() -> None:
    centre = Centre(
        changed(
            announced(join=HELLO, join_first=True),
            managers=("1009",),
            manager_rights=(Right.PICK_UP,),
        )
    )
    call_id = centre.call("6400")
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, PickUp(), "1009", version))
    assert centre.rang() == ["1009"]
    centre.answer("1009")
    assert len(centre.told(Connect)) == 1
    assert centre.told(StopPrompt) == []


@pytest.mark.row("P-04")
def test_the_queue_announcement_comes_at_its_interval_from_start_to_start() -> None:
    """Counted from entry; the music begins again after each."""
    centre = Centre(announced(queue=ADVERT, queue_every_ms=30_000))
    call_id = centre.call("6400")
    assert listen(centre, call_id, 100_000, 8_000) == [
        (30_000, ADVERT),
        (38_000, "music"),
        (60_000, ADVERT),
        (68_000, "music"),
        (90_000, ADVERT),
        (98_000, "music"),
    ]


@pytest.mark.row("P-06")
def test_a_prompt_longer_than_its_interval_leaves_five_seconds_of_music() -> None:
    centre = Centre(announced(queue=ADVERT, queue_every_ms=10_000))
    call_id = centre.call("6400")
    assert listen(centre, call_id, 50_000, 12_000) == [
        (10_000, ADVERT),
        (22_000, "music"),
        (27_000, ADVERT),
        (39_000, "music"),
        (44_000, ADVERT),
    ]


@pytest.mark.row("P-06")
def test_a_long_join_prompt_pushes_the_first_announcement_back() -> None:
    centre = Centre(announced(join=HELLO, queue=ADVERT, queue_every_ms=10_000))
    call_id = centre.call("6400")
    centre.wait(15_000)
    assert centre.told(PlayPrompt) == []
    end_prompt(centre, call_id)
    assert listen(centre, call_id, 41_000, 1_000) == [
        (20_000, ADVERT),
        (21_000, "music"),
        (30_000, ADVERT),
        (31_000, "music"),
        (40_000, ADVERT),
        (41_000, "music"),
    ]


@pytest.mark.row("P-05")
@pytest.mark.row("P-06")
def test_what_is_due_together_is_one_prompt_with_the_announcement_last() -> None:
    centre = Centre(
        announced(
            queue=ADVERT,
            queue_every_ms=20_000,
            progress_every_ms=30_000,
            position=True,
            thanks=True,
        )
    )
    centre.call("6400")
    second = centre.call("6400")
    place = speech.position("en", 2) + speech.thanks("en")
    heard = [each for each in listen(centre, second, 60_000, 1_000) if each[1] != "music"]
    assert heard == [
        (20_000, ADVERT),
        (30_000, place),
        (40_000, ADVERT),
        (60_000, place + ADVERT),
    ]


@pytest.mark.row("P-05")
@pytest.mark.row("P-09")
def test_each_part_of_the_progress_can_be_switched_on_alone_and_follows_the_language() -> None:
    for what, media in [
        ({"position": True}, speech.position("zh", 1)),
        ({"thanks": True}, speech.thanks("zh")),
        ({"wait": True}, None),  # Nothing is known yet: nothing is said.
        ({}, None),
    ]:
        centre = Centre(announced(language="zh", progress_every_ms=10_000, **what))
        centre.call("6400")
        centre.wait(10_000)
        told = centre.of(PlayPrompt)
        assert [each.media for each in told] == ([] if media is None else [media])
        assert [each.language for each in told] == ([] if media is None else ["zh"])


@pytest.mark.row("P-05")
def test_the_estimated_wait_is_said_once_it_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    centre = Centre(announced(wait=True, position=True, progress_every_ms=10_000))
    centre.call("6400")
    monkeypatch.setattr("engine.core.queueing.announcing.wait_ms", lambda *_: 170_000)
    centre.wait(10_000)
    expected = speech.position("en", 1) + speech.wait("en", 170_000)
    assert [each.media for each in centre.of(PlayPrompt)] == [expected]


@pytest.mark.row("P-05")
def test_without_announcements_no_timer_runs() -> None:
    """Ten thousand silent callers cost nothing while they wait."""
    centre = Centre(announced(progress_every_ms=10_000, queue_every_ms=5_000))
    centre.call("6400")
    assert centre.core.next_deadline() is None


@pytest.mark.row("P-06")
@pytest.mark.parametrize("joining", [True, False])
def test_a_prompt_never_delays_the_connection(joining: bool) -> None:
    """Picked up in the middle of a prompt: connected in that very step, nothing before it."""
    centre = Centre(
        announced(
            *static("1001"), join=HELLO if joining else (), queue=ADVERT, queue_every_ms=3_000
        )
    )
    call_id = centre.call("6400")
    if not joining:
        centre.wait(3_000)
        assert [each.media for each in centre.told(PlayPrompt)] == [ADVERT]
    prompt = call_of(centre, call_id).playback_id
    assert prompt is not None
    centre.answer("1001")
    assert len(centre.told(Connect)) == 1
    assert centre.told(StopPrompt) == [], "connecting cuts it off"
    centre.give(PlaybackEnded(prompt, ok=True))  # It was cut off: nothing follows.
    assert centre.told(StartWaitingSound) == []
    centre.wait(60_000)
    assert centre.told(PlayPrompt) == []


@pytest.mark.row("P-06")
def test_a_prompt_never_delays_an_offer() -> None:
    centre = Centre(announced(*static("1001"), queue=ADVERT, queue_every_ms=3_000))
    centre.reach("1001", reachable=False)
    centre.call("6400")
    centre.wait(3_500)
    centre.reach("1001")
    assert centre.rang() == ["1001"]


@pytest.mark.row("P-06")
@pytest.mark.row("P-08")
def test_nothing_is_announced_while_the_agent_hears_the_prompt() -> None:
    """The caller goes on hearing music; if the agent leaves, what is due comes after."""
    centre = Centre(
        announced(
            *static("1001"), agent_prompt="sound:new-call", queue=ADVERT, queue_every_ms=10_000
        )
    )
    call_id = centre.call("6400")
    leg_id = centre.answer("1001")
    centre.wait(12_000)
    assert [each.channel_id for each in centre.of(PlayPrompt)] == [leg_id]
    centre.end_leg(leg_id)
    centre.wait(5_000)
    assert [each.channel_id for each in centre.of(PlayPrompt)] == [leg_id, call_id]


@pytest.mark.row("P-06")
def test_nothing_is_announced_within_a_dialogue() -> None:
    centre = Centre(announced(queue=ADVERT, queue_every_ms=10_000))
    call_id = centre.call("6400")
    state, call = centre.core.state, call_of(centre, call_id)
    state.out = []
    dialogue = CallbackDialogue(60_000, trigger=CallbackTrigger.KEY)
    ask(state, call, dialogue, ("sound:question",))
    centre.wait(22_000)
    assert centre.of(PlayPrompt) == []
    state.out = []
    end_dialogue(state, call)
    centre.wait(5_000)
    assert [each.media for each in centre.of(PlayPrompt)] == [ADVERT]


@pytest.mark.row("P-06")
def test_what_was_missed_while_asterisk_was_away_is_not_made_up_for() -> None:
    centre = Centre(announced(queue=ADVERT, queue_every_ms=10_000))
    call_id = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.wait(35_000)
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=True),)))
    heard = [each for each in listen(centre, call_id, 55_000, 1_000) if each[1] != "music"]
    assert heard == [(40_000, ADVERT), (50_000, ADVERT)]


@pytest.mark.row("P-01")
@pytest.mark.row("P-06")
def test_a_prompt_during_which_the_engine_died_counts_as_heard() -> None:
    """Whether it was heard to its end nobody knows: music, and agents, are better than waiting."""
    centre = Centre(announced(*static("1001"), join=HELLO, join_first=True))
    call_id = centre.call("6400")
    prompt = call_of(centre, call_id).playback_id
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.give(EngineStarted())
    centre.wait(1_000)
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=True),)))
    assert [each.playback_id for each in centre.told(StopPrompt)] == [prompt]
    assert len(centre.told(StartWaitingSound)) == 1
    assert centre.rang() == ["1001"]


@pytest.mark.row("P-04")
def test_changed_announcements_reach_those_who_wait() -> None:
    centre = Centre(announced(queue=ADVERT, queue_every_ms=60_000))
    call_id = centre.call("6400")
    centre.wait(25_000)
    centre.apply(announced(queue=HELLO, queue_every_ms=10_000))
    heard = [each for each in listen(centre, call_id, 45_000, 1_000) if each[1] != "music"]
    assert heard == [(30_000, HELLO), (40_000, HELLO)]
    centre.apply(announced())
    assert centre.core.next_deadline() is None or call_of(centre, call_id).visit is not None
    centre.wait(60_000)
    assert len(centre.of(PlayPrompt)) == 2


@pytest.mark.row("P-06")
@pytest.mark.parametrize("to", [ToExtension("1005"), ToQueue(QueueId("6401"))])
def test_who_leaves_the_queue_hears_no_more_of_its_prompt(to: Any) -> None:
    """And hears something in its place: ringing, or the other queue's music."""
    ruled = {"managers": ("1009",), "manager_rights": (Right.DISTRIBUTE,)}
    centre = Centre(changed(announced(queue=ADVERT, queue_every_ms=3_000), **ruled), queue("6401"))
    call_id = centre.call("6400")
    centre.wait(3_500)
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, Redirect(to), "1009", version))
    kinds = [type(each) for each in centre.last if isinstance(each, StopPrompt | StartWaitingSound)]
    assert kinds == [StopPrompt, StartWaitingSound]
    centre.wait(10_000)
    assert len(centre.of(PlayPrompt)) == 1


@pytest.mark.row("P-07")
def test_the_agents_number_is_told_to_both_sides_on_answer() -> None:
    centre = Centre(announced(*static("1001"), agent_id=True, language="zh"))
    centre.call("6400")
    leg_id = centre.answer("1001")
    kinds = [type(each) for each in centre.last if isinstance(each, Connect | PlayToTalk)]
    assert kinds == [Connect, PlayToTalk]
    told = centre.told(PlayToTalk)[0]
    assert told.bridge_id == f"talk-{leg_id}"
    assert (told.media, told.language) == (speech.agent_id("zh", "1001"), "zh")
    centre.give(CommandFailed(told, 404, "no bridge"))
    centre.give(PlaybackEnded(told.playback_id, ok=True))
    assert len(centre.core.state.legs) == 1, "the talk goes on either way"


@pytest.mark.row("P-07")
def test_no_number_is_told_unless_the_queue_wants_it_or_of_a_direct_call() -> None:
    centre = Centre(announced(*static("1001"), agent_id=False))
    centre.call("6400")
    centre.answer("1001")
    other = Centre(announced(*static("1001"), agent_id=True))
    call_id = other.call("1001", source="1002")
    leg_id = call_of(other, call_id).leg_id
    assert leg_id is not None
    other.give(LegAnswered(leg_id))
    assert len(other.of(TalkStarted)) == 1
    assert centre.of(PlayToTalk) == other.of(PlayToTalk) == []


@pytest.mark.row("P-03")
def test_hold_music_is_the_queues() -> None:
    centre = Centre(announced(*static("1001"), hold_music="soft"))
    centre.call("6400")
    centre.answer("1001")
    assert [each.hold_music for each in centre.told(Connect)] == ["soft"]
    centre.apply(announced(*static("1001")))
    centre.hang_up(CallId("c1"))
    centre.obey()
    centre.call("6400")
    centre.answer("1001")
    assert [each.hold_music for each in centre.told(Connect)] == [None]
