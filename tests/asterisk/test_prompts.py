"""Prompts of one's own and Chinese speech, as phones hear them."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.core import speech
from scripts.lab.asterisk import AsteriskUnavailable
from scripts.lab.live import LiveCentre
from scripts.lab.phones import dial_code
from scripts.lab.phones.tone import RATE, sine
from tests.support.draft import MUSIC_HZ, Draft, write_tones
from tests.support.floor import Floor, hears_only
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

SAID = (*speech.number("zh", 101), *speech.minutes("zh", 2), *speech.position("zh", 12))
"""A hundred and one; two minutes; the twelfth: of every kind of sound some."""

DRAFT = Draft(unknown_number_prompts=list(SAID))
CHINESE = DRAFT.extension(language="zh")

ENGLISH_HZ, CHINESE_HZ, ANY_HZ, LATER_HZ = 600, 800, 1100, 1700


def write_tone(path: Path, hertz: int, seconds: float = 1.0, rate: int = RATE) -> str:
    """Writes a tone (of `hertz` at this rate); returns its path."""
    samples = sine(round(hertz * RATE / rate), round(rate * seconds))
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(each.to_bytes(2, "little", signed=True) for each in samples))
    return str(path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCentre]:
    """A centre with prompts, whose files only the engine sees."""
    run_dir = tmp_path_factory.mktemp("live")
    sections = DRAFT.sections(write_tones(run_dir / "asterisk" / "tones"))
    files = run_dir / "files"
    sections["prompts"] = {
        "both": {
            "files": {
                "en": write_tone(files / "both.wav", ENGLISH_HZ),
                "zh": write_tone(files / "both-zh.wav", CHINESE_HZ, rate=16000),
            }
        },
        "english": {"files": {"en": write_tone(files / "english.wav", ENGLISH_HZ)}},
        "any": {"file": write_tone(files / "any.wav", ANY_HZ)},
        "changing": {"file": write_tone(files / "changing.wav", ANY_HZ)},
    }
    try:
        centre = LiveCentre(run_dir, sections)
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    async with centre:
        yield centre


@pytest.mark.row("P-09")
async def test_chinese_is_spoken_whole(floor: Floor) -> None:
    """What a phone hears is as long as the sounds are, is speech, and every sound is the Chinese one."""
    names = [each.removeprefix("sound:") for each in SAID]
    made = floor.live.asterisk.sounds / "zh"
    expected_ms = sum(length_ms(made / f"{name}.wav") for name in names)
    prompts = await Prompts.opened(floor.live)
    ann = await floor.phone(CHINESE)
    since = prompts.mark()
    said = await dial_code(ann, "888")
    assert said.something
    assert abs(len(said.pcm) * 1000 / RATE - expected_ms) < 400
    played = prompts.played(CHINESE, since)
    assert [each.sound for each in played] == names
    assert {each.language for each in played} == {"zh"}


def length_ms(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() * 1000 / file.getframerate()


BOTH = DRAFT.queue(agent_prompt="prompt:both")
BOTH_CHINESE = DRAFT.queue([CHINESE], agent_prompt="prompt:both")
ENGLISH_ONLY = DRAFT.queue([CHINESE], agent_prompt="prompt:english")


@pytest.mark.row("P-13", "P-08")
@pytest.mark.parametrize(
    ("queue", "hertz"),
    [(BOTH, ENGLISH_HZ), (BOTH_CHINESE, CHINESE_HZ), (ENGLISH_ONLY, ENGLISH_HZ)],
    ids=["english", "chinese", "missing in chinese"],
)
async def test_a_prompt_is_heard_in_its_language(floor: Floor, queue, hertz: int) -> None:
    """That of the other language never; where it is missing, the one that there is."""
    ann = await floor.phone(queue, media="tone:700")
    call = await floor.call(queue, media="tone:440")
    there = await ann.incoming()
    there.answer()
    await hears_only(there, hertz, {ENGLISH_HZ: CHINESE_HZ, CHINESE_HZ: ENGLISH_HZ}[hertz])
    await there.wait_until_hears(440)
    call.hang_up()
    await floor.record(call)


LOOPED = DRAFT.queue(waiting_sound={"prompt": "any"})
LOOPED_CHINESE = DRAFT.queue(waiting_sound={"prompt": "both"}, language="zh")


@pytest.mark.row("P-02")
async def test_a_prompt_as_waiting_sound_goes_round(floor: Floor) -> None:
    """It is one second long, and still there after three."""
    call = await floor.call(LOOPED, media="silence")
    await hears_only(call, ANY_HZ, MUSIC_HZ)
    until = call.audio.received + 150
    await call.audio.until(lambda: call.audio.received >= until, "three seconds", 40)
    await hears_only(call, ANY_HZ, MUSIC_HZ)
    call.hang_up()
    other = await floor.call(LOOPED_CHINESE, media="silence")
    await hears_only(other, CHINESE_HZ, ENGLISH_HZ, MUSIC_HZ)
    other.hang_up()
    await floor.record(call)
    await floor.record(other)


WAITING = DRAFT.queue(waiting_sound={"prompt": "changing"})
CHANGED = DRAFT.queue(agent_prompt="prompt:changing", waiting_sound={"prompt": "changing"})


@pytest.mark.row("P-13")
async def test_a_changed_file_is_heard_after_a_reload_and_leaves_calls_alone(floor: Floor) -> None:
    ann = await floor.phone(CHANGED, media="tone:700")
    waits = await floor.call(WAITING, media="silence")
    await hears_only(waits, ANY_HZ, MUSIC_HZ)
    begin = floor.live.log_size()
    write_tone(floor.live.run_dir / "files/changing.wav", LATER_HZ)
    floor.live.write_config()
    await floor.live.engine_says("configuration applied", since=begin)
    await hears_only(waits, ANY_HZ, MUSIC_HZ, LATER_HZ)
    call = await floor.call(CHANGED, media="tone:440")
    await call.wait_until_hears(LATER_HZ)
    there = await ann.incoming()
    there.answer()
    await there.wait_until_hears(LATER_HZ)
    await there.wait_until_hears(440)
    await waits.wait_until_hears(ANY_HZ)
    waits.hang_up()
    call.hang_up()
    await floor.record(waits)
    await floor.record(call)
