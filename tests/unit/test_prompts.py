"""Prompts of one's own: what can be played, what is refused and in which words, what becomes of them."""

import io
import math
import os
import stat
import struct
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from engine.adapters.render import Site, render, view_of
from engine.adapters.render.view import Secrets
from engine.adapters.sounds import Built, SoundsFailed, Synthesiser, build, missing_sounds
from engine.adapters.sounds.audio import RATE, NotAudio, read_wav, tidy, write_wav
from engine.adapters.sounds.build import write_whole
from engine.adapters.sounds.install import install
from engine.config import read_if_changed, to_policy
from engine.config.soundfiles import Unplayable, inspect
from engine.core.places import PlayThenHangUp
from tests.support.config_files import BASE, changed, lines_of, loaded, write

pytestmark = [pytest.mark.unit, pytest.mark.row("P-13")]


def wav(*, rate=8000, channels=1, width=2, seconds=0.5, hertz=700):
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        values = (
            int(9000 * math.sin(2 * math.pi * hertz * at / rate))
            for at in range(int(rate * seconds))
        )
        for value in values:
            one = struct.pack("<h", value)
            file.writeframes(b"".join([(one * 2)[:width] for _ in range(channels)]))
    return target.getvalue()


GSM = (b"\xd2" + bytes(32)) * 20
CONVERT = (
    "; Asterisk plays wav (16 bits, 1 channel, 8000 or 16000 Hz), gsm, ulaw, alaw, sln or sln16;"
    " convert it: ffmpeg -i "
)
HOW = " -ac 1 -ar 8000 -c:a pcm_s16le "

# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "suffix"),
    [
        ("a.wav", wav(), "wav"),
        ("a.WAV", wav(rate=16000), "wav16"),
        ("a.gsm", GSM, "gsm"),
        ("a.ulaw", b"\xff" * 800, "ulaw"),
        ("a.ul", b"\xff\x7f" * 800, "ulaw"),
        ("a.alaw", b"\xd5" * 800, "alaw"),
        ("a.sln", b"\x00\x10" * 800, "sln"),
        ("a.sln16", b"\x00\x10" * 800, "sln16"),
        ("no-suffix-but-wav", wav(), "wav"),
    ],
)
def test_what_asterisk_plays(tmp_path, name, data, suffix):
    (tmp_path / name).write_bytes(data)
    assert inspect(str(tmp_path / name)).suffix == suffix


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.mp3", b"ID3\x04" + bytes(400), "is an MP3 file" + CONVERT),
        ("a.mp3", b"\xff\xfb\x90\x64" + bytes(400), "is an MP3 file" + CONVERT),
        ("a.wav", b"\xff\xfb\x90\x64" + bytes(400), "is an MP3 file" + CONVERT),
        ("a.wav", b"ID3\x04" + bytes(400), "is an MP3 file" + CONVERT),
        ("a.ogg", b"OggS" + bytes(400), "is an Ogg file"),
        ("a.m4a", b"\0\0\0\x20ftypM4A " + bytes(400), "is an MP4 or M4A file"),
        ("a.wav", wav(rate=44100, channels=2), "is a WAV file of 16 bits, 2 channels, 44100 Hz"),
        ("a.wav", wav(channels=2), "is a WAV file of 16 bits, 2 channels, 8000 Hz"),
        ("a.wav", wav(rate=22050), "is a WAV file of 16 bits, 1 channel, 22050 Hz"),
        ("a.wav", wav(width=1), "is a WAV file of 8 bits, 1 channel, 8000 Hz"),
        ("a.wav", wav().replace(b"\x01\x00\x01\x00", b"\x07\x00\x01\x00", 1), "u-law"),
        ("a.wav", wav(seconds=0), "has no sound in it: record it again"),
        ("a.wav", wav()[:30], "is a damaged WAV file"),
        ("a.wav", b"Welcome to our house.\n", "is a text, no sound"),
        ("a.wav", "欢迎致电".encode() * 500, "is a text, no sound"),
        ("a.wav", b"", "is empty: record it again"),
        ("a.wav", bytes(100), "is of no format that is known"),
        ("a.xyz", b"\x01\x02" * 50, "is of no format that is known"),
        ("a.gsm", GSM[:-1], "is no gsm file"),
        ("a.sln", b"\x01\x80\x03", "is no sln file"),
    ],
)
def test_what_it_does_not_play(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Unplayable) as caught:
        inspect(str(tmp_path / name))
    assert str(caught.value).startswith(f"{tmp_path / name} ")
    assert said in str(caught.value)


