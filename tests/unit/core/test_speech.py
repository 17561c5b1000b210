"""What is said, by each language's grammar (P-05, P-07, P-09, C-02)."""

# ruff: noqa: RUF001 - Chinese has commas of its own.

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core import speech
from engine.core.speech import Phrase
from engine.core.speech.texts import CHINESE_TEXTS

pytestmark = [pytest.mark.unit, pytest.mark.row("P-09")]

PRESENT = frozenset((Path(__file__).parent / "core_sounds_en.txt").read_text().split("\n"))
KEYED = {Phrase.CALLBACK_OFFER}
NUMBERED = {
    Phrase.AGENT_ID,
    Phrase.CALLBACK_CONFIRM,
    Phrase.CALLBACK_CONFIRM_OTHER,
    Phrase.CALLBACK_FOR_AGENT,
    Phrase.QUEUE_BY_HOURS,
    Phrase.QUEUE_CLOSED,
    Phrase.QUEUE_OPEN,
}


def in_english(media: speech.Media) -> str:
    """The names of the sounds, without the room that digits are in."""
    return " ".join(each.removeprefix("sound:").removeprefix("digits/") for each in media)


def in_chinese(media: speech.Media) -> str:
    """What the sounds say, as their texts have it."""
    return "".join(CHINESE_TEXTS[each.removeprefix("sound:")] for each in media)


@pytest.mark.parametrize(
    ("n", "english", "chinese"),
    [
        (0, "0", "零"),
        (1, "1", "一"),
        (2, "2", "二"),
        (10, "10", "十"),
        (11, "11", "十一"),
        (12, "12", "十二"),
        (20, "20", "二十"),
        (21, "20 1", "二十一"),
        (22, "20 2", "二十二"),
        (99, "90 9", "九十九"),
        (100, "1 hundred", "一百"),
        (101, "1 hundred 1", "一百零一"),
        (110, "1 hundred 10", "一百一十"),
        (111, "1 hundred 11", "一百一十一"),
        (120, "1 hundred 20", "一百二十"),
        (200, "2 hundred", "二百"),
        (202, "2 hundred 2", "二百零二"),
        (1000, "1 thousand", "一千"),
        (1001, "1 thousand 1", "一千零一"),
        (1010, "1 thousand 10", "一千零一十"),
        (1100, "1 thousand 1 hundred", "一千一百"),
        (2000, "2 thousand", "两千"),
        (2222, "2 thousand 2 hundred 20 2", "两千二百二十二"),
        (10_000, "10 thousand", "一万"),
        (10_010, "10 thousand 10", "一万零一十"),
        (12_000, "12 thousand", "一万二千"),
        (20_000, "20 thousand", "两万"),
        (22_000, "20 2 thousand", "两万二千"),
        (100_000, "1 hundred thousand", "十万"),
        (110_000, "1 hundred 10 thousand", "十一万"),
        (100_010, "1 hundred thousand 10", "十万零一十"),
        (1_000_001, "1 million 1", "一百万零一"),
        (20_000_000, "20 million", "两千万"),
        (100_000_000, "1 hundred million", "一亿"),
        (100_000_001, "1 hundred million 1", "一亿零一"),
        (100_005_000, "1 hundred million 5 thousand", "一亿零五千"),
        (100_020_000, "1 hundred million 20 thousand", "一亿零二万"),
        (200_000_000, "2 hundred million", "两亿"),
        (
            999_999_999,
            "9 hundred 90 9 million 9 hundred 90 9 thousand 9 hundred 90 9",
            "九亿九千九百九十九万九千九百九十九",
        ),
    ],
)
def test_numbers(n: int, english: str, chinese: str) -> None:
    assert in_english(speech.number("en", n)) == english
    assert in_chinese(speech.number("zh", n)) == chinese


DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}


def read_chinese(text: str) -> int:
    """Reads a numeral the way a listener would, by rules of its own."""
    total = section = digit = 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
        elif sign in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[sign]
            digit = 0
        else:
            total += (section + digit) * {"万": 10_000, "亿": 100_000_000}[sign]
            section = digit = 0
    return total + section + digit


def read_english(text: str) -> int:
    scales = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
    total = section = 0
    for word in text.split():
        if word == "hundred":
            section *= 100
        elif word in scales:
            total += section * scales[word]
            section = 0
        else:
            section += int(word)
    return total + section


def test_every_number_is_heard_as_itself() -> None:
    """All small ones, and samples of every size."""
    samples = [*range(12_000), *range(12_000, 999_999_999, 999_983 * 7), 999_999_999]
    samples += [
        a * 10**x + b * 10**y for a in (1, 2) for b in (0, 1, 2) for x in range(9) for y in range(x)
    ]
    for n in samples:
        assert read_chinese(in_chinese(speech.number("zh", n))) == n
        assert read_english(in_english(speech.number("en", n))) == n


@pytest.mark.parametrize("n", [-1, 1_000_000_000])
@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_numbers_beyond_are_refused(language: str, n: int) -> None:
    for say in (speech.number, speech.minutes, speech.position):
        with pytest.raises(ValueError, match="can be spoken"):
            say(language, n)
    with pytest.raises(ValueError, match="from 1 to"):
        speech.position(language, 0)


@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_digits_are_read_one_by_one(language: str) -> None:
    assert in_english(speech.digits(language, "012+*#")) == "0 1 2 letters/plus star pound"
    assert speech.digits(language, "a 1-b") == speech.digits(language, "1")
    assert in_chinese(speech.digits("zh", "021")) == "零二一"