def test_the_command_that_converts_is_ready_to_be_copied(tmp_path):
    path = tmp_path / "my welcome.wav"
    path.write_bytes(wav(rate=44100))
    with pytest.raises(Unplayable) as caught:
        inspect(str(path))
    assert str(caught.value).endswith(f"ffmpeg -i '{path}'{HOW}'{tmp_path / 'my welcome-8k.wav'}'")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(40 * 2**20)
    with pytest.raises(Unplayable, match="larger than 32 MB"):
        inspect(str(tmp_path / "a.wav"))


WARNING = (
    "a.yaml:23: prompts.welcome - warning: is not there in en, in which queues.6400.agent_prompt plays it:"
    " zh is played instead"
)

# The configuration --------------------------------------------------------------------------------

QUEUE = changed(BASE, "name: Sales\n", 'name: Sales\n    agent_prompt: "prompt:welcome"\n')
WELCOME = QUEUE + "prompts:\n  welcome:\n    files: {en: sounds/w.wav, zh: sounds/w-zh.wav}\n"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/w.wav").write_bytes(wav())
    (tmp_path / "sounds/w-zh.wav").write_bytes(wav(rate=16000))
    return tmp_path


def test_a_prompt_is_a_sound_of_its_content(place):
    before = to_policy(loaded(place, WELCOME)).queues[0].agent_prompt
    assert before.startswith("sound:/var/lib/usher-prompts/welcome-")
    assert to_policy(loaded(place, WELCOME)).queues[0].agent_prompt == before
    (place / "sounds/w-zh.wav").write_bytes(wav(rate=16000, hertz=800))
    assert to_policy(loaded(place, WELCOME)).queues[0].agent_prompt != before


def test_prompts_stand_wherever_media_do(place):
    text = WELCOME + "settings:\n  unknown_number_prompts: ['prompt:welcome', 'sound:beep']\n"
    text = changed(text, "name: Sales\n", "name: Sales\n    failure: {play: ['prompt:welcome']}\n")
    policy = to_policy(loaded(place, text))
    sound = policy.queues[0].agent_prompt
    assert policy.queues[0].failure == PlayThenHangUp((sound,))
    assert policy.settings.unknown_number_media == (sound, "sound:beep")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"prompt:welcome"',
            '"prompt:welcom"',
            "a.yaml:16: queues.6400.agent_prompt - there is no prompt welcom, did you mean welcome?",
        ),
        (
            "files: {en: sounds/w.wav, zh: sounds/w-zh.wav}",
            "file: sounds/none.wav",
            "a.yaml:24: prompts.welcome.file - there is no file sounds/none.wav",
        ),
        (
            "files: {en: sounds/w.wav, zh: sounds/w-zh.wav}",
            "{}",
            "a.yaml:23: prompts.welcome - says not what is played: write file:, files: or text:",
        ),
        (
            "zh: sounds/w-zh.wav}",
            "zh: sounds/w-zh.wav}\n    text: {zh: 欢迎}",
            "a.yaml:25: prompts.welcome.text.zh - files has zh already: remove one of them",
        ),
        (
            "en: sounds/w.wav, ",
            "",
            WARNING,
        ),
    ],
)
def test_what_is_wrong_is_told(place, old, new, said):
    text = changed(WELCOME, old, new)
    if new == "{}":
        text = text.replace("    {}", "    file: null")
    assert lines_of(write(place, text)) == [said]


PLAYED = "a.yaml:23: prompts.welcome - warning: is not there in zh, in which"


def only_english(text: str) -> str:
    return changed(text, "en: sounds/w.wav, zh: sounds/w-zh.wav", "en: sounds/w.wav")


def test_a_queue_of_another_language_needs_only_the_prompts_that_it_plays(place):
    other = '  "6401": {name: Other, language: zh, members: [{agent: '1001'}]}\n'
    text = changed(only_english(WELCOME), "queues:\n", f"queues:\n{other}")
    assert lines_of(write(place, text)) == []


def test_a_menu_needs_its_prompts_in_its_language(place):
    text = only_english(WELCOME) + (
        "menus:\n  main: {prompt: ['prompt:welcome'], keys: {'1': {destination: {queue: '6400'}}},"
        " language: LANGUAGE}\n"
    )
    assert lines_of(write(place, text.replace("LANGUAGE", "en_GB"))) == []
    (line,) = lines_of(write(place, text.replace("LANGUAGE", "zh_CN")))
    assert line == f"{PLAYED} menus.main.prompt[0] plays it: en is played instead"


def test_a_holiday_is_told_in_the_queues_language(place):
    queue = (
        "name: Sales\n    language: zh\n    agent_prompt: 'sound:beep'\n    hours: {schedule: office,"
        " closed: hang_up, play_holiday_prompt: true}\n"
    )
    text = only_english(WELCOME).replace('    agent_prompt: "prompt:welcome"\n', "")
    text = changed(text, "name: Sales\n", queue) + (
        "hours:\n  office:\n    time_zone: UTC\n    weekly: {mon: ['00:00-24:00']}\n    holidays:"
        " [{name: May, from: 05-01, yearly: true, prompt: ['prompt:welcome']}]\n"
    )
    (line,) = lines_of(write(place, text))
    assert line.endswith("hours.office.holidays[0].prompt[0] plays it: en is played instead")
    assert lines_of(write(place, text.replace("_prompt: true", "_prompt: false"))) == []


@pytest.mark.parametrize(
    ("language", "guess"),
    [
        ("cn", ", did you mean zh?"),
        ("eng", ", did you mean en?"),
        ("zho", ", did you mean zh?"),
        ("fr_CA", ""),
    ],
)
def test_a_language_without_a_grammar_is_worth_a_warning(place, language, guess):
    text = changed(BASE, "name: Sales\n", f"name: Sales\n    language: {language}\n")
    assert lines_of(write(place, text)) == [
        f"a.yaml:16: queues.6400.language - warning: Usher speaks en and zh; {language} is spoken with"
        f" English grammar, and in English where Asterisk has no such sounds{guess}"
    ]


@pytest.mark.parametrize("language", ["en", "en_GB", "zh", "zh_TW"])
def test_languages_that_are_spoken(place, language):
    text = changed(BASE, "name: Sales\n", f"name: Sales\n    language: {language}\n")
    assert lines_of(write(place, text)) == []


def test_a_wrong_file_is_told_with_its_line(place):
    (place / "sounds/w.wav").write_bytes(b"ID3\x03" + bytes(100))
    (line,) = lines_of(write(place, WELCOME))
    assert line.startswith("a.yaml:24: prompts.welcome.files.en - sounds/w.wav is an MP3 file;")


def test_a_text_needs_something_that_speaks(place):
    text = WELCOME + "    text: {fr: Bonjour}\nsettings: {speech_command: no-such-thing}\n"
    (line,) = lines_of(write(place, text))
    assert line == (
        "a.yaml:25: prompts.welcome.text.fr - there is no command no-such-thing to speak it: install"
        " it, name another in settings.speech_command, or record a file"
    )


def test_a_changed_prompt_is_a_change_of_the_configuration(place):
    reading = read_if_changed(write(place, WELCOME), None)
    assert read_if_changed(place, reading.digest) is None
    (place / "sounds/w.wav").write_bytes(wav(hertz=900))
    assert read_if_changed(place, reading.digest) is not None


def test_a_mended_file_is_a_change_too(place):
    (place / "sounds/w.wav").write_bytes(b"")
    reading = read_if_changed(write(place, WELCOME), None)
    assert reading.examined.configuration is None
    (place / "sounds/w.wav").write_bytes(wav())
    again = read_if_changed(place, reading.digest)
    assert again.examined.configuration is not None


# In Asterisk ---------------------------------------------------------------------------------------


def laid(text, directory):
    return f"{text}settings: {{prompts_directory: {directory}}}\n"


def nobody():
    raise AssertionError("nothing is to be spoken")