@pytest.mark.parametrize(
    ("n", "english", "chinese"),
    [
        (0, "0 minutes", "零分钟"),
        (1, "1 minute", "一分钟"),
        (2, "2 minutes", "两分钟"),
        (12, "12 minutes", "十二分钟"),
        (22, "20 2 minutes", "二十二分钟"),
    ],
)
def test_minutes(n: int, english: str, chinese: str) -> None:
    assert in_english(speech.minutes("en", n)) == english
    assert in_chinese(speech.minutes("zh", n)) == chinese


@pytest.mark.parametrize(
    ("ms", "english", "chinese"),
    [
        (-5, "0 seconds", "零秒"),
        (1_000, "1 second", "一秒"),
        (2_499, "2 seconds", "两秒"),
        (59_499, "50 9 seconds", "五十九秒"),
        (59_500, "1 minute", "一分钟"),
        (89_499, "1 minute", "一分钟"),
        (90_000, "2 minutes", "两分钟"),
        (3_600_000, "60 minutes", "一小时"),
        (5_400_000, "90 minutes", "一小时三十分钟"),
        (7_200_000, "2 hours", "两小时"),
        (7_320_000, "2 hours 2 minutes", "两小时两分钟"),
    ],
)
def test_durations(ms: int, english: str, chinese: str) -> None:
    assert in_english(speech.duration("en", ms)) == english
    assert in_chinese(speech.duration("zh", ms)) == chinese


@pytest.mark.row("P-05")
@pytest.mark.parametrize(
    ("n", "english", "chinese"),
    [
        (1, "queue-youarenext", "您当前排在第一位，即将为您接通"),
        (2, "queue-thereare 2 queue-callswaiting", "您当前排在第二位"),
        (21, "queue-thereare 20 1 queue-callswaiting", "您当前排在第二十一位"),
    ],
)
def test_places_in_line(n: int, english: str, chinese: str) -> None:
    assert in_english(speech.position("en", n)) == english
    assert in_chinese(speech.position("zh", n)) == chinese


@pytest.mark.row("P-05")
@pytest.mark.parametrize(
    ("ms", "english", "chinese"),
    [
        (None, "", ""),
        (0, "queue-holdtime queue-less-than 1 minute", "预计等待时间不到一分钟"),
        (59_999, "queue-holdtime queue-less-than 1 minute", "预计等待时间不到一分钟"),
        (60_000, "queue-holdtime 1 minute", "预计等待时间大约一分钟"),
        (60_001, "queue-holdtime 2 minutes", "预计等待时间大约两分钟"),
        (7_140_001, "queue-holdtime 2 hours", "预计等待时间大约两小时"),
        (10**30, "queue-holdtime", "预计等待时间大约"),
    ],
)
def test_estimated_waits(ms: int | None, english: str, chinese: str) -> None:
    """However long: something is said."""
    if ms == 10**30:
        assert in_english(speech.wait("en", ms)).startswith(english)
        assert in_chinese(speech.wait("zh", ms)).startswith(chinese)
        return
    assert in_english(speech.wait("en", ms)) == english
    assert in_chinese(speech.wait("zh", ms)) == chinese


@pytest.mark.row("P-07")
def test_the_agent_is_named() -> None:
    assert in_english(speech.agent_id("en", "1002")) == "spy-agent 1 0 0 2"
    assert in_chinese(speech.agent_id("zh", "1002")) == "工号一零零二为您服务"


@pytest.mark.row("C-02")
def test_the_number_to_call_back_is_spoken_back() -> None:
    say = speech.phrase
    confirm = say("en", Phrase.CALLBACK_CONFIRM, number="+4930")
    assert in_english(confirm) == (
        "vm-num-i-have letters/plus 4 9 3 0 if-correct-press 1 vm-calldiffnum"
    )
    confirm = say("zh", Phrase.CALLBACK_CONFIRM, number="+4930")
    assert in_chinese(confirm) == "您的号码是加四九三零确认请按一，更换号码请按二"
    offer = say("zh", Phrase.CALLBACK_OFFER, key="2")
    assert in_chinese(offer) == "请按二键预约回电，您的排队位置将为您保留"


@pytest.mark.parametrize("which", Phrase)
@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_each_sentence_asks_for_what_it_speaks(language: str, which: Phrase) -> None:
    """The places are the same in all languages, so that callers of the function need not know."""
    key = "5" if which in KEYED else ""
    number = "12" if which in NUMBERED else ""
    said = speech.phrase(language, which, key=key, number=number)
    assert said
    assert {each.removeprefix("sound:") for each in said} <= speech.names(language)
    for wrong in ({"key": "" if key else "5"}, {"number": "" if number else "12"}):
        with pytest.raises(ValueError, match=which.value):
            speech.phrase(language, which, **{"key": key, "number": number} | wrong)


def test_sentences_differ() -> None:
    for language in speech.LANGUAGES:
        said: dict[speech.Media, Phrase] = {}
        for which in Phrase:
            key = "5" if which in KEYED else ""
            number = "12" if which in NUMBERED else ""
            media = speech.phrase(language, which, key=key, number=number)
            assert media not in said
            said[media] = which


@pytest.mark.parametrize(
    ("language", "like"),
    [("fr", "en"), ("", "en"), ("en_GB", "en"), ("zh_CN", "zh"), ("zh-TW", "zh")],
)
def test_other_languages_and_dialects(language: str, like: str) -> None:
    for n in (1, 2, 1234):
        assert speech.position(language, n) == speech.position(like, n)
    assert speech.thanks(language) == speech.thanks(like)


def test_every_sound_exists() -> None:
    """English where Asterisk has it, Chinese where we have words for it."""
    assert sorted(speech.names("en") - PRESENT) == []
    assert sorted(speech.names("zh") - CHINESE_TEXTS.keys()) == []
    assert all(text.strip() for text in CHINESE_TEXTS.values())