def test_prompts_are_laid_where_asterisk_looks(place, tmp_path):
    target = tmp_path / "laid"
    prompts = loaded(place, laid(WELCOME, target)).recorded
    sound = prompts["welcome"].file
    written = install(prompts.values(), nobody)
    assert sorted(str(path.relative_to(target)) for path in written) == [
        f"en/{sound}.wav",
        f"{sound}.wav",
        f"zh/{sound}.wav16",
    ]
    assert (target / f"{sound}.wav").read_bytes() == wav()
    assert install(prompts.values(), nobody) == []


def test_a_new_version_leaves_the_old_one_to_who_hears_it(place, tmp_path):
    target = tmp_path / "laid"
    before = loaded(place, laid(WELCOME, target)).recorded["welcome"]
    install([before], nobody)
    (place / "sounds/w.wav").write_bytes(wav(hertz=900))
    after = loaded(place, laid(WELCOME, target)).recorded["welcome"]
    install([after], nobody)
    assert (target / f"{before.file}.wav").read_bytes() == wav()
    assert (target / f"{after.file}.wav").read_bytes() == wav(hertz=900)


def test_a_file_that_changes_while_it_is_read_is_not_installed(place, tmp_path):
    prompt = loaded(place, laid(WELCOME, tmp_path / "laid")).recorded["welcome"]
    (place / "sounds/w.wav").write_bytes(wav(hertz=900))
    with pytest.raises(SoundsFailed, match="was changed while it was read"):
        install([prompt], nobody)


@pytest.mark.row("P-02")
def test_a_prompt_as_waiting_sound_is_a_class_of_music(place, tmp_path):
    text = changed(WELCOME, "name: Sales\n", "name: Sales\n    waiting_sound: {prompt: welcome}\n")
    text = changed(text, "name: Sales\n", "name: Sales\n    language: zh\n")
    configuration = loaded(place, text)
    policy = to_policy(configuration)
    assert policy.queues[0].waiting_sound.music_class == "prompt.welcome.zh"
    passwords = Secrets("a", "b", phones={"1001": "c", "1002": "d"})
    view = view_of(configuration, "main")
    render(view, tmp_path / "etc", Site(secrets=passwords))
    music = (tmp_path / "etc/musiconhold.conf").read_text()
    file = configuration.recorded["welcome"].file
    assert (
        f"[prompt.welcome.zh]\nmode = playlist\nentry = /var/lib/usher-prompts/zh/{file}\n"
    ) in music


# Speech -------------------------------------------------------------------------------------------


class Parrot(Synthesiser):
    """Says a tone for everything, and remembers."""

    def __init__(self, command="cat"):
        super().__init__(command)
        self.said = []

    def speak(self, text, language):
        self.said.append((text, language))
        return wav()


def test_texts_are_spoken_once(place, tmp_path):
    text = QUEUE + "prompts:\n  welcome: {text: {en: Hello, zh: 你好}}\n"
    text += f"settings: {{speech_command: cat, prompts_directory: {tmp_path}/laid}}\n"
    prompts = loaded(place, text).recorded
    parrot = Parrot()
    assert len(install(prompts.values(), lambda: parrot)) == 3
    assert parrot.said == [("Hello", "en"), ("你好", "zh"), ("Hello", "en")]
    assert install(prompts.values(), nobody) == []


@pytest.mark.row("P-09")
def test_a_catalogue_is_built_once_and_only_changes_anew(tmp_path):
    parrot = Parrot()
    texts = {"digits/1": "一", "usher/a": "甲", "usher/b": "乙"}
    assert build(texts, "zh", tmp_path, parrot) == Built(("digits/1", "usher/a", "usher/b"), (), ())
    assert build(texts, "zh", tmp_path, Parrot()) == Built(
        (), ("digits/1", "usher/a", "usher/b"), ()
    )
    texts = {"digits/1": "一", "usher/a": "丙"}
    assert build(texts, "zh", tmp_path, parrot) == Built(("usher/a",), ("digits/1",), ("usher/b",))
    assert not (tmp_path / "zh/usher/b.wav").exists()
    assert build(texts, "zh", tmp_path, Parrot("true")).made == ("digits/1", "usher/a")
    (tmp_path / "zh/digits/1.wav").unlink()
    assert build(texts, "zh", tmp_path, Parrot("true")).made == ("digits/1",)
    assert missing_sounds(frozenset({"digits/1", "usher/b"}), [tmp_path / "zh"]) == ["usher/b"]


def test_what_was_made_before_a_failure_is_kept(tmp_path):
    class Hoarse(Parrot):
        def speak(self, text, language):
            if text == "乙":
                raise SoundsFailed("no voice")
            return super().speak(text, language)

    texts = {"a": "甲", "b": "乙"}
    with pytest.raises(SoundsFailed):
        build(texts, "zh", tmp_path, Hoarse())
    assert build(texts, "zh", tmp_path, Parrot()) == Built(("b",), ("a",), ())


def test_speech_is_made_fit_for_telephones():
    """Another rate, silence around it, too loud: none of it is left."""
    loud = [0.0] * 22050 + [30000 * math.sin(2 * math.pi * 500 * at / 22050) for at in range(22050)]
    loud += [0.0] * 22050
    made = tidy(loud, 22050)
    assert len(made) == pytest.approx(RATE * 1.09, rel=0.01)
    assert max(map(abs, made[: int(0.02 * RATE)])) < 60
    middle = made[2000:6000]
    rms = math.sqrt(sum(each * each for each in middle) / len(middle))
    assert rms == pytest.approx(3277, rel=0.1)
    assert sum(a < 0 <= b for a, b in pairwise(middle)) == pytest.approx(250, abs=1)
    samples, rate = read_wav(write_wav(made))
    assert (rate, samples) == (RATE, made)


def test_what_is_above_the_telephones_band_is_gone_and_not_folded():
    high = [10000 * math.sin(2 * math.pi * 6000 * at / 22050) for at in range(22050)]
    low = [10000 * math.sin(2 * math.pi * 1000 * at / 22050) for at in range(22050)]
    mixed = tidy([a + b for a, b in zip(high, low, strict=True)], 22050)
    at_2000 = sum(each * math.sin(2 * math.pi * 2000 * at / RATE) for at, each in enumerate(mixed))
    assert abs(at_2000) / len(mixed) < 10


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no WAV file"),
        (b"RIFFxxxx", "no WAV file"),
        (wav(width=1), "samples of 8 bits"),
        (wav(seconds=0), "no sound in it"),
    ],
)
def test_what_is_no_speech_is_refused(data, said):
    with pytest.raises(NotAudio, match=said):
        read_wav(data)


def test_silence_is_refused():
    with pytest.raises(NotAudio, match="nothing but silence"):
        tidy([0.0] * 8000, 8000)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-thing {text}", "there is no command no-such-thing"),
        ("espeak'", "not a command line"),
        (" ", "is empty"),
    ],
)
def test_a_command_that_is_not_there(command, said):
    with pytest.raises(SoundsFailed, match=said):
        Synthesiser(command)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("false", "false ended with code 1: it did not say why"),
        ("sh -c 'echo no voice >&2; exit 3'", "sh ended with code 3: no voice"),
        ("true", "true made no sound of: Hello"),
        ("cat", "what cat made of 'Hello' is no WAV file"),
    ],
)
def test_a_command_that_fails(command, said):
    with pytest.raises(SoundsFailed, match=said):
        Synthesiser(command).speak("Hello", "en")


def test_commands_by_file_and_by_output(tmp_path):
    (tmp_path / "tone.wav").write_bytes(wav())
    by_file = Synthesiser(f"cp {tmp_path}/tone.wav {{file}}").speak("Hello", "en")
    assert Synthesiser(f"cat {tmp_path}/tone.wav").speak("Hello", "en") == by_file
    assert Path(tmp_path / "tone.wav").read_bytes() != by_file


def test_folders_that_are_made_for_sounds_are_for_asterisk_to_read(tmp_path):
    """The engine's service has a umask of 077, and Asterisk runs as another user."""
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "prompts" / "zh" / "a.wav", b"sound")
    finally:
        os.umask(before)

    made = [tmp_path / "prompts", tmp_path / "prompts/zh", tmp_path / "prompts/zh/a.wav"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in made] == [0o755, 0o755, 0o644]
